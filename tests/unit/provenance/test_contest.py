"""What a leaning adds to the odds of sources, and who is asked about."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.provenance.test_footage import vid
from tracker.model.ids import VideoId
from tracker.provenance import contest
from tracker.provenance.contest import (
    CLOSE_ODDS,
    MOST_RIVALS,
    ODDS_WEIGHT,
    LeaningOf,
    close_sources,
    in_words,
    told_by_leanings,
)

COPY = vid("copy")


def known(leanings: Mapping[tuple[str, str], float]) -> LeaningOf:
    both = {(vid(a), vid(b)): leaning for (a, b), leaning in leanings.items()}
    both |= {(b, a): -leaning for (a, b), leaning in both.items()}
    return lambda _video, one, other: both.get((one, other))


def odds(**said: float) -> dict[VideoId, float]:
    return {vid(name): value for name, value in said.items()}


def there(*names: str) -> dict[VideoId, float]:
    return dict.fromkeys(map(vid, names), 1.0)


def settled(
    said: Mapping[VideoId, float], chances: Mapping[VideoId, float], leaning_of: LeaningOf
) -> dict[VideoId, float]:
    return contest.settled(COPY, said, close_sources(said, chances), leaning_of)


def test_where_nothing_is_known_the_odds_stay() -> None:
    said = odds(a=2.0, b=-1.0)
    assert settled(said, there("a", "b"), lambda *_: None) == said


def test_a_clear_leaning_overrules_close_odds() -> None:
    found = settled(odds(a=1.0, b=0.0), there("a", "b"), known({("b", "a"): 0.4}))
    assert found[vid("b")] > found[vid("a")]


def test_a_clear_leaning_does_not_overrule_clear_odds() -> None:
    found = settled(odds(a=CLOSE_ODDS, b=0.0), there("a", "b"), known({("b", "a"): 0.2}))
    assert found[vid("a")] > found[vid("b")]


def test_what_came_after_the_copy_does_not_count_against_its_source() -> None:
    """A copy of the copy has the errors that the copy made."""
    chances = {vid("source"): 1.0, vid("child"): 0.0}
    leaning = known({("child", "source"): 0.5})
    found = settled(odds(source=0.0, child=0.0), chances, leaning)
    assert found[vid("source")] == pytest.approx(0.0)


def test_only_close_sources_are_asked_about() -> None:
    asked: set[frozenset[VideoId]] = set()

    def remembered(_video: VideoId, one: VideoId, other: VideoId) -> float | None:
        asked.add(frozenset((one, other)))
        return None

    names = [f"s{number}" for number in range(9)]
    said = {vid(name): -float(number) for number, name in enumerate(names)}
    settled(said, there(*names), remembered)
    assert len(frozenset().union(*asked)) == MOST_RIVALS
    asked.clear()
    settled(odds(near=0.0, far=-CLOSE_ODDS - 0.1), there("near", "far"), remembered)
    assert asked == set()


def test_a_source_that_was_not_compared_keeps_its_share_of_the_odds() -> None:
    said = odds(a=0.0, b=-1.0, far=-20.0)
    found = settled(said, there("a", "b", "far"), known({("a", "b"): 0.3}))
    assert found[vid("far")] == pytest.approx(-20.0 * ODDS_WEIGHT)


@given(st.dictionaries(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")),
                       st.floats(-0.5, 0.5), max_size=8))  # fmt: skip
def test_the_order_of_the_sources_changes_nothing(pairs: dict[tuple[str, str], float]) -> None:
    leaning = known({pair: value for pair, value in pairs.items() if pair[0] < pair[1]})
    said = odds(a=0.0, b=-0.5, c=0.5, d=0.5)
    turned = dict(reversed(said.items()))
    chances = there("a", "b", "c", "d")
    assert settled(said, chances, leaning) == settled(turned, chances, leaning)
    told = told_by_leanings(COPY, said, close_sources(said, chances), leaning)
    assert told is None or all(least <= mean for mean, least in told.values())


def test_only_a_clear_leaning_is_said() -> None:
    assert in_words([None, 0.1, 0.4]) == ""
    assert "small errors of this one" in in_words([None, 0.3, 0.4])
    assert "but it repeats" in in_words([0.4, -0.3])
    assert in_words([]) == ""
