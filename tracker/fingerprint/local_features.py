"""Collects the local features of a video's feature frames."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from tracker.fingerprint.algorithm import FEATURES_PER_FRAME
from tracker.fingerprint.descriptors import codes, descriptors, directions
from tracker.fingerprint.keypoints import Keypoints, keypoints, scale_space
from tracker.model.features import CODE_BYTES, PLACE_BYTES, Features

Gray = npt.NDArray[np.uint8]
Codes = npt.NDArray[np.uint8]

STILL_CHANGE = 0.6
"""A picture that differs by less than this (grey levels) from the last one taken is skipped."""

MOTION_BLUR = 7
MOTION_CHANGE = 3
"""A place moves where it differs by more than this (grey levels, mean of 7 x 7 pixels)."""

SIZE_STEPS = 16
SMALLEST_SIZE = 1 / 512


class FeatureCollector:
    """Takes feature frames in order and returns their features at the end."""

    def __init__(self) -> None:
        self._pts_ms: list[int] = []
        self._codes: list[Codes] = []
        self._places: list[Codes] = []
        self._last: npt.NDArray[np.float32] | None = None

    def add(self, pts_ms: int, picture: Gray, motion: Gray | None = None) -> None:
        """Take the picture (h, w) shown at ``pts_ms``; one like the last one taken is skipped.

        ``motion`` (any size) is not 0 where the picture has just changed.
        """
        small = cv2.resize(picture, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32)
        if self._last is not None and float(np.abs(small - self._last).mean()) < STILL_CHANGE:
            return
        self._last = small
        found, places = frame_features(picture, motion)
        if len(found):
            self._pts_ms.append(pts_ms)
            self._codes.append(found)
            self._places.append(places)

    def finish(self) -> Features:
        """Return the features of all frames taken."""
        if not self._pts_ms:
            return Features.none()
        return Features(
            np.array(self._pts_ms, np.int32),
            np.array([len(found) for found in self._codes], np.uint8),
            np.concatenate(self._codes),
            np.concatenate(self._places),
        )


def motion_between(before: Gray, after: Gray) -> Gray:
    """Return where two pictures of one shape (h, w) differ: not 0 there."""
    change = cv2.blur(cv2.absdiff(before, after), (MOTION_BLUR, MOTION_BLUR))
    return np.asarray(change > MOTION_CHANGE, np.uint8)


def frame_features(picture: Gray, motion: Gray | None = None) -> tuple[Codes, Codes]:
    """Return codes (n, 16) and places (n, 4) of a picture's features, the most telling first."""
    space = scale_space(picture)
    points = keypoints(space, FEATURES_PER_FRAME, motion)
    if not len(points):
        return np.zeros((0, CODE_BYTES), np.uint8), np.zeros((0, PLACE_BYTES), np.uint8)
    turned = directions(space, points)
    return codes(descriptors(space, points, turned)), _places(points, turned, max(picture.shape))


def _places(points: Keypoints, turned: npt.NDArray[np.float32], side: int) -> Codes:
    full = 2.0**points.octave
    size = np.log2(points.sigma * full / side / SMALLEST_SIZE) * SIZE_STEPS
    columns = [
        points.x * full / side * 255,
        points.y * full / side * 255,
        size,
        np.mod(turned / (2 * np.pi) * 256, 256),
    ]
    whole = [np.round(column) for column in columns]
    whole[3] = whole[3] % 256
    places: Codes = np.clip(np.stack(whole, axis=1), 0, 255).astype(np.uint8)
    return places
