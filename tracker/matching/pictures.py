"""Keyframes as pictures to compute with."""

from __future__ import annotations

from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from tracker.model.keyframe import Keyframe

ScalarT = TypeVar("ScalarT", bound=np.generic)

Picture = npt.NDArray[np.uint8]

LONGEST_SIDE = 512
"""Keyframes are stored no larger; whatever else is found in their place is brought to it."""

WORKING_SIDE = 256
"""Pictures are compared place by place this large (longer side, pixels)."""

_LEAST_SIDE = 16


def picture(keyframe: Keyframe) -> Picture | None:
    """Return the keyframe as uint8 (h, w, 3) BGR; ``None`` if it is no picture."""
    data = np.frombuffer(keyframe.jpeg, np.uint8)
    if not len(data):
        return None
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    return (
        keyframe_sized(np.asarray(decoded, np.uint8)) if isinstance(decoded, np.ndarray) else None
    )


def keyframe_sized(image: Picture) -> Picture | None:
    """Return ``image`` no larger than keyframes are stored; ``None`` if it is too small to tell."""
    return at_most(image, LONGEST_SIDE) if min(image.shape[:2]) >= _LEAST_SIDE else None


def at_most(image: Picture, side: int) -> Picture:
    """Return ``image`` no longer than ``side`` pixels, its shape kept."""
    scale = side / max(image.shape[:2])
    if scale >= 1:
        return image
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def gray(image: Picture) -> Picture:
    """Return the brightness of a BGR picture, uint8 (h, w)."""
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)


def coloured(brightness: Picture) -> Picture:
    """Return a BGR picture, uint8 (h, w, 3), of that brightness and no colour."""
    return np.asarray(cv2.cvtColor(brightness, cv2.COLOR_GRAY2BGR), np.uint8)


def flipped(image: npt.NDArray[ScalarT]) -> npt.NDArray[ScalarT]:
    """Return the left-right mirror image of a picture or a plane."""
    return np.ascontiguousarray(image[:, ::-1])
