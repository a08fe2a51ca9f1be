"""How one picture lies in another: measured from local features of two keyframes."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from tracker.model.fingerprint import Keyframe

Picture = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]

MOST_FEATURES = 400
RATIO = 0.8
"""Lowe's ratio test. Source: Lowe, Distinctive Image Features, IJCV 2004."""

LEAST_INLIERS = 12
"""Fewer feature pairs on one affine map are chance: four and more occur in unrelated frames."""

REACH_SHARE = 0.01
"""A feature may land this share of the picture's longer side off its place."""

_LEAST_SCALE, _MOST_SCALE = 0.15, 6.0


@dataclass(frozen=True, slots=True, eq=False)
class Geometry:
    """Where the reference picture lies in the query picture.

    ``matrix`` float64 (2, 3) maps reference points to query points, both as fractions of their
    picture's width and height (of the mirrored query if the match is mirrored). ``inliers`` is
    the number of feature pairs behind it and ``spread`` the share of the query picture's width
    or height, whichever is less, that they extend over; ``rotation_degrees`` is
    counter-clockwise as seen.
    """

    matrix: Floats
    inliers: int
    rotation_degrees: float
    spread: float


def geometry(query: Keyframe, reference: Keyframe, *, mirrored: bool) -> Geometry | None:
    """Return how ``reference`` lies in ``query``; ``None`` if the features show no one map."""
    q, r = _decoded(query), _decoded(reference)
    if q is None or r is None:
        return None
    if mirrored:
        q = np.ascontiguousarray(q[:, ::-1])
    pairs = _feature_pairs(r, q)
    if pairs is None:
        return None
    source, target = pairs
    reach = REACH_SHARE * max(q.shape)
    estimate, inliers = cv2.estimateAffine2D(
        source, target, method=cv2.RANSAC, ransacReprojThreshold=reach, maxIters=2000
    )
    count = int(inliers.sum()) if inliers is not None else 0
    if estimate is None or count < LEAST_INLIERS:
        return None
    found = np.asarray(estimate, np.float64)
    if not _plausible(found):
        return None
    turn = -np.degrees(np.arctan2(found[1, 0] - found[0, 1], found[0, 0] + found[1, 1]))
    places = target[inliers.ravel() > 0] / (q.shape[1], q.shape[0])
    spread = float(np.ptp(places, axis=0).min())
    return Geometry(_in_fractions(found, q, r), count, float(turn), spread)


def _decoded(keyframe: Keyframe) -> Picture | None:
    data = np.frombuffer(keyframe.jpeg, np.uint8)
    if not len(data):
        return None
    picture = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    return np.asarray(picture, np.uint8) if isinstance(picture, np.ndarray) else None


def _feature_pairs(source: Picture, target: Picture) -> tuple[Floats, Floats] | None:
    """Return the places of features that are each other's clear best match, (n, 2) each."""
    sift = cv2.SIFT.create(nfeatures=MOST_FEATURES)
    source_points, source_features = sift.detectAndCompute(source, None)
    target_points, target_features = sift.detectAndCompute(target, None)
    if min(len(source_points), len(target_points)) < LEAST_INLIERS:
        return None
    both = cv2.BFMatcher(cv2.NORM_L2).knnMatch(source_features, target_features, k=2)
    clear = [m[0] for m in both if len(m) == 2 and m[0].distance < RATIO * m[1].distance]
    if len(clear) < LEAST_INLIERS:
        return None
    return (
        np.array([source_points[m.queryIdx].pt for m in clear], np.float64),
        np.array([target_points[m.trainIdx].pt for m in clear], np.float64),
    )


def _plausible(matrix: Floats) -> bool:
    """Tell whether the map is an edit someone would make: no collapse, little shear."""
    stretch = np.linalg.svd(matrix[:, :2], compute_uv=False)
    upright = np.linalg.det(matrix[:, :2]) > 0
    in_range = bool(stretch[1] >= _LEAST_SCALE and stretch[0] <= _MOST_SCALE)
    return bool(upright and in_range and stretch[0] / max(stretch[1], 1e-9) < 2.5)


def _in_fractions(matrix: Floats, query: Picture, reference: Picture) -> Floats:
    from_fractions = np.diag([reference.shape[1], reference.shape[0], 1.0])
    to_fractions = np.diag([1.0 / query.shape[1], 1.0 / query.shape[0]])
    result: Floats = to_fractions @ matrix @ from_fractions
    return result
