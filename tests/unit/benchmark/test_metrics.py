from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.benchmark.corpus import Query
from tracker.benchmark.metrics import (
    Answer,
    Outcome,
    micro_average_precision,
    percentile,
    scores,
)
from tracker.model.match import Segment


def positive(name: str = "q", ref: str = "r1") -> Query:
    return Query(
        id=name,
        file="q.mp4",
        positive=True,
        ref=ref,
        transform="trim",
        family="trim",
        query_start=0,
        query_end=10,
        ref_start=20,
        ref_end=30,
    )


def negative(name: str = "n") -> Query:
    return Query(id=name, file="n.mp4", positive=False, transform="plain", family="trim")


def segment(q0: float, q1: float, r0: float, r1: float) -> Segment:
    start, end, reference_start, reference_end = (round(1000 * t) for t in (q0, q1, r0, r1))
    return Segment(start, end, reference_start, reference_end, 1.0, mirrored=False, score=0.9)


def answer(ref: str, score: float, *segments: Segment) -> Answer:
    return Answer(ref, score, score >= 0.5, segments or (segment(0, 10, 20, 30),))


def outcome(query: Query, *answers: Answer) -> Outcome:
    return Outcome(query, answers, 1.0)


def test_the_perfect_answer() -> None:
    result = scores([outcome(positive(), answer("r1", 0.9)), outcome(negative())])
    assert (result.recall, result.segment_f1, result.micro_ap) == (1.0, 1.0, 1.0)
    assert (result.wrong_assertions, result.false_positives) == (0, 0)


def test_nothing_found() -> None:
    result = scores([outcome(positive()), outcome(negative())])
    assert (result.recall, result.segment_precision, result.segment_recall) == (0.0, None, 0.0)
    assert (result.segment_f1, result.micro_ap) == (None, 0.0)


def test_another_reference_on_a_positive_is_a_wrong_assertion_not_a_miss() -> None:
    result = scores([outcome(positive(), answer("r1", 0.6), answer("r2", 0.9))])
    assert (result.found, result.wrong_assertions) == (1, 1)
    assert result.micro_ap == 0.5
    assert result.segment_precision == pytest.approx(0.5)


def test_anything_asserted_on_a_negative_is_one_false_positive() -> None:
    result = scores([outcome(negative(), answer("r1", 0.6), answer("r2", 0.9))])
    assert (result.false_positives, result.recall, result.micro_ap) == (1, None, None)


def test_what_stays_under_the_threshold_counts_only_for_average_precision() -> None:
    result = scores([outcome(positive(), answer("r1", 0.4)), outcome(negative())])
    assert (result.recall, result.micro_ap) == (0.0, 1.0)


def test_half_a_segment_and_splits() -> None:
    half = scores([outcome(positive(), answer("r1", 0.9, segment(0, 5, 20, 25)))])
    assert half.segment_precision == 1.0
    assert half.segment_recall == pytest.approx(0.5)
    split = [segment(0, 5, 20, 25), segment(5, 10, 25, 30), segment(4, 6, 24, 26)]
    assert scores([outcome(positive(), answer("r1", 0.9, *split))]).segment_f1 == 1.0


def test_the_right_time_in_one_video_alone_is_worth_nothing() -> None:
    elsewhere = scores([outcome(positive(), answer("r1", 0.9, segment(0, 10, 50, 60)))])
    assert elsewhere.segment_f1 == 0.0


def test_ties_are_not_taken_as_luck() -> None:
    tied = [outcome(positive(), answer("r1", 0.7), answer("r2", 0.7))]
    assert micro_average_precision(tied) == 0.5


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1))
def test_a_percentile_is_one_of_the_values_and_bounds_its_share(
    values: list[float], share: float
) -> None:
    bound = percentile(values, share)
    assert bound in values
    assert sum(value <= bound for value in values) >= share * len(values) - 1e-9


def test_percentiles() -> None:
    assert percentile([1, 2, 3, 4], 0.5) == 2
    assert percentile(list(range(1, 101)), 0.95) == 95
