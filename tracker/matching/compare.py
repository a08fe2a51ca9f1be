"""Compares two fingerprints: what they share, where, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tracker.matching.alignment import AlignedRun, aligned_runs, parts
from tracker.matching.borders import borders
from tracker.matching.feature_pairs import FeaturePairs
from tracker.matching.frame_hits import frame_hits
from tracker.matching.moment_odds import MomentSigns
from tracker.matching.moments import moment
from tracker.matching.score import SEGMENT_EVIDENCE, evidence, proven, score
from tracker.model.fingerprint import Fingerprint
from tracker.model.ids import VideoId
from tracker.model.match import FramePair, Segment

SAME_LINE_MS = 700.0
"""A run whose middle lies on a stretch found before, within this of its line, is part of it."""

PART_MS = 4000
MOST_PARTS = 8
"""Parts of a run that are looked at one by one if the whole of it is not one moment."""

STRICTER_PARTS = 0.4
"""A part must stand out more: of many places in a long shot one is always the most alike."""

MOST_SHARED = 0.5
"""A stretch that lies so far, in both videos, in another one explains the same frames again."""

LEAST_PROOF = 0.05
"""Runs that prove less are not looked at again."""

PAIRS_SHOWN = 6
"""Frame pairs kept of each segment, evenly spread."""


@dataclass(frozen=True, slots=True)
class SharedStretch:
    """One segment, the views that showed it, and frame pairs as proof.

    ``query_view`` and ``reference_view`` are the views most of its frames were closest in.
    ``signs`` tell the moment where something moves, ``None`` where nothing does or it could not
    be compared; ``told`` is whether the moment is known: where next to nothing moves, it may be
    another one of the same shot.
    """

    segment: Segment
    evidence: float
    signs: MomentSigns | None
    told: bool
    query_view: int
    reference_view: int
    pairs: tuple[FramePair, ...]

    @property
    def judged(self) -> bool:
        """Whether what moves in it was compared."""
        return self.signs is not None

    def swapped(self) -> SharedStretch:
        """Return the same stretch with query and reference exchanged."""
        pairs = tuple(
            FramePair(p.reference_pts_ms, p.query_pts_ms, p.distance_bits, p.mirrored)
            for p in self.pairs
        )
        return SharedStretch(
            self.segment.swapped(),
            self.evidence,
            self.signs,
            self.told,
            self.reference_view,
            self.query_view,
            pairs,
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

    The pair is always evaluated with the shorter video as query (the smaller id, if they are of
    one length) and turned round for the caller, so the answer is the same whichever video was
    asked about.
    """
    ours, theirs = query_frames.duration_ms, reference_frames.duration_ms
    if (ours, query) > (theirs, reference):
        turned = compare(reference, reference_frames, query, query_frames)
        stretches = [stretch.swapped() for stretch in turned.stretches]
        return Comparison(_by_query_time(stretches), turned.score)
    pairs = FeaturePairs(query_frames.features, reference_frames.features)
    found: list[SharedStretch] = []
    refused: list[AlignedRun] = []
    hits = frame_hits(query_frames, reference_frames, pairs)
    for run in aligned_runs(hits, lambda run: run not in refused):
        if any(_belongs(run, stretch.segment) for stretch in found):
            continue
        for stretch in _stretches(run, pairs, query_frames, reference_frames, found):
            if not any(_repeats(stretch, other) for other in found):
                found.append(stretch)
            if stretch.evidence < LEAST_PROOF:
                refused.append(run)
    strong = [s for s in found if s.evidence >= SEGMENT_EVIDENCE]
    kept = strong or sorted(found, key=lambda s: -s.evidence)[:1]
    total = score(sum(s.evidence for s in kept))
    return Comparison(_by_query_time(kept), total)


def proof(segment: Segment) -> tuple[float, int, int, int]:
    """Return what tells which segment of a comparison, the shorter video as query, proves most."""
    length_ms = segment.query_end_ms - segment.query_start_ms
    return (segment.score, length_ms, -segment.query_start_ms, -segment.reference_start_ms)


def _by_query_time(stretches: list[SharedStretch]) -> tuple[SharedStretch, ...]:
    return tuple(sorted(stretches, key=lambda s: (s.segment.query_start_ms, -s.evidence)))


def _repeats(stretch: SharedStretch, other: SharedStretch) -> bool:
    """Tell whether most of a stretch lies, in both videos, in one that proves more."""
    one, two = stretch.segment, other.segment
    query = _overlap(one.query_start_ms, one.query_end_ms, two.query_start_ms, two.query_end_ms)
    there = _overlap(
        one.reference_start_ms, one.reference_end_ms, two.reference_start_ms, two.reference_end_ms
    )
    return min(query, there) > MOST_SHARED and stretch.evidence <= other.evidence


def _overlap(start: int, end: int, other_start: int, other_end: int) -> float:
    return max(0, min(end, other_end) - max(start, other_start)) / (end - start)


def _belongs(run: AlignedRun, segment: Segment) -> bool:
    """Tell whether the run's middle lies on the segment."""
    middle = sum(run.query_range_ms) / 2
    if run.line.mirrored != segment.mirrored:
        return False
    if not segment.query_start_ms <= middle <= segment.query_end_ms:
        return False
    there = run.line.speed * middle + run.line.offset_ms
    return abs(there - segment.reference_ms(middle)) <= SAME_LINE_MS


def _stretches(
    run: AlignedRun,
    pairs: FeaturePairs,
    query: Fingerprint,
    reference: Fingerprint,
    found: list[SharedStretch],
) -> Iterator[SharedStretch]:
    """Yield the run's stretch; where that is not one moment, those of its parts that are.

    In a shot that nearly stands still one line runs through a loop, or through a clip used twice.
    """
    whole = _stretch(run, pairs, query, reference)
    if whole is not None:
        yield whole
    start, end = run.query_range_ms
    if whole is None or whole.evidence >= LEAST_PROOF or end - start < 1.5 * PART_MS:
        return
    for part in parts(run, PART_MS, MOST_PARTS):
        middle = sum(part.query_range_ms) / 2
        if any(_holds(stretch.segment, middle) for stretch in found if stretch.evidence > 0):
            continue
        stretch = _stretch(part, pairs, query, reference, stricter=STRICTER_PARTS)
        if stretch is not None and stretch.evidence >= LEAST_PROOF:
            yield stretch


def _holds(segment: Segment, query_ms: float) -> bool:
    return segment.query_start_ms <= query_ms <= segment.query_end_ms


def _stretch(
    run: AlignedRun,
    pairs: FeaturePairs,
    query: Fingerprint,
    reference: Fingerprint,
    *,
    stricter: float = 0.0,
) -> SharedStretch | None:
    alike = evidence(run, query, reference)
    if alike < LEAST_PROOF:
        return None
    known = moment(run, pairs, query, reference, stricter=stricter)
    ends = borders(run, known, query, reference)
    if ends is None:
        return None
    proof = proven(alike, known)
    segment = Segment(*ends, known.line.speed, known.line.mirrored, score(proof))
    return SharedStretch(
        segment,
        proof,
        known.signs,
        known.told,
        int(np.bincount(run.hits.query_views).argmax()),
        int(np.bincount(run.hits.reference_views).argmax()),
        _pairs(run),
    )


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
