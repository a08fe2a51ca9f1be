"""Finds pictures within the picture: rectangles whose edges stay where they are.

A picture in picture, one half of a split screen, a picture over a blurred copy of itself or
between caption bars: each ends in long, straight, upright or level edges that stand still while
what they frame moves.
"""

from __future__ import annotations

from itertools import combinations

import cv2
import numpy as np
import numpy.typing as npt

from tracker.fingerprint.content_box import Box

Gray = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]

EDGE_STEP = 8
"""Grey levels between neighbouring pixels that make an edge …"""

PERSISTENCE = 0.7
"""… and the share of the shot's frames it must be seen in."""

SIDE_SUPPORT = 0.8
"""Share of a rectangle's side that must be a persistent edge; the frame's own border is one."""

LEAST_SIDE = 0.25
LEAST_AREA = 0.08
MOST_AREA = 0.92
MOST_LINES = 10
"""Edges tried in each direction: the longest."""

MOST_INSETS = 2
SAME_INSET = 0.75
"""Overlap (intersection over union) from which two rectangles are taken for the same one."""

MOST_FRAMES = 24
"""Frames looked at in each shot, evenly spread."""

LEAST_FRAMES = 4


def insets(shot: Gray) -> tuple[Box, ...]:
    """Return up to ``MOST_INSETS`` inner pictures of a shot's frames (n, h, w), clearest first."""
    if len(shot) < LEAST_FRAMES:
        return ()
    chosen = shot[:: -(-len(shot) // MOST_FRAMES)]
    upright = _Edges(_persistent(chosen[:, :, 1:], chosen[:, :, :-1]))
    level = _Edges(_persistent(chosen[:, 1:], chosen[:, :-1]).T)
    found = sorted(_rectangles(upright, level), key=lambda pair: (-pair[0], _area(pair[1])))
    kept: list[Box] = []
    for _, box in found:
        if all(_overlap(box, other) < SAME_INSET for other in kept):
            kept.append(box)
        if len(kept) == MOST_INSETS:
            break
    return tuple(kept)


def _persistent(pixels: Gray, neighbours: Gray) -> Bools:
    """Return where the pixels of enough frames (n, h, w) differ from their neighbours."""
    seen = np.zeros(pixels.shape[1:], np.uint8)
    for one, other in zip(pixels, neighbours, strict=True):
        seen += cv2.absdiff(one, other) >= EDGE_STEP
    persistent: Bools = seen / len(pixels) >= PERSISTENCE
    return persistent


class _Edges:
    """Persistent edges between columns; transposed, those between rows.

    ``places`` are positions between columns (0 and the width are the frame's border), and
    ``support`` tells for one of them and a stretch along it how much of it is an edge.
    """

    def __init__(self, edges: Bools) -> None:
        self.length, inner = edges.shape
        self.width = inner + 1
        thick = edges.copy()  # scaling spreads an edge over two columns
        thick[:, 1:] |= edges[:, :-1]
        thick[:, :-1] |= edges[:, 1:]
        sums = np.concatenate([np.zeros((1, inner), np.int64), np.cumsum(thick, axis=0)])
        strongest = np.argsort(-edges.sum(axis=0), kind="stable")
        lines = [int(i) for i in strongest if sums[-1, i] >= LEAST_SIDE * self.length]
        self._sums = {line + 1: sums[:, line] for line in _apart(lines)}
        self.places = (0, *sorted(self._sums), self.width)

    def is_border(self, place: int) -> bool:
        return place in (0, self.width)

    def support(self, place: int, start: int, end: int) -> float:
        if self.is_border(place):
            return 1.0
        sums = self._sums[place]
        return float(sums[end] - sums[start]) / (end - start)


def _apart(lines: list[int]) -> list[int]:
    """Return the first ``MOST_LINES`` lines without the neighbours of earlier ones."""
    kept: list[int] = []
    for line in lines:
        if all(abs(line - other) > 1 for other in kept):
            kept.append(line)
        if len(kept) == MOST_LINES:
            break
    return kept


def _rectangles(upright: _Edges, level: _Edges) -> list[tuple[float, Box]]:
    """Return every rectangle with four sides, and how much edge it has within the frame."""
    found = []
    for left, right in combinations(upright.places, 2):
        if right - left < LEAST_SIDE * upright.width:
            continue
        for top, bottom in combinations(level.places, 2):
            box = Box(left, top, right, bottom)
            share = _area(box) / (upright.width * level.width)
            if bottom - top >= LEAST_SIDE * level.width and LEAST_AREA <= share <= MOST_AREA:
                edge = _edge(box, upright, level)
                if edge > 0:
                    found.append((edge, box))
    return found


def _edge(box: Box, upright: _Edges, level: _Edges) -> float:
    """Return the length of the rectangle's sides within the frame; 0 if a side is missing."""
    total = 0.0
    sides = (
        (upright, box.left, box.top, box.bottom),
        (upright, box.right, box.top, box.bottom),
        (level, box.top, box.left, box.right),
        (level, box.bottom, box.left, box.right),
    )
    for edges, place, start, end in sides:
        support = edges.support(place, start, end)
        if support < SIDE_SUPPORT:
            return 0.0
        if not edges.is_border(place):
            total += support * (end - start)
    return total


def _area(box: Box) -> int:
    return (box.right - box.left) * (box.bottom - box.top)


def _overlap(one: Box, other: Box) -> float:
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    shared = max(0, width) * max(0, height)
    return shared / (_area(one) + _area(other) - shared)
