"""The drawn time line: order kept, intervals as intervals, labels apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.support.sample_chain import at, sample_chain
from tracker.model.time_claim import TimeInterval
from tracker.reports.timeline import LEFT, RIGHT, timeline

ENDS = st.none() | st.datetimes(
    datetime(1990, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@st.composite
def intervals(draw: st.DrawFn) -> TimeInterval | None:
    one, other = draw(ENDS), draw(ENDS)
    if one is not None and other is not None and other < one:
        one, other = other, one
    return draw(st.sampled_from([TimeInterval(one, other), None]))


@given(st.lists(intervals(), max_size=12))
def test_the_drawing_keeps_the_order_and_labels_do_not_overlap(
    given_intervals: list[TimeInterval | None],
) -> None:
    line = timeline(given_intervals)
    assert len(line.bars) == len(given_intervals)
    for bar in line.bars:
        assert 0 <= bar.start <= bar.end <= 100
    for before, after in pairwise(line.ticks):
        assert before.extent[1] <= after.extent[0]
    for one, one_bar in zip(given_intervals, line.bars, strict=True):
        for other, other_bar in zip(given_intervals, line.bars, strict=True):
            if one and other and one.certainly_before(other):
                assert one_bar.end <= other_bar.start


def test_open_ends_reach_the_edge_and_unknown_is_marked() -> None:
    moment = at(2024, 5, 1)
    before, after, unknown = timeline(
        [TimeInterval(None, moment), TimeInterval(moment, None), None]
    ).bars
    assert (before.start, before.open_start, before.open_end) == (0, True, False)
    assert (after.end, after.open_end) == (100, True)
    assert unknown.unknown


def test_days_apart_are_drawn_to_scale() -> None:
    days = [TimeInterval(at(2024, 5, day), at(2024, 5, day)) for day in (1, 2, 5)]
    line = timeline(days)
    assert line.linear
    assert [bar.start for bar in line.bars] == [LEFT, 28.5, RIGHT]


def test_seconds_beside_years_are_still_told_apart() -> None:
    start = at(2020, 1, 1)
    line = timeline(
        [
            TimeInterval(start, start + timedelta(hours=1)),
            TimeInterval(start + timedelta(hours=2), start + timedelta(hours=3)),
            TimeInterval(at(2024, 1, 1), at(2024, 1, 2)),
        ]
    )
    assert not line.linear
    assert line.bars[1].start - line.bars[0].end > 2
    assert [tick.label for tick in line.ticks] == ["Jan 2020", "Jan 2024"]


def test_nothing_known_draws_nothing_but_dotted_lines() -> None:
    line = timeline([None, TimeInterval(None, None)])
    assert line.ticks == ()
    assert all(bar.unknown for bar in line.bars)
    assert timeline([]).bars == ()


def test_the_sample_has_labels_from_first_to_last() -> None:
    published = [link.appearance.published for link in sample_chain().links]
    line = timeline([item.interval if item else None for item in published])
    assert [line.ticks[0].label, line.ticks[-1].label] == ["Sep 2023", "Nov 2026"]
