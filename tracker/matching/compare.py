"""Compares two fingerprints: what they share, where, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracker.matching.alignment import AlignedRun, Line, aligned_runs
from tracker.matching.frame_hits import frame_hits
from tracker.matching.score import SEGMENT_EVIDENCE, evidence, score
from tracker.model.fingerprint import Fingerprint
from tracker.model.ids import VideoId
from tracker.model.match import FramePair, Segment

FEATURE_REACH_MS = 500.0
"""Half of what lies between two feature frames."""

PAIRS_SHOWN = 6
"""Frame pairs kept of each segment, evenly spread."""


@dataclass(frozen=True, slots=True)
class SharedStretch:
    """One segment, the views that showed it, and frame pairs as proof.

    ``query_view`` and ``reference_view`` are the views most of its frames were closest in.
    """

    segment: Segment
    evidence: float
    query_view: int
    reference_view: int
    pairs: tuple[FramePair, ...]

    def swapped(self) -> SharedStretch:
        """Return the same stretch with query and reference exchanged."""
        pairs = tuple(
            FramePair(p.reference_pts_ms, p.query_pts_ms, p.distance_bits, p.mirrored)
            for p in self.pairs
        )
        return SharedStretch(
            self.segment.swapped(), self.evidence, self.reference_view, self.query_view, pairs
        )


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything two videos share, by time in the query, and the score of the whole."""

    stretches: tuple[SharedStretch, ...]
    score: float


def compare(
    query: VideoId, query_frames: Fingerprint, reference: VideoId, reference_frames: Fingerprint
) -> Comparison:
    """Return what the two videos share.

    The pair is always evaluated with the smaller id as query and turned round for the caller,
    so the answer is the same whichever video was asked about.
    """
    if query > reference:
        turned = compare(reference, reference_frames, query, query_frames)
        stretches = [stretch.swapped() for stretch in turned.stretches]
        return Comparison(_by_query_time(stretches), turned.score)
    hits = frame_hits(query_frames, reference_frames)
    found = [
        stretch
        for run in aligned_runs(hits)
        if (stretch := _stretch(run, query_frames, reference_frames)) is not None
    ]
    strong = [s for s in found if s.evidence >= SEGMENT_EVIDENCE]
    kept = strong or sorted(found, key=lambda s: -s.evidence)[:1]
    total = score(sum(s.evidence for s in kept))
    return Comparison(_by_query_time(kept), total)


def _by_query_time(stretches: list[SharedStretch]) -> tuple[SharedStretch, ...]:
    return tuple(sorted(stretches, key=lambda s: (s.segment.query_start_ms, -s.evidence)))


def _stretch(run: AlignedRun, query: Fingerprint, reference: Fingerprint) -> SharedStretch | None:
    proof = evidence(run, query, reference)
    borders = _borders(run, query.duration_ms, reference.duration_ms) if proof > 0 else None
    if borders is None:
        return None
    q0, q1, r0, r1 = borders
    segment = Segment(q0, q1, r0, r1, run.line.speed, run.line.mirrored, score(proof))
    return SharedStretch(
        segment,
        proof,
        int(np.bincount(run.hits.query_views).argmax()),
        int(np.bincount(run.hits.reference_views).argmax()),
        _pairs(run),
    )


def _borders(
    run: AlignedRun, query_duration_ms: int, reference_duration_ms: int
) -> tuple[int, int, int, int] | None:
    """Return the run's ends: half a sample beyond its outer frames, inside both videos."""
    times = run.hits.query_ms
    first, last = int(run.hits.query_frames[0]), int(run.hits.query_frames[-1])
    half = float(np.median(np.diff(times))) / 2 if len(times) > 1 else 0.0
    reach = [half if moving < 0 else FEATURE_REACH_MS for moving in run.hits.moving[[0, -1]]]
    start = 0.0 if times[first] - reach[0] <= times[0] else times[first] - reach[0]
    end = times[last] + reach[1]
    if last == len(times) - 1 or (reach[1] > half and end + reach[1] > times[-1]):
        end = float(query_duration_ms)
    start, end = _inside(run.line, start, end, float(reference_duration_ms))
    start, end = max(0.0, start), min(float(query_duration_ms), end)
    reference = [run.line.speed * t + run.line.offset_ms for t in (start, end)]
    r0, r1 = max(0, round(reference[0])), min(reference_duration_ms, round(reference[1]))
    q0, q1 = round(start), round(end)
    return (q0, q1, r0, r1) if q1 > q0 and r1 > r0 else None


def _inside(
    line: Line, start: float, end: float, reference_duration_ms: float
) -> tuple[float, float]:
    """Return the part of [start, end] that the line maps into the reference."""
    earliest = -line.offset_ms / line.speed
    latest = (reference_duration_ms - line.offset_ms) / line.speed
    return max(start, earliest), min(end, latest)


def _pairs(run: AlignedRun) -> tuple[FramePair, ...]:
    count = len(run.hits)
    shown = np.unique(np.linspace(0, count - 1, min(PAIRS_SHOWN, count)).round().astype(int))
    hits = run.hits
    return tuple(
        FramePair(
            int(hits.query_ms[hits.query_frames[i]]),
            int(hits.reference_ms[hits.reference_frames[i]]),
            int(hits.distances[i]),
            run.line.mirrored,
        )
        for i in shown
    )
