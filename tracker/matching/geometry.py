"""How one picture lies in another: measured from local features of two keyframes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

from tracker.matching.map_models import Floats, PointPairs, best_map
from tracker.matching.pictures import (
    WORKING_SIDE,
    Picture,
    at_most,
    flipped,
    gray,
    keyframe_sized,
    picture,
)
from tracker.model.keyframe import Keyframe

RATIO = 0.8
"""Lowe's ratio test. Source: Lowe, Distinctive Image Features, IJCV 2004."""

LEAST_INLIERS = 12
"""Fewer feature pairs on one map are chance: four and more occur in unrelated frames."""

CORNERS = 400
CORNER_SIDE = 384
CORNER_CONTRAST = 8
BLOBS = 400
_NOTHING_PX = 16
BLOB_SIDE = 256
"""Blobs are found in pictures this small: their doubled first octave costs most of the time."""


@dataclass(frozen=True, slots=True, eq=False)
class Geometry:
    """Where the reference picture lies in the query picture.

    ``matrix`` float64 (2, 3) maps reference points to query points, both as fractions of their
    picture's width and height (of the mirrored query if the match is mirrored). ``inliers`` is
    the number of feature pairs behind it and ``spread`` the share of the width or height,
    whichever is less, of the reference's visible part that they extend over.
    ``rotation_degrees`` is counter-clockwise as seen in that picture, 0 unless the features
    demand a rotation.
    """

    matrix: Floats
    inliers: int
    rotation_degrees: float
    spread: float


class View:
    """A keyframe or a BGR picture (its mirror image) to be compared.

    A keyframe is decoded once somebody asks for it.
    """

    def __init__(self, shown: Keyframe | Picture, *, mirrored: bool = False) -> None:
        self._shown = shown
        self._mirrored = mirrored

    @cached_property
    def image(self) -> Picture:
        """The picture, uint8 (h, w, 3) BGR; a black one, of no features, if it is none."""
        shown = self._shown
        image = picture(shown) if isinstance(shown, Keyframe) else keyframe_sized(shown)
        if image is None:
            return np.zeros((_NOTHING_PX, _NOTHING_PX, 3), np.uint8)
        return flipped(image) if self._mirrored else image

    @cached_property
    def small(self) -> Picture:
        """The picture as it is compared place by place."""
        return at_most(self.image, WORKING_SIDE)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.image.shape[0], self.image.shape[1]

    @cached_property
    def corners(self) -> _Features:
        """Many cheap features that bear little change of size (ORB)."""
        orb = cv2.ORB.create(nfeatures=CORNERS, fastThreshold=CORNER_CONTRAST)
        return _features(
            orb.detectAndCompute, at_most(gray(self.image), CORNER_SIDE), cv2.NORM_HAMMING
        )

    @cached_property
    def blobs(self) -> _Features:
        """Fewer, dearer features that bear blur and change of size (SIFT)."""
        sift = cv2.SIFT.create(nfeatures=BLOBS)
        return _features(sift.detectAndCompute, at_most(gray(self.image), BLOB_SIDE), cv2.NORM_L2)


@dataclass(frozen=True, slots=True, eq=False)
class _Features:
    """``places`` float64 (n, 2), fractions of the picture, and what is seen there."""

    places: Floats
    descriptors: npt.NDArray[np.uint8] | npt.NDArray[np.float32]
    norm: int


def geometry(query: Keyframe, reference: Keyframe, *, mirrored: bool) -> Geometry | None:
    """Return how ``reference`` lies in ``query``; ``None`` if the features show no one map."""
    q, r = View(query, mirrored=mirrored), View(reference)
    found = [by_corners(q, r), by_blobs(q, r)]
    return max((f for f in found if f is not None), key=lambda f: f.inliers, default=None)


def by_corners(query: View, reference: View) -> Geometry | None:
    """Return how ``reference`` lies in ``query`` by many cheap features."""
    return _geometry(query.corners, reference.corners, query.shape, reference.shape)


def by_blobs(query: View, reference: View) -> Geometry | None:
    """Return how ``reference`` lies in ``query`` by fewer, dearer features."""
    return _geometry(query.blobs, reference.blobs, query.shape, reference.shape)


def _geometry(
    query: _Features,
    reference: _Features,
    query_shape: tuple[int, int],
    reference_shape: tuple[int, int],
) -> Geometry | None:
    pairs = _pairs(reference, query)
    if len(pairs.source) < LEAST_INLIERS:
        return None
    found = best_map(pairs, query_shape, reference_shape)
    if found is None or found.inliers.sum() < LEAST_INLIERS:
        return None
    spread = _spread(pairs.target[found.inliers], found.matrix)
    return Geometry(found.matrix, int(found.inliers.sum()), found.rotation_degrees, spread)


def _spread(places: Floats, matrix: Floats) -> float:
    """Return the share of the reference's visible part that the places extend over."""
    corners = np.array([[0, 0, 1], [1, 0, 1], [0, 1, 1], [1, 1, 1]], np.float64) @ matrix.T
    visible = np.ptp(np.clip(corners, 0, 1), axis=0)
    return float(min(1.0, (np.ptp(places, axis=0) / np.maximum(visible, 1e-6)).min()))


def _features(detect: Callable[..., tuple[object, object]], image: Picture, norm: int) -> _Features:
    points, descriptors = detect(image, None)
    if not isinstance(descriptors, np.ndarray) or not isinstance(points, tuple | list):
        return _Features(np.zeros((0, 2)), np.zeros((0, 1), np.uint8), norm)
    # Pixel centres lie at whole numbers.
    places = np.array([point.pt for point in points], np.float64) + 0.5
    return _Features(places / (image.shape[1], image.shape[0]), descriptors, norm)


def _pairs(source: _Features, target: _Features) -> PointPairs:
    """Return the places of features whose best match is clearly better than the next."""
    if min(len(source.places), len(target.places)) < LEAST_INLIERS:
        return PointPairs(np.zeros((0, 2)), np.zeros((0, 2)))
    matcher = cv2.BFMatcher(source.norm)
    both = matcher.knnMatch(source.descriptors, target.descriptors, k=2)
    clear = [m[0] for m in both if len(m) == 2 and m[0].distance < RATIO * m[1].distance]
    return PointPairs(
        source.places[[m.queryIdx for m in clear]], target.places[[m.trainIdx for m in clear]]
    )
