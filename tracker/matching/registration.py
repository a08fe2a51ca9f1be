"""Lays the reference's picture over the query's and tells, place by place, where they agree."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from tracker.matching.pictures import WORKING_SIDE, Picture, at_most

Floats = npt.NDArray[np.float64]
Plane = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

SMOOTHING_PX = 1.2
"""Blurs away what encoders and small errors of place change."""

WINDOW_PX = 9
STEADY_VARIANCE = 60.0
"""Added to variances (grey levels squared), so that the noise of flat places is no structure."""

LIKE = 0.4
"""Structure below this (1: the same, 0: unrelated) does not agree."""

FAR_LEVELS = 26.0
"""A place this many levels off in any colour, after the fit of colours, does not agree."""

_GRID_PX = 6
_TRIM = 0.75
_FITS = 3
_RIDGE = 8.0


@dataclass(frozen=True, slots=True, eq=False)
class ColourFit:
    """How the reference's colours became the query's, from places that agree.

    ``matrix`` float64 (3, 4): BGR out of (B, G, R, 1); ``query`` and ``reference`` float64 (n, 3):
    the BGR colours of the places it holds for.
    """

    matrix: Floats
    query: Floats
    reference: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Registered:
    """A pair of pictures in one frame, that of the query.

    ``query`` and ``reference`` float32 (h, w, 3) BGR, the latter with the query's colours;
    ``inside`` bool (h, w), where the reference's picture lies; ``structure`` float32 (h, w),
    1 where both show the same shapes; ``texture`` float32 (h, w), the standard deviation around
    each place, the greater of the two; ``agrees`` bool (h, w).
    """

    query: Plane
    reference: Plane
    inside: Bools
    structure: Plane
    texture: Plane
    agrees: Bools
    colours: ColourFit | None

    def agreement(self, where: Bools | None = None) -> float:
        """Return the share of what has texture inside that agrees; 0 if nothing has."""
        telling = self.inside & (self.texture > 6.0)
        if where is not None:
            telling &= where
        if telling.sum() < 0.02 * telling.size:
            telling = self.inside if where is None else self.inside & where
        return float(self.agrees[telling].mean()) if telling.any() else 0.0

    def has_texture(self) -> bool:
        """Tell whether there is enough structure inside to be told from another picture's."""
        return bool((self.inside & (self.texture > 6.0)).sum() >= 0.05 * self.inside.size)


def registered(query: Picture, reference: Picture, matrix: Floats) -> Registered | None:
    """Return both BGR pictures in the query's frame; ``matrix`` (2, 3) maps fractions.

    ``None`` if less than a hundredth of the query's picture is covered.
    """
    small = at_most(query, WORKING_SIDE)
    height, width = small.shape[:2]
    laid, inside = warped(reference, matrix, (height, width))
    if inside.mean() < 0.01:
        return None
    q, r = _smooth(small), _smooth(laid)
    colours = _colour_fit(q, r, inside)
    fitted = r if colours is None else _recoloured(r, colours.matrix)
    structure, texture = _structure(_luma(q), _luma(fitted))
    off = farthest(_averaged(q - fitted, 5))
    agrees = inside & (structure >= LIKE) & (off <= FAR_LEVELS)
    return Registered(q, fitted, inside, structure, texture, agrees, colours)


def warped(reference: Picture, matrix: Floats, shape: tuple[int, int]) -> tuple[Picture, Bools]:
    """Return the reference laid into a frame of ``shape`` (height, width), and where it lies."""
    height, width = shape
    across = np.hypot(*(matrix[:, 0] * (width, height)))
    down = np.hypot(*(matrix[:, 1] * (width, height)))
    source = at_most(reference, max(16, round(1.2 * max(across, down))))
    to_fractions = np.diag([1 / source.shape[1], 1 / source.shape[0], 1.0])
    pixels = np.diag([float(width), float(height)]) @ matrix @ to_fractions
    # cv2 counts from pixel centres, fractions from the picture's corner.
    pixels[:, 2] += pixels[:, :2] @ (0.5, 0.5) - 0.5
    laid = cv2.warpAffine(source, pixels, (width, height), borderMode=cv2.BORDER_REPLICATE)
    whole = np.full(source.shape[:2], 255, np.uint8)
    covered = np.asarray(cv2.warpAffine(whole, pixels, (width, height)))
    inside = cv2.erode((covered > 250).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return np.asarray(laid, np.uint8), inside


def farthest(difference: Plane) -> Plane:
    """Return (..., ) of (..., 3): how far apart two colours are in their farthest channel."""
    blue, green, red = (np.abs(difference[..., channel]) for channel in range(3))
    return np.asarray(np.maximum(np.maximum(blue, green), red), np.float32)


def _averaged(plane: Plane, side: int) -> Plane:
    return np.asarray(cv2.boxFilter(plane, -1, (side, side)), np.float32)


def _smooth(image: Picture) -> Plane:
    return np.asarray(cv2.GaussianBlur(image.astype(np.float32), (0, 0), SMOOTHING_PX), np.float32)


def _luma(image: Plane) -> Plane:
    return np.asarray(image @ np.array([0.114, 0.587, 0.299], np.float32), np.float32)


def _structure(one: Plane, other: Plane) -> tuple[Plane, Plane]:
    """Return the structure term of SSIM and the greater standard deviation around each place.

    Source: Wang, Bovik, Sheikh, Simoncelli, Image Quality Assessment, IEEE TIP 2004.
    """

    a, b = _averaged(one, WINDOW_PX), _averaged(other, WINDOW_PX)
    var_a = np.maximum(_averaged(one * one, WINDOW_PX) - a * a, 0)
    var_b = np.maximum(_averaged(other * other, WINDOW_PX) - b * b, 0)
    shared = _averaged(one * other, WINDOW_PX) - a * b
    structure = (2 * shared + STEADY_VARIANCE) / (var_a + var_b + STEADY_VARIANCE)
    deviation = np.sqrt(np.maximum(var_a, var_b))
    return np.asarray(structure, np.float32), np.asarray(deviation, np.float32)


def _recoloured(image: Plane, matrix: Floats) -> Plane:
    linear = matrix.astype(np.float32)
    return np.asarray(np.clip(image @ linear[:, :3].T + linear[:, 3], 0, 255), np.float32)


def _colour_fit(query: Plane, reference: Plane, inside: Bools) -> ColourFit | None:
    """Return the linear map of colours that most places agree on, by trimmed least squares."""
    size = (max(4, query.shape[1] // _GRID_PX), max(4, query.shape[0] // _GRID_PX))
    seen = _shrunk(inside.astype(np.float32), size) > 0.99
    q, r = (_shrunk(plane, size)[seen].astype(np.float64) for plane in (query, reference))
    if len(q) < 12:
        return None
    kept = np.ones(len(q), np.bool_)
    matrix = _linear(q, r, 1 + np.ptp(r, axis=1) / 8)  # few coloured places tell of colours
    for _ in range(_FITS):
        off = farthest((q - r @ matrix[:, :3].T - matrix[:, 3]).astype(np.float32))
        kept = off <= max(3.0, float(np.quantile(off, _TRIM)))
        matrix = _linear(q[kept], r[kept], np.ones(int(kept.sum())))
    return ColourFit(matrix, q[kept], r[kept])


def _shrunk(plane: Plane, size: tuple[int, int]) -> Plane:
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.float32)


def _linear(query: Floats, reference: Floats, weights: Floats) -> Floats:
    """Return (3, 4) by weighted least squares, drawn to no change where the colours lack."""
    share = weights / weights.sum()
    centre, goal = share @ reference, share @ query
    r, q = reference - centre, query - goal
    steady = _RIDGE * np.eye(3)
    weighted = (r * share[:, None]).T
    linear = np.linalg.solve(weighted @ r + steady, weighted @ q + steady).T
    return np.column_stack([linear, goal - linear @ centre])
