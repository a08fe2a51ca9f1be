"""The parts of a frame that are hashed, and which of them may be compared."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import numpy.typing as npt

from tracker.fingerprint.content_box import Box, moving_part, whole, without_bars

Gray = npt.NDArray[np.uint8]

SAME_BOX = 0.03
"""A box within this share of another one is not hashed again."""


class View(IntEnum):
    """What part of the frame a hash describes; the numbers are stored, never renumber them."""

    FULL = 0
    CONTENT = 1  # without flat bars
    MOVING = 2  # without captions, still backgrounds, blurred margins
    CENTRE_90 = 3
    CENTRE_80 = 4
    CENTRE_70 = 5
    CENTRE_60 = 6
    LEFT = 7
    RIGHT = 8
    TOP = 9
    BOTTOM = 10
    TOP_LEFT_80 = 11
    TOP_RIGHT_80 = 12
    BOTTOM_LEFT_80 = 13
    BOTTOM_RIGHT_80 = 14


WINDOWS: dict[View, tuple[float, float, float, float]] = {
    View.CENTRE_90: (0.05, 0.05, 0.95, 0.95),
    View.CENTRE_80: (0.1, 0.1, 0.9, 0.9),
    View.CENTRE_70: (0.15, 0.15, 0.85, 0.85),
    View.CENTRE_60: (0.2, 0.2, 0.8, 0.8),
    View.LEFT: (0, 0, 0.5, 1),
    View.RIGHT: (0.5, 0, 1, 1),
    View.TOP: (0, 0, 1, 0.5),
    View.BOTTOM: (0, 0.5, 1, 1),
    View.TOP_LEFT_80: (0, 0, 0.8, 0.8),
    View.TOP_RIGHT_80: (0.2, 0, 1, 0.8),
    View.BOTTOM_LEFT_80: (0, 0.2, 0.8, 1),
    View.BOTTOM_RIGHT_80: (0.2, 0.2, 1, 1),
}
"""Parts of the content box, as (left, top, right, bottom) fractions of it."""

_LEAST_PIXELS = 12


def view_boxes(shot: Gray) -> dict[View, Box]:
    """Return the boxes to hash in every frame of ``shot`` (n, h, w), without near repeats."""
    frame = whole(shot)
    content = without_bars(shot)
    moving = moving_part(shot)
    boxes = {View.FULL: frame}
    if not content.nearly(frame, SAME_BOX):
        boxes[View.CONTENT] = content
    if moving and not any(moving.nearly(box, SAME_BOX) for box in boxes.values()):
        boxes[View.MOVING] = moving
    for view, fractions in WINDOWS.items():
        boxes[view] = content.window(*fractions)
    return {view: box for view, box in boxes.items() if view == View.FULL or _hashable(box)}


def _hashable(box: Box) -> bool:
    return min(box.right - box.left, box.bottom - box.top) >= _LEAST_PIXELS
