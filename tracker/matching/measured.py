"""What the pictures of a match show was done to the copy's picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tracker.matching.colour_change import ColourChange, colour_change
from tracker.matching.consensus import Consensus
from tracker.matching.geometry import Geometry
from tracker.matching.laid_over import Patch, laid_over
from tracker.matching.map_models import Floats
from tracker.matching.overlay import Overlay, overlay
from tracker.matching.registration import Registered, farthest
from tracker.matching.surroundings import Setting, Surroundings, surroundings

Box = tuple[float, float, float, float]

STILL_LEVELS = 12.0
STILL_SHARE = 0.004
"""A video in which less than this share of the picture changes says nothing of its speed."""

_ALONG = 0.5
_TOUCHING = 0.035


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What two or more pairs of pictures agree on.

    ``geometry``, ``around`` and ``patches`` are in the frame of the query's picture, of its
    mirror image if ``mirrored``; so is ``shown``, the box in which the reference is seen. Unless
    ``sure`` the geometry is a guess: nothing contradicts it. ``scatter`` is how far the pairs'
    places of the picture differ (share of the picture): the camera moves between two moments.
    ``stretched`` is how much wider the copy shows things than the reference does. ``still`` tells
    that nothing moves. ``overlay`` is how far the pictures agree; ``repackaged`` tells that they
    are the same, bit by bit.
    """

    mirrored: bool
    geometry: Geometry
    sure: bool
    scatter: float
    shown: Box
    stretched: float
    around: Surroundings | None
    patches: tuple[Patch, ...]
    colours: ColourChange | None
    still: bool
    overlay: Overlay | None = None
    repackaged: bool = False


def measured_pairs(found: Consensus, laid: Sequence[Registered], *, mirrored: bool) -> Measured:
    """Return what the pairs of ``found`` show, laid over each other as in ``laid``."""
    settings = [
        Setting(placed.pair.query.small, placed.pair.reference.image, placed.geometry.matrix)
        for placed in found.placed
    ]
    sizes = found.placed[0].pair.query.shape, found.placed[0].pair.reference.shape
    fits = [pair.colours for pair in laid if pair.colours is not None]
    patches = laid_over(laid)
    shown, patches = _without_bars(shown_box(found.geometry.matrix), patches)
    return Measured(
        mirrored=mirrored,
        geometry=found.geometry,
        sure=found.sure,
        scatter=found.scatter,
        shown=shown,
        stretched=_stretched(found.geometry.matrix, *sizes),
        around=surroundings(settings, shown, found.scatter) if found.sure else None,
        patches=patches,
        colours=colour_change(fits),
        still=_still(laid),
        overlay=overlay(laid),
    )


def _without_bars(shown: Box, patches: tuple[Patch, ...]) -> tuple[Box, tuple[Patch, ...]]:
    """Return the box without bars that cover an edge of the picture, and the other patches.

    Bars laid over a picture that is larger than the room they leave hide its edge.
    """
    kept = []
    for patch in patches:
        narrowed = _narrowed(shown, patch.box)
        if narrowed is None:
            kept.append(patch)
        else:
            shown = narrowed
    return shown, tuple(kept)


def _narrowed(shown: Box, bar: Box) -> Box | None:
    """Return ``shown`` without ``bar`` if it lies along one of its edges, away from the frame's."""
    x, y, width, height = shown
    right, bottom = x + width, y + height
    bx, by, bw, bh = bar
    if bw >= _ALONG * min(1.0, width) and bh < 0.3:
        if y > _TOUCHING and by < y + _TOUCHING:
            return x, by + bh, width, bottom - by - bh
        if bottom < 1 - _TOUCHING and by + bh > bottom - _TOUCHING:
            return x, y, width, by - y
    if bh >= _ALONG * min(1.0, height) and bw < 0.3:
        if x > _TOUCHING and bx < x + _TOUCHING:
            return bx + bw, y, right - bx - bw, height
        if right < 1 - _TOUCHING and bx + bw > right - _TOUCHING:
            return x, y, bx - x, height
    return None


def shown_box(matrix: Floats) -> Box:
    """Return where the unit square lands, as (x, y, width, height), upright."""
    corners = np.array([[0, 0, 1], [1, 0, 1], [0, 1, 1], [1, 1, 1]], np.float64)
    # Means of opposite corners, so that a slight rotation does not widen the box.
    x, y = (corners @ matrix.T).T
    left, right = (x[0] + x[2]) / 2, (x[1] + x[3]) / 2
    top, bottom = (y[0] + y[1]) / 2, (y[2] + y[3]) / 2
    return float(left), float(top), float(right - left), float(bottom - top)


def _stretched(matrix: Floats, query: tuple[int, int], reference: tuple[int, int]) -> float:
    """Return the factor between width and height of things; shapes are (height, width)."""
    across = np.hypot(*(matrix[:, 0] * (query[1], query[0]))) / reference[1]
    down = np.hypot(*(matrix[:, 1] * (query[1], query[0]))) / reference[0]
    return float(across / down) if down > 0 else 1.0


def _still(laid: Sequence[Registered]) -> bool:
    first = laid[0]
    changes = [
        float((farthest(first.query - pair.query) > STILL_LEVELS).mean())
        for pair in laid[1:]
        if pair.query.shape == first.query.shape
    ]
    return max(changes, default=0.0) < STILL_SHARE
