"""Finds the picture inside its frame: without bars, captions and blurred margins."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

Gray = npt.NDArray[np.uint8]
_Profile = npt.NDArray[np.float32]

FLAT_LINE_DEVIATION = 8.0
"""A row or column whose grey values deviate less than this is part of a bar."""

MOVING_SHARE = 0.2
"""A line belongs to the picture when it holds this share of a busy line's moving detail."""

LEAST_MOVING_DETAIL = 0.3
"""Below this (grey levels a pixel) a shot stands still, and motion says nothing."""

LEAST_SIDE = 0.2
"""A content box is never narrower or lower than this share of the frame."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels, ``right`` and ``bottom`` excluded."""

    left: int
    top: int
    right: int
    bottom: int

    def nearly(self, other: Box, tolerance: float) -> bool:
        """Tell whether all four sides agree within ``tolerance`` of this box's size."""
        width, height = self.right - self.left, self.bottom - self.top
        return (
            max(abs(self.left - other.left), abs(self.right - other.right)) <= tolerance * width
            and max(abs(self.top - other.top), abs(self.bottom - other.bottom))
            <= tolerance * height
        )


def whole(frames: Gray) -> Box:
    """Return the box of the whole frame of ``frames`` (n, h, w)."""
    return Box(0, 0, frames.shape[2], frames.shape[1])


def without_bars(frames: Gray) -> Box:
    """Return the box of a shot's frames (n, h, w) without bars of one colour.

    A bar must be flat in three of four frames, so that a dark moment does not cut the picture.
    """
    picture = frames.astype(np.float32)
    frame = whole(frames)
    rows = np.percentile(picture.std(axis=2), 75, axis=0)
    top, bottom = _extent(rows > FLAT_LINE_DEVIATION, frame.bottom)
    columns = np.percentile(picture[:, top:bottom].std(axis=1), 75, axis=0)
    left, right = _extent(columns > FLAT_LINE_DEVIATION, frame.right)
    return Box(left, top, right, bottom)


def moving_part(frames: Gray) -> Box | None:
    """Return the box of what moves *and* is sharp in a shot's frames (n, h, w), if anything is.

    The measure is the detail (gradient) of the change from sample to sample: it is nil for bars,
    captions, logos and still backgrounds, and low for a blurred copy that fills the margins.
    """
    if len(frames) < 4 or min(frames.shape[1:]) < 2:
        return None
    energy = _moving_detail(frames)
    rows = _busy(energy.mean(axis=1))
    if rows is None:
        return None
    columns = _busy(energy[slice(*rows)].mean(axis=0))
    if columns is None:
        return None
    rows = _busy(energy[:, slice(*columns)].mean(axis=1)) or rows
    box = Box(columns[0], rows[0], columns[1] + 1, rows[1] + 1)
    return box if _large_enough(box, whole(frames)) else None


def _moving_detail(frames: Gray) -> _Profile:
    """Return the mean gradient (h - 1, w - 1) of the change from one frame to the next."""
    total = np.zeros((frames.shape[1] - 1, frames.shape[2] - 1), np.float32)
    for before, after in pairwise(frames):
        change = np.asarray(cv2.subtract(after, before, dtype=cv2.CV_16S))
        here = change[:-1, :-1]
        for neighbour in (change[:-1, 1:], change[1:, :-1]):
            total += cv2.absdiff(here, neighbour)
    total /= len(frames) - 1
    return total


def _busy(profile: _Profile) -> tuple[int, int] | None:
    smooth = np.convolve(profile, np.full(3, 1 / 3), "same")
    typical = np.percentile(smooth, 85)
    if typical <= LEAST_MOVING_DETAIL:
        return None
    lines = np.flatnonzero(smooth > MOVING_SHARE * typical)
    return int(lines[0]), int(lines[-1]) + 1


def _extent(inside: npt.NDArray[np.bool_], size: int) -> tuple[int, int]:
    lines = np.flatnonzero(inside)
    if not len(lines) or lines[-1] + 1 - lines[0] < LEAST_SIDE * size:
        return 0, size
    return int(lines[0]), int(lines[-1]) + 1


def _large_enough(box: Box, frame: Box) -> bool:
    return (
        box.right - box.left >= LEAST_SIDE * frame.right
        and box.bottom - box.top >= LEAST_SIDE * frame.bottom
    )
