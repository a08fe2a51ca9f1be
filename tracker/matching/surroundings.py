"""Tells what a copy shows around the reference's picture: bars, a blurred copy, another picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from tracker.matching.pictures import WORKING_SIDE, Picture, at_most
from tracker.matching.registration import Plane, warped

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Box = tuple[float, float, float, float]
Fill = Literal["flat", "blurred", "picture"]

FLAT_LEVELS = 14.0
"""A bar's places lie within this many grey levels of its colour."""

FLAT_SHARE = 0.75
TEXT_FLAT_SHARE = 0.5
"""A bar with text on it is flat in at least this share."""

SMOOTH_DETAIL = 2.0
"""Mean gradient (grey levels a pixel at 256 px) below which surroundings show no picture."""

BLURRED_LIKENESS = 0.6
"""Correlation with the enlarged reference from which on surroundings are a blurred copy of it."""

LEAST_BAR = 0.03
MARGIN = 0.02
"""So near to the picture nothing is looked at: its place is known only so well."""

_COVER_SIDE = 64
_COVER_SIGMA_PX = 3.0
_STROKE_LEVELS = 16.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What lies around a picture. ``written`` are the boxes of bars that carry text.

    Boxes are (x, y, width, height), fractions of the query's picture.
    """

    fill: Fill
    written: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """A query's picture, the reference's and the map between them (fractions)."""

    query: Picture
    reference: Picture
    matrix: Floats


def surroundings(
    settings: Sequence[Setting], shown: Box, uncertain: float = 0.0
) -> Surroundings | None:
    """Return what the query shows around ``shown``, the reference's place in it.

    ``settings`` are of different moments; ``uncertain`` is how far the place may be off.
    ``None`` if nothing wider than ``LEAST_BAR`` is left around it.
    """
    bars = _bars(shown)
    if not settings or not bars:
        return None
    pictures = [at_most(s.query, WORKING_SIDE).astype(np.float32) for s in settings]
    margin = MARGIN + uncertain
    # Where the place is uncertain a narrow strip may be the picture itself.
    sure = [bar for bar in bars if _thickness(bar) - margin >= LEAST_BAR] or bars
    looks = [_look(pictures, _away_from(bar, shown, margin)) for bar in sure]
    written = tuple(bar for bar, look in zip(sure, looks, strict=True) if look == "written")
    if "picture" not in looks and "smooth" not in looks:
        return Surroundings("flat", written)
    if float(np.median([_cover_likeness(setting) for setting in settings])) >= BLURRED_LIKENESS:
        return Surroundings("blurred", written)
    return Surroundings("picture" if "picture" in looks else "flat", written)


def _bars(shown: Box) -> list[Box]:
    """Return the strips above, below, left and right of ``shown`` that are wide enough."""
    x, y, width, height = shown
    right, bottom = x + width, y + height
    upper, lower = max(0.0, y), min(1.0, bottom)
    strips = [
        (0.0, 0.0, 1.0, y),
        (0.0, bottom, 1.0, 1 - bottom),
        (0.0, upper, x, lower - upper),
        (right, upper, 1 - right, lower - upper),
    ]
    return [strip for strip in strips if min(strip[2:]) >= LEAST_BAR]


def _thickness(bar: Box) -> float:
    return bar[3] if bar[2] >= 1.0 else bar[2]


def _away_from(bar: Box, shown: Box, margin: float) -> Box:
    """Return the bar without the margin at the side where the picture lies."""
    x, y, width, height = bar
    margin = min(margin, _thickness(bar) / 3)
    if width >= 1.0:
        return (x, y if y < shown[1] else y + margin, width, height - margin)
    return (x if x < shown[0] else x + margin, y, width - margin, height)


def _look(pictures: Sequence[Plane], bar: Box) -> Literal["flat", "written", "smooth", "picture"]:
    cuts = [_cut(picture, bar) for picture in pictures]
    cuts = [cut for cut in cuts if min(cut.shape[:2]) >= 3]
    if not cuts:
        return "flat"
    flat = float(np.median([(_off(cut) <= FLAT_LEVELS).mean() for cut in cuts]))
    if flat >= TEXT_FLAT_SHARE and any(_is_text(cut) for cut in cuts):
        return "written"
    if flat >= FLAT_SHARE:
        return "flat"
    detail = float(np.median([_detail(cut) for cut in cuts]))
    return "smooth" if detail < SMOOTH_DETAIL else "picture"


def _cut(picture: Plane, box: Box) -> Plane:
    height, width = picture.shape[:2]
    x0, x1 = round(box[0] * width), round((box[0] + box[2]) * width)
    y0, y1 = round(box[1] * height), round((box[1] + box[3]) * height)
    return picture[y0:y1, x0:x1]


def _off(cut: Plane) -> Plane:
    """Return how far each place is from the cut's median colour, in its farthest channel."""
    middle = np.median(cut.reshape(-1, cut.shape[-1]), axis=0)
    return np.asarray(np.abs(cut - middle).max(axis=-1), np.float32)


def _is_text(cut: Plane) -> bool:
    """Tell whether small marks with sharp edges stand on an even ground."""
    marks = _off(cut) > 60
    share = float(marks.mean())
    if not 0.004 <= share <= 0.4:
        return False
    edges = np.abs(cv2.Sobel(np.ascontiguousarray(cut.mean(axis=-1)), cv2.CV_32F, 1, 0)) / 8
    rows = (edges > _STROKE_LEVELS).sum(axis=1)
    # Letters: a row through them crosses many strokes.
    return bool(np.sort(rows)[-3:].min(initial=99) >= 10)


def _detail(cut: Plane) -> float:
    grey = np.ascontiguousarray(cut.mean(axis=-1))
    across = cv2.Sobel(grey, cv2.CV_32F, 1, 0) / 8
    down = cv2.Sobel(grey, cv2.CV_32F, 0, 1) / 8
    return float(np.abs(across).mean() + np.abs(down).mean())


def _cover_likeness(setting: Setting) -> float:
    """Return the correlation of the surroundings with the reference enlarged to fill the frame."""
    small = at_most(setting.query, _COVER_SIDE)
    shape = small.shape[0], small.shape[1]
    linear = setting.matrix[:, :2]
    across, down = np.abs(linear).sum(axis=1)
    enlarged = linear / max(1e-6, min(across, down))
    cover = np.column_stack([enlarged, 0.5 - enlarged @ (0.5, 0.5)])
    filled, _ = warped(setting.reference, cover, shape)
    _, inside = warped(setting.reference, setting.matrix, shape)
    outside = cv2.dilate(inside.astype(np.uint8), np.ones((5, 5), np.uint8)) == 0
    if outside.sum() < 20:
        return 0.0
    return _correlation(_blurred(small)[outside], _blurred(filled)[outside])


def _blurred(image: Picture) -> Plane:
    return np.asarray(
        cv2.GaussianBlur(image.astype(np.float32), (0, 0), _COVER_SIGMA_PX), np.float32
    )


def _correlation(one: Plane, other: Plane) -> float:
    a, b = (plane.ravel() - plane.mean() for plane in (one, other))
    norm = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / norm if norm > 0 else 0.0
