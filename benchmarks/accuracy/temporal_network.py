"""Aligns by the temporal network of the VCSL benchmark, to hold the product's voting against.

Alike frames are the nodes of a directed graph: of each query frame the few closest. An edge leads
to every later frame of both videos within a limit. The longest path, by similarity, is one shared
stretch; its nodes are then worth nothing, and the next longest path is the next one.

Source: Tan et al., Scalable Detection of Partial Near-Duplicate Videos by Visual-Temporal
Consistency, ACM Multimedia 2009; as used without training by He et al., A Large-scale
Comprehensive Dataset and Copy-overlap Aware Evaluation Protocol for Segment-level Video Copy
Detection (VCSL), CVPR 2022.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tracker.matching.alignment import (
    LEAST_SPEED,
    MOST_SPEED,
    TOLERANCE_MS,
    AlignedRun,
    Line,
    weights,
)
from tracker.matching.frame_hits import FrameHits

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

CLOSEST = 5
"""Nodes of each query frame, as in VCSL."""

GAP_MS = 2500
"""How far an edge reaches in either video: ten samples, as in VCSL."""

MOST_PATHS = 10
LEAST_NODES = 4
"""A path of fewer frames is none: the product asks as much of a run."""

MOST_SHARED = 0.3
"""A stretch that shares more of its box in time (intersection over union) is left out."""


@dataclass(frozen=True, slots=True, eq=False)
class _Nodes:
    """Alike frames by query time: times in both videos, ms, what each is worth, and its row."""

    query_ms: Floats
    reference_ms: Floats
    worth: Floats
    rows: Ints

    @classmethod
    def of(cls, hits: FrameHits, mirrored: bool, closest: int) -> _Nodes:
        rows = np.flatnonzero(hits.mirrored == mirrored)
        frames = hits.query_frames[rows]
        order = np.lexsort((hits.reference_frames[rows], hits.distances[rows], frames))
        starts = np.searchsorted(frames[order], frames[order])
        kept = rows[order[np.arange(len(order)) - starts < closest]]
        kept = kept[np.lexsort((hits.reference_frames[kept], hits.query_frames[kept]))]
        return cls(
            hits.query_ms[hits.query_frames[kept]].astype(np.float64),
            hits.reference_ms[hits.reference_frames[kept]].astype(np.float64),
            weights(hits.distances[kept]),
            kept,
        )


def network_runs(
    hits: FrameHits, *, closest: int = CLOSEST, gap_ms: int = GAP_MS
) -> Iterator[AlignedRun]:
    """Yield the runs of hits that the temporal network finds, heaviest path first.

    ``closest`` frames of the reference are kept for each frame of the query; ``gap_ms`` is the
    farthest an edge reaches in either video. The line of a run leads from the first to the last
    corner of its path; runs of a speed that the product does not look for are left out.
    """
    found = [
        (weight, rows, mirrored)
        for mirrored in (False, True)
        for weight, rows in _paths(_Nodes.of(hits, mirrored, closest), gap_ms)
    ]
    boxes: list[tuple[float, ...]] = []
    for _, rows, mirrored in sorted(found, key=lambda path: -path[0]):
        run = _run(hits.at(rows), mirrored)
        if run is None or any(_shared(_box(run), other) > MOST_SHARED for other in boxes):
            continue
        boxes.append(_box(run))
        yield run


def _paths(nodes: _Nodes, gap_ms: int) -> Iterator[tuple[float, Ints]]:
    """Yield the weight and the rows of the longest path, then of the longest of what is left."""
    worth = nodes.worth.copy()
    for _ in range(MOST_PATHS):
        path = longest_path(nodes.query_ms, nodes.reference_ms, worth, gap_ms)
        fresh = path[worth[path] > 0]
        if len(fresh) < LEAST_NODES:
            return
        yield float(worth[path].sum()), nodes.rows[path]
        worth[path] = 0.0


def longest_path(query_ms: Floats, reference_ms: Floats, worth: Floats, gap_ms: float) -> Ints:
    """Return the nodes, int64 in order, of the path of the greatest sum of worth.

    Nodes ascend in query time; a path ascends in both times, each step by at most ``gap_ms``.
    """
    total, before = worth.copy(), np.full(len(worth), -1, np.int64)
    starts = np.searchsorted(query_ms, query_ms - gap_ms, side="left")
    ends = np.searchsorted(query_ms, query_ms, side="left")
    for at in range(len(worth)):
        earlier = slice(int(starts[at]), int(ends[at]))
        apart = reference_ms[at] - reference_ms[earlier]
        reached = np.where((apart > 0) & (apart <= gap_ms), total[earlier], 0.0)
        best = int(reached.argmax()) if len(reached) else -1
        if best >= 0 and reached[best] > 0:
            total[at] += reached[best]
            before[at] = earlier.start + best
    path = []
    at = int(total.argmax()) if len(total) else -1
    while at >= 0:
        path.append(at)
        at = int(before[at])
    return np.array(path[::-1], np.int64)


def _run(hits: FrameHits, mirrored: bool) -> AlignedRun | None:
    query = hits.query_ms[hits.query_frames[[0, -1]]].astype(np.float64)
    reference = hits.reference_ms[hits.reference_frames[[0, -1]]].astype(np.float64)
    length, other = float(np.ptp(query)), float(np.ptp(reference))
    speed = 1.0 if abs(other - length) < TOLERANCE_MS else other / length
    if not LEAST_SPEED <= speed <= MOST_SPEED:
        return None
    offset_ms = float(reference.mean() - speed * query.mean())
    return AlignedRun(Line(speed, offset_ms, mirrored), hits, standstill=False)


def _box(run: AlignedRun) -> tuple[float, ...]:
    start, end = run.query_range_ms
    line = run.line
    return start, end, line.speed * start + line.offset_ms, line.speed * end + line.offset_ms


def _shared(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    sides = [max(0.0, min(one[at + 1], other[at + 1]) - max(one[at], other[at])) for at in (0, 2)]
    areas = [(box[1] - box[0]) * (box[3] - box[2]) for box in (one, other)]
    both = sides[0] * sides[1]
    return both / (sum(areas) - both) if both else 0.0
