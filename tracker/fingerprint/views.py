"""The parts of a frame that are hashed."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import numpy.typing as npt

from tracker.fingerprint.content_box import Box, moving_part, whole, without_bars
from tracker.fingerprint.insets import insets

Gray = npt.NDArray[np.uint8]

SAME_BOX = 0.03
"""A box within this share of another one is not hashed again."""


class View(IntEnum):
    """What part of the frame a hash describes; the numbers are stored, never renumber them.

    Each may be the whole picture of a copy, so that any view is compared with any other. Parts
    of a picture (crops, turned pictures) are what local features are for.
    """

    FULL = 0
    CONTENT = 1  # without flat bars
    MOVING = 2  # without captions, still backgrounds, blurred margins
    INSET = 3  # a rectangle whose edges stand still
    SECOND_INSET = 4


_LEAST_PIXELS = 12


def view_boxes(shot: Gray) -> dict[View, Box]:
    """Return the boxes to hash in every frame of ``shot`` (n, h, w), without near repeats."""
    boxes = {View.FULL: whole(shot)}
    found = [(View.CONTENT, without_bars(shot)), (View.MOVING, moving_part(shot))]
    found += zip((View.INSET, View.SECOND_INSET), insets(shot), strict=False)
    for view, box in found:
        if box and _hashable(box) and not any(box.nearly(o, SAME_BOX) for o in boxes.values()):
            boxes[view] = box
    return boxes


def _hashable(box: Box) -> bool:
    return min(box.right - box.left, box.bottom - box.top) >= _LEAST_PIXELS
