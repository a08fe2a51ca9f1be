"""Finds what was laid over a copy's picture: logos, captions, another picture.

Footage that moves disagrees with a reference picture of a slightly other moment, but at another
place in every pair of pictures, and in the query it does not stand still. What is laid over
disagrees at one place in all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from tracker.matching.registration import LIKE, Plane, Registered, farthest

Bools = npt.NDArray[np.bool_]
Box = tuple[float, float, float, float]
Kind = Literal["overlay", "caption", "picture"]

STEADY_LEVELS = 9.0
"""A place that changes less than this between moments (grey levels) stands still."""

STEADY_STROKE = 0.4
"""So does a stroke that changes less than this share of its contrast: the ground may shine
through."""

LEAST_AREA = 0.0025
"""Smaller patches (share of the picture) are not named."""

LEAST_SIDE = 0.025
"""Thinner patches are edges of the picture that lie a little off."""

STEADY_SHARE = 0.75
"""Share of a mark that stands still."""

OTHER_SHAPE_SHARE = 0.2
"""Share of a mark and its edge that has another structure: colours alone may be a poor fit."""

FEW_PAIRS_AGREEMENT = 0.75
"""With two pairs only, so much of the rest must agree: two cars may stop at one place."""

LEAST_INSET = 0.03
"""A picture laid over another takes at least this share of it."""

SEAM_SIDE = 0.04
"""Patches thinner than this along the frame are not named."""

LEAST_MOVING_INSET = 0.25
"""Share of an inset that never agrees and does not stand still: else a mark lies beside motion."""

LARGEST_SHARE = 0.5
"""If more than this share of the picture disagrees, nothing is laid over it: it is another."""

RING_AGREEMENT = 0.55
"""Share of what lies around a patch that must agree: else the picture is off, not covered."""

REST_AGREEMENT = 0.7
"""Share of the texture of the rest of the picture that agrees around an inset."""

NEW_LEVELS = 16.0
NEW_SHARE = 0.35
"""A patch differs by so much, in this share, from the reference at all looked-at moments."""

CAPTION_LEAST_WIDTH = 0.22
CAPTION_ASPECT = 2.4
"""A line of writing is at least this many times as wide as high."""

CAPTION_STROKES = 0.07
"""Share of it that lies on upright edges that the reference does not have."""

CAPTION_MOST_HEIGHT = 0.25
CENTRED = 0.12

_CAPTION_PARTS = 6

_STROKE_LEVELS = 9.0
_SAMPLES = 1000
_HALO_PX = 11
_RING_PX = 17
_OPENING_PX = 5
_WINDOW_REACH_PX = 3


@dataclass(frozen=True, slots=True)
class Patch:
    """Something laid over the picture; ``box`` is (x, y, width, height) in fractions."""

    kind: Kind
    box: Box


def laid_over(pairs: Sequence[Registered]) -> tuple[Patch, ...]:
    """Return what disagrees with the reference at one place in all of at least two pairs.

    The pairs must be of different moments and in one frame.
    """
    shape = pairs[0].inside.shape if pairs else (0, 0)
    pairs = [pair for pair in pairs if pair.inside.shape == shape]
    if len(pairs) < 2:
        return ()
    scene = _Scene(pairs)
    if scene.everywhere.sum() > LARGEST_SHARE * max(1, scene.inside.sum()):
        return ()
    captions = _captions(scene)
    if len(pairs) < 3 and np.mean([p.agreement() for p in pairs]) < FEW_PAIRS_AGREEMENT:
        return tuple(captions)
    marks = [patch for patch in _overlays(scene) if not _any_overlap(patch, captions)]
    insets = [
        patch
        for patch in _insets(scene)
        if not _any_overlap(patch, captions) and not any(_fills(mark, patch) for mark in marks)
    ]
    return (*captions, *insets, *(mark for mark in marks if not _any_overlap(mark, insets)))


class _Scene:
    """What all pairs show together: bool (h, w) each, and the mean pictures."""

    def __init__(self, pairs: Sequence[Registered]) -> None:
        self.pairs = pairs
        self.inside: Bools = np.logical_and.reduce([pair.inside for pair in pairs])
        off = np.mean([~pair.agrees for pair in pairs], axis=0)
        self.everywhere: Bools = (off > 0.99) & self.inside
        self.mostly: Bools = (off > 0.6) & self.inside
        self.query = np.asarray(np.mean([pair.query for pair in pairs], axis=0), np.float32)
        self.reference = np.asarray(np.mean([p.reference for p in pairs], axis=0), np.float32)
        change = _change([pair.query for pair in pairs])
        self.steady: Bools = change <= STEADY_LEVELS
        ground = cv2.boxFilter(self.query, -1, (15, 15))
        contrast = farthest(self.query - np.asarray(ground, np.float32))
        self.strokes: Bools = self.everywhere & (self.steady | (change <= STEADY_STROKE * contrast))

    @property
    def height(self) -> int:
        return int(self.inside.shape[0])

    @property
    def width(self) -> int:
        return int(self.inside.shape[1])

    def stands_out(self, part: Bools) -> bool:
        """Tell whether the picture agrees around ``part`` and never does in it."""
        ring = _wider(part, _RING_PX + _HALO_PX) & ~_wider(part, _HALO_PX) & self.inside
        if ring.sum() >= 20:
            around = float(np.mean([pair.agrees[ring].mean() for pair in self.pairs]))
            if around < RING_AGREEMENT:
                return False
        return self._new(part)

    def exact_box(self, part: Bools) -> Box:
        """Return the box of what has another colour in all pairs, place by place."""
        differs = part & np.logical_and.reduce(
            [farthest(pair.query - pair.reference) > NEW_LEVELS for pair in self.pairs]
        )
        exact = _opened(differs, 3) > 0
        return _outline(exact) if exact.sum() >= 0.3 * part.sum() else _box(part)

    def _new(self, part: Bools) -> bool:
        """Tell whether no picture of the reference looks like any of the query's there."""
        places = np.flatnonzero(part)
        places = places[:: max(1, len(places) // _SAMPLES)]
        queries = [pair.query.reshape(-1, 3)[places] for pair in self.pairs]
        references = [pair.reference.reshape(-1, 3)[places] for pair in self.pairs]
        for query in queries:
            for reference in references:
                off = farthest(query - reference)
                if float((off > NEW_LEVELS).mean()) < NEW_SHARE:
                    return False
        return True

    def rest_agrees(self, part: Bools) -> bool:
        """Tell whether most of the texture outside ``part`` agrees."""
        rest = ~_wider(part, _HALO_PX)
        return float(np.mean([p.agreement(rest) for p in self.pairs])) >= REST_AGREEMENT

    def other_shape(self, part: Bools) -> bool:
        """Tell whether ``part`` and its edge have another structure than the reference."""
        whole = _wider(part, _HALO_PX) & self.inside
        off = [(pair.structure[whole] < LIKE).mean() for pair in self.pairs]
        return float(np.mean(off)) >= OTHER_SHAPE_SHARE


def _wider(part: Bools, side: int) -> Bools:
    return np.asarray(cv2.dilate(part.astype(np.uint8), np.ones((side, side), np.uint8)) > 0)


def _change(queries: Sequence[Plane]) -> Plane:
    stack = np.stack([cv2.boxFilter(query, -1, (3, 3)) for query in queries])
    return np.asarray(farthest(stack.max(axis=0) - stack.min(axis=0)), np.float32)


def _captions(scene: _Scene) -> list[Patch]:
    """Return the lines of writing: words of one line are joined first."""
    found: list[Patch] = []
    for mask in (scene.strokes, scene.everywhere):
        for part in _components(_opened(_closed(mask, 3, scene.width // 10), 3)):
            patch = Patch("caption", _box(part))
            if _any_overlap(patch, found) or mask[part].mean() < 0.2:
                continue
            if _is_caption(patch.box, scene) and scene.stands_out(part & mask):
                found.append(patch)
    return found


def _overlays(scene: _Scene) -> list[Patch]:
    reach = scene.width // 40
    joined = _closed(scene.everywhere & scene.steady, reach, reach)
    found = []
    for part in _components(_opened(joined, _OPENING_PX)):
        box = _box(part)
        if min(box[2:]) < LEAST_SIDE or _filled(part, box) < 0.35 or _is_seam(box):
            continue
        if scene.steady[part].mean() < STEADY_SHARE or not scene.other_shape(part):
            continue
        if scene.stands_out(part):
            found.append(Patch("overlay", scene.exact_box(part)))
    return found


def _insets(scene: _Scene) -> list[Patch]:
    """Return rectangles in which another, moving picture covers this one."""
    reach = scene.width // 12
    found = []
    for part in _components(_opened(_closed(scene.mostly, reach, reach) & scene.inside, 3)):
        box = _box(part)
        if part.mean() < LEAST_INSET or _filled(part, box) < 0.8:
            continue
        if (scene.everywhere & ~scene.steady)[part].mean() < LEAST_MOVING_INSET:
            continue
        if scene.rest_agrees(part) and scene.stands_out(part):
            found.append(Patch("picture", box))
    return found


def _is_caption(box: Box, scene: _Scene) -> bool:
    """Tell whether a patch is a line of writing across the middle, not a mark in a corner."""
    x, _, w, h = box
    aspect = (w * scene.width) / max(1.0, h * scene.height)
    centred = abs(x + w / 2 - 0.5) <= CENTRED
    if not centred or w < CAPTION_LEAST_WIDTH or h > CAPTION_MOST_HEIGHT or aspect < CAPTION_ASPECT:
        return False
    parts = np.array_split(_new_strokes(scene, box), _CAPTION_PARTS, axis=1)
    shares = sorted(float(part.mean()) for part in parts if part.size)
    # Writing has strokes all along; one part may be a space or the end of the line.
    return len(shares) == _CAPTION_PARTS and shares[1] >= CAPTION_STROKES


def _new_strokes(scene: _Scene, box: Box) -> Bools:
    """Return where in ``box`` upright edges lie that the reference does not have."""
    height, width = scene.height, scene.width
    top, left = round(box[1] * height), round(box[0] * width)
    bottom, right = round((box[1] + box[3]) * height), round((box[0] + box[2]) * width)
    added = (scene.query - scene.reference)[top:bottom, left:right].mean(axis=-1)
    if min(added.shape) < 3:
        return np.zeros((0, 0), np.bool_)
    edges = np.abs(cv2.Sobel(np.ascontiguousarray(added), cv2.CV_32F, 1, 0)) / 8
    return np.asarray(edges > _STROKE_LEVELS, np.bool_)


def _is_seam(box: Box) -> bool:
    """Tell whether a thin patch lies along the frame: what a turn or a zoom leaves there."""
    x, y, w, h = box
    beside = w < SEAM_SIDE and (x < SEAM_SIDE or x + w > 1 - SEAM_SIDE)
    above = h < SEAM_SIDE and (y < SEAM_SIDE or y + h > 1 - SEAM_SIDE)
    return beside or above


def _fills(mark: Patch, inset: Patch) -> bool:
    """Tell whether a mark that stands still makes up most of what was taken for a picture."""
    return mark.box[2] * mark.box[3] >= 0.5 * inset.box[2] * inset.box[3] and _overlap(
        mark.box, inset.box
    )


def _any_overlap(patch: Patch, others: Sequence[Patch]) -> bool:
    return any(_overlap(patch.box, other.box) for other in others)


def _overlap(one: Box, other: Box) -> bool:
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    return across > 0 and down > 0


def _opened(mask: Bools, side: int) -> npt.NDArray[np.uint8]:
    """Return ``mask`` without what is thinner than ``side`` pixels."""
    kernel = np.ones((side, side), np.uint8)
    return np.asarray(cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, kernel), np.uint8)


def _closed(mask: Bools, height: int, width: int) -> Bools:
    """Return ``mask`` with gaps of up to ``height`` and ``width`` pixels filled."""
    kernel = np.ones((max(3, height), max(3, width)), np.uint8)
    # The border must not count as part of the mask.
    padded = cv2.copyMakeBorder(
        mask.astype(np.uint8), *(max(kernel.shape),) * 4, cv2.BORDER_CONSTANT, value=0
    )
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, kernel)
    edge = max(kernel.shape)
    return np.asarray(closed[edge:-edge, edge:-edge] > 0, np.bool_)


def _filled(part: Bools, box: Box) -> float:
    return float(part.sum()) / max(1.0, box[2] * box[3] * part.size)


def _components(mask: npt.NDArray[np.uint8]) -> list[Bools]:
    """Return every connected part of ``mask`` that is large enough to be named."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    least = LEAST_AREA * mask.size
    large = [n for n in range(1, count) if stats[n, cv2.CC_STAT_AREA] >= least]
    return [labels == number for number in large]


def _box(part: Bools) -> Box:
    """Return the box of ``part`` without what the comparison's window adds around it."""
    rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
    height, width = part.shape
    left, right = _tightened(int(columns[0]), int(columns[-1]) + 1, width)
    top, bottom = _tightened(int(rows[0]), int(rows[-1]) + 1, height)
    return left / width, top / height, (right - left) / width, (bottom - top) / height


def _outline(part: Bools) -> Box:
    rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
    (height, width), across, down = part.shape, np.ptp(columns) + 1, np.ptp(rows) + 1
    return (
        float(columns[0] / width),
        float(rows[0] / height),
        float(across / width),
        float(down / height),
    )


def _tightened(first: int, last: int, side: int) -> tuple[int, int]:
    """Return the ends moved inwards, unless the part is thin or touches the frame."""
    if last - first <= 4 * _WINDOW_REACH_PX:
        return first, last
    start = first if first <= _WINDOW_REACH_PX else first + _WINDOW_REACH_PX
    return start, last if last >= side - _WINDOW_REACH_PX else last - _WINDOW_REACH_PX
