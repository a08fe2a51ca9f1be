"""Turns answers and truth into recall, assertions, segment overlap and average precision."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tracker.benchmark.corpus import Query, Stretch
from tracker.model.match import Segment

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Answer:
    """One reference the tool named for a query."""

    reference: str
    score: float
    asserted: bool
    segments: tuple[Segment, ...]
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """A query, everything named for it, and how long that took (by the clock, and CPU time)."""

    query: Query
    answers: tuple[Answer, ...]
    lookup_ms: float
    lookup_cpu_ms: float = 0.0

    @property
    def asserted(self) -> frozenset[str]:
        """The references asserted."""
        return frozenset(answer.reference for answer in self.answers if answer.asserted)

    @property
    def found(self) -> bool:
        """Whether the right reference is asserted."""
        return self.query.ref in self.asserted


@dataclass(frozen=True, slots=True)
class Scores:
    """Accuracy over a set of queries.

    ``recall``: share of positives whose right reference is asserted. ``wrong_assertions``:
    references asserted on positives that are not the right one. ``false_positives``: negatives
    on which anything is asserted. Values that no query speaks to are ``None``.
    """

    positives: int
    negatives: int
    found: int
    wrong_assertions: int
    false_positives: int
    segment_precision: float | None
    segment_recall: float | None
    micro_ap: float | None

    @property
    def recall(self) -> float | None:
        """Share of positives whose right reference is asserted."""
        return self.found / self.positives if self.positives else None

    @property
    def segment_f1(self) -> float | None:
        """Harmonic mean of segment precision and recall."""
        p, r = self.segment_precision, self.segment_recall
        if p is None or r is None:
            return None
        return 2 * p * r / (p + r) if p + r else 0.0


def scores(outcomes: Sequence[Outcome]) -> Scores:
    """Return the accuracy over ``outcomes``."""
    positives = [outcome for outcome in outcomes if outcome.query.positive]
    negatives = [outcome for outcome in outcomes if not outcome.query.positive]
    precision, recall = segment_overlap(positives)
    return Scores(
        positives=len(positives),
        negatives=len(negatives),
        found=sum(outcome.found for outcome in positives),
        wrong_assertions=sum(len(o.asserted - {o.query.ref}) for o in positives),
        false_positives=sum(bool(outcome.asserted) for outcome in negatives),
        segment_precision=precision,
        segment_recall=recall,
        micro_ap=micro_average_precision(outcomes),
    )


def segment_overlap(positives: Iterable[Outcome]) -> tuple[float | None, float | None]:
    """Return segment precision and recall by overlap lengths on both axes.

    On each axis (query time, reference time) the lengths shared by asserted and true stretches
    are summed and divided by the asserted (precision) or true (recall) lengths; the result is
    the geometric mean of the two axes' quotients. A segment shares length only if it meets the
    truth on both axes. Splitting a stretch costs nothing; overlapping segments of one answer
    count once; positives that are not found count with all their length as missed.

    Source: He et al., A Large-scale Comprehensive Dataset and Copy-overlap Aware Evaluation
    Protocol for Segment-level Video Copy Detection (VCSL), CVPR 2022, section 4; pooled over
    pairs as in Pizzi et al., The 2023 Video Similarity Dataset and Challenge, 2023.
    """
    shared, asserted, true = [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]
    for outcome in positives:
        query = outcome.query
        truth = [stretch_intervals(stretch) for stretch in query.stretches]
        whole = tuple(_merged(intervals[axis] for intervals in truth) for axis in (0, 1))
        for axis in (0, 1):
            true[axis] += _length(whole[axis])
        for answer in outcome.answers:
            if not answer.asserted:
                continue
            right = [s for s in answer.segments if answer.reference == query.ref]
            right = [s for s in right if any(meets(s, intervals) for intervals in truth)]
            for axis in (0, 1):
                asserted[axis] += _length(_merged(on_axis(s, axis) for s in answer.segments))
                found = _merged(on_axis(s, axis) for s in right)
                shared[axis] += sum(_overlap(one, other) for one in found for other in whole[axis])
    return _quotient(shared, asserted), _quotient(shared, true)


def micro_average_precision(outcomes: Iterable[Outcome]) -> float | None:
    """Return the average precision over all (query, reference) pairs by score.

    Source: Douze et al., The 2021 Image Similarity Dataset and Challenge, 2021 (micro-AP).
    """
    outcomes = list(outcomes)
    true_pairs = sum(outcome.query.positive for outcome in outcomes)
    if not true_pairs:
        return None
    ranked = sorted(
        (-answer.score, answer.reference != outcome.query.ref)
        for outcome in outcomes
        for answer in outcome.answers
    )
    # Wrong pairs sort before right ones of the same score: ties are not taken as luck.
    ranked.sort(key=lambda pair: (pair[0], not pair[1]))
    hits, total = 0, 0.0
    for rank, (_, wrong) in enumerate(ranked, start=1):
        if not wrong:
            hits += 1
            total += hits / rank
    return total / true_pairs


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least ``share`` of ``values`` do not exceed."""
    ordered = sorted(values)
    rank = max(1, -int(-share * len(ordered) // 1))
    return ordered[min(rank, len(ordered)) - 1]


def stretch_intervals(stretch: Stretch) -> tuple[Interval, Interval]:
    """Return the stretch's seconds in the query and in the reference."""
    return (stretch.query_start, stretch.query_end), (stretch.ref_start, stretch.ref_end)


def on_axis(segment: Segment, axis: int) -> Interval:
    """Return the segment's seconds in the query (axis 0) or in the reference (axis 1)."""
    if axis == 0:
        return segment.query_start_ms / 1000, segment.query_end_ms / 1000
    return segment.reference_start_ms / 1000, segment.reference_end_ms / 1000


def _merged(intervals: Iterable[Interval]) -> list[Interval]:
    merged: list[Interval] = []
    for start, end in sorted(intervals):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _overlap(one: Interval, other: Interval) -> float:
    return max(0.0, min(one[1], other[1]) - max(one[0], other[0]))


def meets(segment: Segment, truth: tuple[Interval, Interval]) -> bool:
    """Return whether the segment shares length with the true stretch on both axes."""
    return all(_overlap(on_axis(segment, axis), truth[axis]) > 0 for axis in (0, 1))


def _length(intervals: Iterable[Interval]) -> float:
    return sum(end - start for start, end in intervals)


def _quotient(shared: Sequence[float], whole: Sequence[float]) -> float | None:
    if min(whole) <= 0:
        return None
    return math.sqrt((shared[0] / whole[0]) * (shared[1] / whole[1]))
