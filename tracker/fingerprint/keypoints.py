"""Finds the places of a picture that can be found again after it was turned, scaled or cropped.

Blobs: extrema of the difference of Gaussians over place and scale. Source: Lowe, Distinctive
Image Features from Scale-Invariant Keypoints, IJCV 2004, sections 3 and 4; without its doubled
first octave, which costs more than all others together and finds what recoding destroys.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from tracker.model.groups import places_in_runs

Gray = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

FIRST_SIGMA = 1.3
SCALES = 3
OCTAVES = 4
LEAST_SIDE = 24
"""Octaves narrower than this hold no patch."""

LEAST_CONTRAST = 2.5
"""Weaker extrema (grey levels) are noise of the encoder."""

EDGE_RATIO = 10.0
"""Ratio of principal curvatures beyond which a blob is a line. Source: Lowe 2004, 4.1."""

GRID = 4
"""Features are taken in turn from the cells of a grid this wide and high in every octave."""

_CAMERA_SIGMA = 0.5
_BORDER = 4
_NEIGHBOURS = np.ones((3, 3), np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class ScaleSpace:
    """All blurred copies of a picture, end to end in ``flat``.

    ``octaves`` are views of it: float32 (levels, h, w), each half as wide as the one before.
    """

    flat: Floats
    octaves: tuple[Floats, ...]
    shape: tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Keypoints:
    """n places in the scale space.

    ``x``, ``y``, ``sigma`` float32 in pixels of their octave, which is 2 ** ``octave`` times
    coarser than the picture; ``strength`` float32; ``start``, ``width`` and ``height`` int64:
    where in ``ScaleSpace.flat`` the blurred copy they lie in begins, and its size.
    """

    x: Floats
    y: Floats
    sigma: Floats
    strength: Floats
    octave: Ints
    start: Ints
    width: Ints
    height: Ints

    def __len__(self) -> int:
        return len(self.x)

    def take(self, rows: Ints) -> Keypoints:
        """Return those at ``rows``, in that order."""
        return Keypoints(*(getattr(self, name)[rows] for name in self.__slots__))


def scale_space(gray: Gray) -> ScaleSpace:
    """Return the blurred copies of ``gray`` (h, w): octaves of ``SCALES`` + 3 each."""
    shapes = _octave_shapes(gray.shape[0], gray.shape[1])
    flat = np.empty(sum(math.prod(shape) for shape in shapes), np.float32)
    octaves: list[Floats] = []
    start = 0
    for shape in shapes:
        levels = flat[start : start + math.prod(shape)].reshape(shape)
        start += levels.size
        if octaves:
            levels[0] = octaves[-1][SCALES, ::2, ::2]
        else:
            _blur(gray.astype(np.float32), levels[0], _CAMERA_SIGMA, FIRST_SIGMA)
        for number, (fine, coarse) in enumerate(pairwise(levels)):
            _blur(fine, coarse, _sigma(number), _sigma(number + 1))
        octaves.append(levels)
    return ScaleSpace(flat, tuple(octaves), (gray.shape[0], gray.shape[1]))


def keypoints(space: ScaleSpace, most: int, motion: Gray | None = None) -> Keypoints:
    """Return up to ``most`` keypoints, spread over the picture and its scales, best first.

    Of every three, two lie where ``motion`` (h, w; of the picture's shape or smaller) is not 0,
    as far as there are any: what stands still is seen again in the next picture anyway.
    """
    if not space.octaves:
        return _fitted(np.zeros(1, np.float32), np.zeros((8, 0), np.int64))
    differences, places = [], []
    start, origin = 0, 0
    for octave, levels in enumerate(space.octaves):
        height, width = levels.shape[1:]
        found = _differences(levels)
        at = _extrema(found)
        scale, within = np.divmod(at, height * width)
        rows = (within // width, within % width, origin + at, octave, scale, start + at - within)
        places.append(np.stack(np.broadcast_arrays(*rows, width, height)))
        differences.append(found.ravel())
        start += levels.size
        origin += found.size
    found_all = _fitted(np.concatenate(differences), np.concatenate(places, axis=1))
    return _spread(found_all, space.shape, most, motion)


def _octave_shapes(height: int, width: int) -> list[tuple[int, int, int]]:
    """Return levels, height and width of every octave of a picture of this size."""
    shapes: list[tuple[int, int, int]] = []
    while len(shapes) < OCTAVES and min(height, width) >= LEAST_SIDE:
        shapes.append((SCALES + 3, height, width))
        height, width = -(-height // 2), -(-width // 2)
    return shapes


def _sigma(level: int) -> float:
    return float(FIRST_SIGMA * 2.0 ** (level / SCALES))


def _blur(picture: Floats, blurred: Floats, sigma: float, wanted: float) -> None:
    more = float(np.sqrt(wanted**2 - sigma**2))
    cv2.GaussianBlur(picture, (0, 0), more, dst=blurred)


def _differences(levels: Floats) -> Floats:
    """Return what each level (n, h, w) differs by from the finer one before it, (n - 1, h, w)."""
    differences: Floats = levels[1:] - levels[:-1]
    return differences


def _extrema(differences: Floats) -> Ints:
    """Return the flat positions of what stands out among its 26 neighbours, in order.

    The levels lie below one another as in one tall picture: where they meet is border anyway.
    """
    _, height, width = differences.shape
    finer, middle, coarser = (
        differences[i : i + SCALES].reshape(SCALES * height, width) for i in range(3)
    )
    across = cv2.max(finer, coarser)
    highest = np.asarray(cv2.dilate(cv2.max(across, middle, dst=across), _NEIGHBOURS))
    found = (middle >= highest) & (middle > LEAST_CONTRAST)
    cv2.min(finer, coarser, dst=across)
    lowest = np.asarray(cv2.erode(cv2.min(across, middle, dst=across), _NEIGHBOURS, dst=highest))
    found |= (middle <= lowest) & (middle < -LEAST_CONTRAST)
    y, x = np.divmod(np.flatnonzero(found), width)
    level, row = np.divmod(y, height)
    inner = np.minimum(x, width - 1 - x) >= _BORDER
    inner &= np.minimum(row, height - 1 - row) >= _BORDER
    at: Ints = (((level + 1) * height + row) * width + x)[inner]
    return at


def _fitted(d: Floats, places: Ints) -> Keypoints:
    """Return the extrema that are no edges, their places made exact by parabolas.

    ``d`` holds all differences end to end; the rows of ``places`` are y, x, the position in
    ``d``, octave, scale, start, width and height.
    """
    y, x, at, octave, scale, start, width, height = places
    value = d[at]
    left, right, up, down = d[at - 1], d[at + 1], d[at - width], d[at + width]
    dxx, dyy = left + right - 2 * value, up + down - 2 * value
    corners = d[at + width + 1] - d[at + width - 1] - d[at - width + 1] + d[at - width - 1]
    determinant, trace = dxx * dyy - (corners / 4) ** 2, dxx + dyy
    blob = (determinant > 0) & (trace**2 * EDGE_RATIO < (EDGE_RATIO + 1) ** 2 * determinant)
    level = scale + _vertex(d[at - width * height], value, d[at + width * height])
    return Keypoints(
        (x + _vertex(left, value, right)).astype(np.float32),
        (y + _vertex(up, value, down)).astype(np.float32),
        (FIRST_SIGMA * 2.0 ** (level / SCALES)).astype(np.float32),
        np.abs(value),
        octave,
        start,
        width,
        height,
    ).take(np.flatnonzero(blob))


def _vertex(before: Floats, at: Floats, after: Floats) -> Floats:
    """Return where between -0.5 and 0.5 the parabola through three values has its extremum."""
    curve = before + after - 2 * at
    vertex = (before - after) / (2 * np.where(curve == 0, np.inf, curve))
    return np.asarray(np.clip(vertex, -0.5, 0.5), np.float32)


def _spread(found: Keypoints, shape: tuple[int, int], most: int, motion: Gray | None) -> Keypoints:
    """Return the strongest of every cell, then the second of every cell, and so on."""
    full = 2.0**found.octave
    across, down = found.x * full / shape[1], found.y * full / shape[0]
    column = np.clip(across * GRID, 0, GRID - 1).astype(np.int64)
    row = np.clip(down * GRID, 0, GRID - 1).astype(np.int64)
    cell = (found.octave * GRID + row) * GRID + column
    moves = _moves(motion, across, down)
    order = np.lexsort((-found.strength, cell, moves))
    place = places_in_runs(moves[order] * (int(cell.max(initial=0)) + 1) + cell[order])
    rank = np.empty(len(order), np.int64)
    rank[order] = place
    by_rank = np.lexsort((-found.strength, rank))
    turn = np.empty(len(order), np.int64)  # two that move, one that stands, two that move …
    for chosen, stride, first in (
        (by_rank[moves[by_rank]], 2, 0),
        (by_rank[~moves[by_rank]], 1, 2),
    ):
        count = np.arange(len(chosen))
        turn[chosen] = count // stride * 3 + count % stride + first
    return found.take(np.argsort(turn, kind="stable")[:most])


def _moves(motion: Gray | None, across: Doubles, down: Doubles) -> npt.NDArray[np.bool_]:
    """Tell of places, given as shares of the picture, whether they move."""
    if motion is None:
        return np.ones(len(across), np.bool_)
    height, width = motion.shape
    x = np.clip(across * width, 0, width - 1).astype(np.int64)
    y = np.clip(down * height, 0, height - 1).astype(np.int64)
    moves: npt.NDArray[np.bool_] = motion[y, x] > 0
    return moves
