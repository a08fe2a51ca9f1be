from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.accuracy.analysis import (
    at_threshold,
    borders,
    chosen_threshold,
    half,
    short_copies,
    threshold_report,
    wrong_answers,
)
from benchmarks.accuracy.labels import label_scores
from tests.unit.benchmark.test_metrics import negative, outcome, segment
from tracker.benchmark.corpus import Edit, Query, Stretch
from tracker.benchmark.metrics import Answer, Outcome, scores


def copy(name: str = "q", family: str = "trim", **more: object) -> Query:
    times = {"query_start": 0.0, "query_end": 10.0, "ref_start": 20.0, "ref_end": 30.0}
    fixed = {"file": "q.mp4", "positive": True, "ref": "r1", "transform": family}
    return Query.model_validate({"id": name, "family": family, **times, **fixed, **more})


def labelled(query: Query, *labels: str) -> Outcome:
    return outcome(query, Answer("r1", 0.9, True, (segment(0, 10, 20, 30),), labels))


def test_borders_count_what_is_within_a_second() -> None:
    found = Answer("r1", 0.9, True, (segment(0.5, 8, 20.9, 30),))
    result = borders([outcome(copy(), found)])
    assert (result.reported, result.near) == (4, 3)
    assert result.far == ("q 2.0 s",)


def test_a_segment_is_held_against_the_stretch_it_shares_most_with() -> None:
    parts = [
        Stretch(query_start=0, query_end=4, ref_start=20, ref_end=24),
        Stretch(query_start=6, query_end=10, ref_start=20, ref_end=24),
    ]
    found = Answer("r1", 0.9, True, (segment(0, 4, 20, 24), segment(6, 10, 20, 24)))
    result = borders([outcome(copy(segments=[p.model_dump() for p in parts]), found)])
    assert (result.reported, result.near) == (8, 8)


def test_a_segment_that_meets_no_stretch_has_no_near_border() -> None:
    found = Answer("r1", 0.9, True, (segment(0, 10, 50, 60),))
    assert borders([outcome(copy(), found)]).near == 0


def test_borders_of_what_is_not_asserted_do_not_count() -> None:
    assert borders([outcome(copy(), Answer("r1", 0.3, False, ()))]).share is None


def test_segments_of_several_stretches_score_in_full() -> None:
    parts = [
        {"query_start": 0, "query_end": 4, "ref_start": 20, "ref_end": 24},
        {"query_start": 6, "query_end": 10, "ref_start": 40, "ref_end": 44},
    ]
    query = copy(segments=parts)
    both = Answer("r1", 0.9, True, (segment(0, 4, 20, 24), segment(6, 10, 40, 44)))
    one = Answer("r1", 0.9, True, (segment(0, 4, 20, 24),))
    assert scores([outcome(query, both)]).segment_f1 == 1.0
    assert scores([outcome(query, one)]).segment_recall == 0.5


def test_short_copies_are_those_of_three_seconds() -> None:
    short = copy("short", query_end=3.0, ref_end=23.0)
    assert [o.query.id for o in short_copies([outcome(short), outcome(copy())])] == ["short"]


def test_the_main_edit_must_be_named() -> None:
    result = label_scores(
        [
            labelled(copy("a", "crop"), "trim", "crop"),
            labelled(copy("b", "crop"), "trim"),
            labelled(copy("c", "flip"), "trim", "mirror", "speed"),
            outcome(copy("not found", "crop")),
        ]
    )
    assert (result.judged, result.right, result.contradicted) == (3, 2, 1)
    assert result.wrong == ("b: trim; expected crop",)


def test_only_encoded_anew_is_said_by_saying_nothing_else() -> None:
    silent, loud = labelled(copy("a", "recode"), "trim"), labelled(copy("b", "recode"), "crop")
    assert label_scores([silent, loud]).wrong == ("b: crop; expected reencode",)


def test_edits_that_the_truth_lists_are_what_counts() -> None:
    query = copy("a", "combined", edits=[Edit(kind="mirror"), Edit(kind="trim")])
    result = label_scores([labelled(query, "mirror"), labelled(query, "caption")])
    assert (result.right, result.contradicted) == (1, 1)


def test_wrong_answers_are_named_at_any_rank() -> None:
    both = outcome(
        copy(),
        Answer("r1", 0.9, True, ()),
        Answer("r2", 0.6, True, ()),
        Answer("r3", 0.2, False, ()),
    )
    assert wrong_answers([both]) == ["q → r2 (0.60)"]


def test_all_queries_of_one_reference_are_in_one_half() -> None:
    assert len({half(outcome(copy(f"q{n}"))) for n in range(20)}) == 1
    assert {half(outcome(negative(f"n{n}"))) for n in range(40)} == {"A", "B"}


@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=30),
)
def test_nothing_wrong_is_asserted_at_the_chosen_threshold(pairs: list[tuple[float, bool]]) -> None:
    outcomes = [
        outcome(copy(f"q{n}"), Answer("r1" if right else "r2", score, False, ()))
        for n, (score, right) in enumerate(pairs)
    ]
    chosen = chosen_threshold(outcomes)
    result = scores(at_threshold(outcomes, chosen.least_score))
    assert result.wrong_assertions == 0
    above = sum(right and score > chosen.best_wrong for score, right in pairs)
    assert result.found == above


def test_the_report_judges_half_b_by_the_threshold_of_half_a() -> None:
    names = [f"n{n}" for n in range(40)]
    in_a = next(name for name in names if half(outcome(negative(name))) == "A")
    in_b = next(name for name in names if half(outcome(negative(name))) == "B")
    report = threshold_report(
        [
            outcome(negative(in_a), Answer("r2", 0.3, False, ())),
            outcome(negative(in_b), Answer("r2", 0.6, False, ())),
        ]
    )
    assert (report.on_a.false_positives, report.on_b.false_positives) == (0, 1)
