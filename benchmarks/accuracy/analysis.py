"""What the outcomes of a corpus say beyond recall: borders, short copies, thresholds, misses."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tracker.benchmark.corpus import Stretch
from tracker.benchmark.metrics import Answer, Outcome, Scores, meets, scores, stretch_intervals
from tracker.model.match import Segment

BORDER_TOLERANCE_S = 1.0
SHORT_COPY_S = (2.5, 3.5)
LOOKALIKE = "lookalike_"


@dataclass(frozen=True, slots=True)
class Borders:
    """How many reported borders of found copies lie within a second of the truth."""

    reported: int
    near: int
    far: tuple[str, ...]

    @property
    def share(self) -> float | None:
        """Share of reported borders within a second of the true ones."""
        return self.near / self.reported if self.reported else None


def borders(outcomes: Iterable[Outcome]) -> Borders:
    """Return how near the four borders of each segment of a right reference are to the truth.

    A segment is held against the true stretch it shares most of the query with; one that shares
    length with none counts as four borders that are not near.
    """
    reported = near = 0
    far = []
    for outcome in outcomes:
        for segment in _right_segments(outcome):
            distances = _distances_s(segment, outcome.query.stretches)
            reported += 4
            near += sum(distance <= BORDER_TOLERANCE_S for distance in distances)
            worst = max(distances)
            if worst > BORDER_TOLERANCE_S:
                far.append(f"{outcome.query.id} {worst:.1f} s")
    return Borders(reported, near, tuple(far))


def _right_segments(outcome: Outcome) -> list[Segment]:
    return [
        segment
        for answer in outcome.answers
        if answer.asserted and answer.reference == outcome.query.ref
        for segment in answer.segments
    ]


def _distances_s(segment: Segment, stretches: Sequence[Stretch]) -> tuple[float, ...]:
    """Return how far each border is from its stretch's, in seconds."""
    met = [stretch for stretch in stretches if meets(segment, stretch_intervals(stretch))]
    if not met:
        return (float("inf"),) * 4
    found = (
        segment.query_start_ms / 1000,
        segment.query_end_ms / 1000,
        segment.reference_start_ms / 1000,
        segment.reference_end_ms / 1000,
    )
    each = [
        tuple(abs(one - other) for one, other in zip(found, _sides(stretch), strict=True))
        for stretch in met
    ]
    return min(each, key=sum)


def _sides(stretch: Stretch) -> tuple[float, ...]:
    return stretch.query_start, stretch.query_end, stretch.ref_start, stretch.ref_end


def short_copies(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Return the copies that show three seconds (within half a second) of their reference."""
    least, most = SHORT_COPY_S
    return [
        outcome
        for outcome in outcomes
        if outcome.query.positive
        and least <= sum(s.query_end - s.query_start for s in outcome.query.stretches) <= most
    ]


def wrong_answers(outcomes: Iterable[Outcome]) -> list[str]:
    """Return every assertion of a reference that the query shows nothing of."""
    return [
        f"{outcome.query.id} → {answer.reference} ({answer.score:.2f})"
        for outcome in outcomes
        for answer in outcome.answers
        if answer.asserted and answer.reference != outcome.query.ref
    ]


def lookalikes(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Return the outcomes of queries made to look like a reference they share nothing with."""
    return [outcome for outcome in outcomes if outcome.query.family.startswith(LOOKALIKE)]


def without_lookalikes(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Return all other outcomes."""
    return [outcome for outcome in outcomes if not outcome.query.family.startswith(LOOKALIKE)]


def half(outcome: Outcome) -> str:
    """Return ``A`` or ``B``: which half the query belongs to, by the footage it shows.

    All queries of one reference, or of one foreign source, are in one half.
    """
    query = outcome.query
    name = query.ref or query.source or query.id
    return "AB"[hashlib.sha256(name.encode()).digest()[0] % 2]


@dataclass(frozen=True, slots=True)
class Threshold:
    """A threshold chosen on some queries: the lowest that asserts nothing wrong on them.

    ``weakest_right`` is the lowest score of a right reference above it.
    """

    least_score: float
    best_wrong: float
    weakest_right: float | None


def chosen_threshold(outcomes: Sequence[Outcome]) -> Threshold:
    """Return the lowest threshold at which ``outcomes`` have no wrong assertion at any rank."""
    wrong = [a.score for o in outcomes for a in o.answers if a.reference != o.query.ref]
    right = [a.score for o in outcomes for a in o.answers if a.reference == o.query.ref]
    best_wrong = max(wrong, default=0.0)
    above = [score for score in right if score > best_wrong]
    weakest = min(above, default=None)
    between = best_wrong if weakest is None else (best_wrong + weakest) / 2
    least = between if weakest is None or between < weakest else best_wrong
    return Threshold(least, best_wrong, weakest)


def at_threshold(outcomes: Iterable[Outcome], least_score: float) -> list[Outcome]:
    """Return ``outcomes`` as they were if scores above ``least_score`` were asserted."""
    return [replace(o, answers=_judged(o.answers, least_score)) for o in outcomes]


def _judged(answers: Iterable[Answer], least_score: float) -> tuple[Answer, ...]:
    return tuple(replace(answer, asserted=answer.score > least_score) for answer in answers)


@dataclass(frozen=True, slots=True)
class ThresholdReport:
    """The threshold chosen on half A, and what it does to both halves."""

    threshold: Threshold
    on_a: Scores
    on_b: Scores


def threshold_report(outcomes: Sequence[Outcome]) -> ThresholdReport:
    """Return the threshold half A asks for, with the scores of A and B under it."""
    a = [outcome for outcome in outcomes if half(outcome) == "A"]
    b = [outcome for outcome in outcomes if half(outcome) == "B"]
    chosen = chosen_threshold(a)
    least = chosen.least_score
    return ThresholdReport(chosen, scores(at_threshold(a, least)), scores(at_threshold(b, least)))
