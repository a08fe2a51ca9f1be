"""Explains alike frames by lines: reference time = speed * query time + offset."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tracker.matching.frame_hits import ALIGN_RADIUS_BITS, FrameHits

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

OFFSET_BIN_MS = 400
"""Width of a bin of offsets in the vote; neighbouring bins are counted together."""

TOLERANCE_MS = 300
"""A hit this near a line (in reference time) is on it: just over one sampling interval."""

SPEEDS = tuple(float(s) for s in np.geomspace(0.5, 2.0, 35))
"""Speeds tried in the vote (4 % apart, 1.0 in the middle); the best is then fitted."""

LIKE_SPEED_ONE = 1.06
"""Another speed, or reverse order, must explain this many times more than plain playing."""

LEAST_SPEED, MOST_SPEED = 0.47, 2.15
MOST_SEGMENTS = 24
MOST_REFUSED = 4
"""Runs of no use before the rest is not looked at any more."""

MISS_PENALTY = 0.12
"""What a sampled frame without a hit costs a segment, in units of a perfect hit."""

BETWEEN_FEATURE_FRAMES = 3
"""Samples between two feature frames: that they are not hit is no miss.

Nor are all those between two that are farther apart, because the shot stood still.
"""

STANDSTILL_SHARE = 0.6
"""If neighbours in time (1.5 s off the line) match this well too, the shot stands still."""

CLEARLY_CLOSER = 1.05
"""In a shot that nearly stands still, another speed must make its frames this much closer."""

_OFF_LINE_MS = 1500


@dataclass(frozen=True, slots=True)
class Line:
    """reference time = ``speed`` * query time + ``offset_ms``."""

    speed: float
    offset_ms: float
    mirrored: bool

    def residuals(self, hits: FrameHits) -> Floats:
        """Return how far in reference time each hit lies from the line, ms."""
        query, reference = _times(hits)
        residuals: Floats = reference - self.speed * query - self.offset_ms
        return residuals


@dataclass(frozen=True, slots=True, eq=False)
class AlignedRun:
    """Hits along one line, one per query frame, in order of time."""

    line: Line
    hits: FrameHits
    standstill: bool

    @property
    def query_range_ms(self) -> tuple[int, int]:
        """Times of the first and the last query frame of the run."""
        times = self.hits.query_ms[self.hits.query_frames]
        return int(times.min()), int(times.max())


def parts(run: AlignedRun, length_ms: int, most: int) -> list[AlignedRun]:
    """Return up to ``most`` parts of the run of about ``length_ms``, evenly spread over it."""
    start, end = run.query_range_ms
    borders = np.arange(start, max(start + 1, end - length_ms / 2), length_ms)
    step = -(-len(borders) // most)
    times = run.hits.query_ms[run.hits.query_frames]
    found = []
    for border in borders[::step]:
        inside = (times >= border) & (times < border + length_ms)
        if inside.any():
            found.append(AlignedRun(run.line, run.hits.only(inside), run.standstill))
    return found


def aligned_runs(
    hits: FrameHits, taken: Callable[[AlignedRun], bool] = lambda _run: True
) -> Iterator[AlignedRun]:
    """Yield runs of hits that one line explains, best first.

    A line backwards in time takes its hits away and yields nothing: footage played in reverse
    is not claimed. Each hit serves one run at most. After each run ``taken`` is asked whether it
    was of use: one that was takes all hits of its stretches away, one that was not only its own.
    """
    left = hits
    refused = 0
    for _ in range(MOST_SEGMENTS):
        line = _best_line(left)
        if line is None or refused > MOST_REFUSED:
            return
        run = _run(left, line)
        if run is None:
            return
        useful = run.line.speed <= 0
        if not useful:
            yield run
            useful = taken(run)
        refused += not useful
        left = left.only(~(_explained(left, run) if useful else _near(left, run)))


def weights(distances: Ints) -> Floats:
    """Return the worth of hits: 1 for equal frames, 0 at the radius."""
    worth: Floats = 1.0 - distances / (ALIGN_RADIUS_BITS + 1.0)
    return worth


def _best_line(hits: FrameHits) -> Line | None:
    best: tuple[float, Line] | None = None
    for mirror in (False, True):
        side = hits.only(hits.mirrored == mirror)
        if len(side) == 0:
            continue
        for votes, line in _voted(side, mirror):
            if best is None or votes > best[0]:
                best = votes, line
    return best[1] if best else None


def _voted(side: FrameHits, mirror: bool) -> Iterator[tuple[float, Line]]:
    query, reference = _times(side)
    worth = weights(side.distances)
    for speed in (*SPEEDS, -1.0):
        votes, offset = _strongest_offset(side.query_frames, reference - speed * query, worth)
        bonus = LIKE_SPEED_ONE if abs(speed - 1.0) < 1e-6 else 1.0
        yield votes * bonus, Line(speed, offset, mirror)


def _strongest_offset(frames: Ints, offsets: Floats, worth: Floats) -> tuple[float, float]:
    """Return the sum of the best hit of each query frame in the best pair of bins.

    Of equal ones the nearest to the beginning of both: a still picture is alike at any offset.
    """
    bins = np.floor(offsets / OFFSET_BIN_MS).astype(np.int64)
    low = int(bins.min())
    # Each hit counts for its bin and the one below, so that a line on a border is not halved.
    both = np.concatenate([bins - low, bins - low + 1])
    twice_frames, twice_worth = np.tile(frames, 2), np.tile(worth, 2)
    order = np.lexsort((-twice_worth, twice_frames, both))
    b, f = both[order], twice_frames[order]
    first = np.ones(len(order), np.bool_)
    first[1:] = (b[1:] != b[:-1]) | (f[1:] != f[:-1])
    votes = np.bincount(b[first], weights=twice_worth[order][first])
    best = np.flatnonzero(votes >= votes.max() - 1e-9)
    top = int(best[np.abs(best + low).argmin()])
    return float(votes[top]), float((top + low) * OFFSET_BIN_MS)


def _run(hits: FrameHits, line: Line) -> AlignedRun | None:
    side = hits.only(hits.mirrored == line.mirrored)
    line = _fitted(side, line)
    standstill = line.speed > 0 and _stands_still(side, line)
    if standstill and abs(line.speed - 1.0) > 0.02:
        line = _unless_clearly_better(side, line, _at_speed_one(side, line))
    on_line = _one_per_frame(side, line, TOLERANCE_MS)
    if len(on_line) == 0:
        return None
    return AlignedRun(line, _densest(on_line), standstill)


def _fitted(side: FrameHits, line: Line) -> Line:
    """Return ``line`` moved onto the hits near it, by weighted least squares."""
    for reach_ms in (2 * TOLERANCE_MS, TOLERANCE_MS, TOLERANCE_MS, TOLERANCE_MS):
        near = _one_per_frame(side, line, reach_ms)
        if len(near) == 0:
            return line
        better = _least_squares(near, line)
        if _support(side, better) < _support(side, line):
            return line
        line = better
    return line


def _least_squares(near: FrameHits, line: Line) -> Line:
    query, reference = _times(near)
    worth = weights(near.distances) ** 2
    centre_q = float(np.average(query, weights=worth))
    centre_r = float(np.average(reference, weights=worth))
    spread = float(np.sum(worth * (query - centre_q) ** 2))
    speed = line.speed
    # A short run fixes no speed: the sampling itself moves its ends by a quarter second.
    if line.speed > 0 and np.ptp(query) >= 3000 and spread > 0:
        slope = float(np.sum(worth * (query - centre_q) * (reference - centre_r))) / spread
        speed = min(MOST_SPEED, max(LEAST_SPEED, slope))
        if abs(speed - 1.0) * np.ptp(query) < TOLERANCE_MS:
            speed = 1.0
    return Line(speed, centre_r - speed * centre_q, line.mirrored)


def _at_speed_one(side: FrameHits, line: Line) -> Line:
    query, reference = _times(side)
    _, offset = _strongest_offset(side.query_frames, reference - query, weights(side.distances))
    return Line(1.0, offset, line.mirrored)


def _unless_clearly_better(side: FrameHits, line: Line, plain: Line) -> Line:
    """Return ``plain`` unless frame for frame ``line`` matches clearly closer."""
    means = [_mean_worth(side, candidate) for candidate in (line, plain)]
    return line if means[0] > CLEARLY_CLOSER * means[1] else plain


def _mean_worth(side: FrameHits, line: Line) -> float:
    near = _one_per_frame(side, line, TOLERANCE_MS)
    return float(weights(near.distances).mean()) if len(near) else 0.0


def _support(side: FrameHits, line: Line) -> float:
    return float(weights(_one_per_frame(side, line, TOLERANCE_MS).distances).sum())


def _stands_still(side: FrameHits, line: Line) -> bool:
    """Tell whether frames match their neighbours in time about as well as their counterparts."""
    on_line = _support(side, line)
    beside = [
        _support(side, Line(line.speed, line.offset_ms + shift, line.mirrored))
        for shift in (-_OFF_LINE_MS, _OFF_LINE_MS)
    ]
    return max(beside) > STANDSTILL_SHARE * on_line


def _one_per_frame(side: FrameHits, line: Line, reach_ms: float) -> FrameHits:
    """Return the closest hit of each query frame within ``reach_ms`` of the line, by time."""
    residuals = np.abs(line.residuals(side))
    near = np.flatnonzero(residuals <= reach_ms)
    order = near[np.lexsort((residuals[near], side.distances[near], side.query_frames[near]))]
    frames = side.query_frames[order]
    first = np.ones(len(order), np.bool_)
    first[1:] = frames[1:] != frames[:-1]
    keep = np.zeros(len(side), np.bool_)
    keep[order[first]] = True
    return side.only(keep)


def _densest(on_line: FrameHits) -> FrameHits:
    """Return the stretch of the hits with the greatest sum of worth less misses (Kadane)."""
    worth = weights(on_line.distances)
    frames = on_line.query_frames
    missed = _missed(on_line)
    best_sum, best = -1.0, (0, 0)
    running, start = 0.0, 0
    for at in range(len(frames)):
        running -= MISS_PENALTY * max(0, int(missed[at]))
        if running <= 0:
            running, start = 0.0, at
        running += float(worth[at])
        if running > best_sum:
            best_sum, best = running, (start, at)
    keep = np.zeros(len(on_line), np.bool_)
    keep[best[0] : best[1] + 1] = True
    return on_line.only(keep)


def _missed(on_line: FrameHits) -> Ints:
    """Return how many samples before each hit, back to the hit before it, should have been hit."""
    frames, known = on_line.query_frames, on_line.feature_frames
    before = np.concatenate([frames[:1], frames[:-1]])
    between = np.maximum(frames - before - 1, 0)
    by_features = on_line.moving >= 0
    sparse = by_features | np.concatenate([[False], by_features[:-1]])
    skipped = np.searchsorted(known, frames) - np.searchsorted(known, before, side="right")
    telling = np.maximum(skipped, 0) * (BETWEEN_FEATURE_FRAMES + 1)
    missed: Ints = np.where(sparse, np.minimum(between - BETWEEN_FEATURE_FRAMES, telling), between)
    return missed


def _explained(hits: FrameHits, run: AlignedRun) -> npt.NDArray[np.bool_]:
    """Tell which hits the run accounts for: all of its query stretch and reference stretch."""
    query, reference = _times(hits)
    q, r = _times(run.hits)
    inside: npt.NDArray[np.bool_] = (query >= q.min()) & (query <= q.max())
    inside |= (reference >= r.min()) & (reference <= r.max())
    return inside


def _near(hits: FrameHits, run: AlignedRun) -> npt.NDArray[np.bool_]:
    """Tell which hits lie near the run's line within its stretch of the query."""
    query, _ = _times(hits)
    start, end = run.query_range_ms
    near: npt.NDArray[np.bool_] = np.abs(run.line.residuals(hits)) <= 2 * TOLERANCE_MS
    near &= (query >= start) & (query <= end) & (hits.mirrored == run.line.mirrored)
    return near


def _times(hits: FrameHits) -> tuple[Floats, Floats]:
    query: Floats = hits.query_ms[hits.query_frames].astype(np.float64)
    reference: Floats = hits.reference_ms[hits.reference_frames].astype(np.float64)
    return query, reference
