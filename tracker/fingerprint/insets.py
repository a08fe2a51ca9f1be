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
Doubles = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

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
    if len(shot) < LEAST_FRAMES or min(shot.shape[1:]) < 2:
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
    ``support`` tells for each and stretches along it how much of them is an edge.
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

    def support(self, starts: Ints, ends: Ints) -> Doubles:
        """Return what share of each stretch is an edge at each place (places, stretches)."""
        shares = np.ones((len(self.places), len(starts)))
        for row, place in enumerate(self.places):
            if place in self._sums:
                sums = self._sums[place]
                shares[row] = (sums[ends] - sums[starts]) / (ends - starts)
        return shares

    def pairs(self) -> Ints:
        """Return the indices of two places far enough from one another, int64 (2, pairs)."""
        rows = np.array(list(combinations(range(len(self.places)), 2)), np.int64).T
        first, second = np.array(self.places)[rows]
        return rows[:, second - first >= LEAST_SIDE * self.width]


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
    across, down = upright.pairs(), level.pairs()
    left, right = np.array(upright.places)[across]
    top, bottom = np.array(level.places)[down]
    width, height = (right - left)[:, None], (bottom - top)[None, :]
    share = width * height / (upright.width * level.width)
    whole = (share >= LEAST_AREA) & (share <= MOST_AREA)
    edge = np.zeros(whole.shape)
    sides = [(upright, upright.support(top, bottom)[row], row[:, None], height) for row in across]
    sides += [(level, level.support(left, right)[row].T, row[None, :], width) for row in down]
    for edges, support, places, length in sides:
        whole &= support >= SIDE_SUPPORT
        inner = (places > 0) & (places < len(edges.places) - 1)
        edge += np.where(inner, support * length, 0.0)
    return [
        (float(edge[i, j]), Box(int(left[i]), int(top[j]), int(right[i]), int(bottom[j])))
        for i, j in np.argwhere(whole & (edge > 0))
    ]


def _area(box: Box) -> int:
    return (box.right - box.left) * (box.bottom - box.top)


def _overlap(one: Box, other: Box) -> float:
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    shared = max(0, width) * max(0, height)
    return shared / (_area(one) + _area(other) - shared)
