"""Nobody is older than what they descend from, whatever the pictures say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tracker.provenance.arborescence import likeliest_tree
from tracker.provenance.lineage import Existence, first_of_the_beginnings, likeliest_lineage

START = datetime(2024, 1, 1, tzinfo=UTC)
NAMES = [f"v{number}" for number in range(7)]

ODDS = st.fixed_dictionaries({name: st.floats(-5, 5) for name in NAMES})
SOURCES = st.fixed_dictionaries(
    {name: st.dictionaries(st.sampled_from(NAMES), st.floats(-5, 5)) for name in NAMES}
)
TIMES = st.fixed_dictionaries(
    {
        name: st.one_of(
            st.just(Existence()),
            st.integers(0, 9).map(lambda n: Existence(*[START + timedelta(days=n)] * 2)),
        )
        for name in NAMES
    }
)


def there_at(day: int) -> Existence:
    at = START + timedelta(days=day)
    return Existence(at, at)


def pairwise_possible(
    sources: dict[str, dict[str, float]], existence: dict[str, Existence]
) -> dict[str, dict[str, float]]:
    return {
        child: {
            parent: odds
            for parent, odds in held.items()
            if parent != child and existence[parent].earliest_at <= existence[child].latest_at
        }
        for child, held in sources.items()
    }


@given(ODDS, SOURCES, TIMES)
def test_no_line_of_descent_runs_against_time(
    beginnings: dict[str, float],
    sources: dict[str, dict[str, float]],
    existence: dict[str, Existence],
) -> None:
    possible = pairwise_possible(sources, existence)
    tree = likeliest_lineage(beginnings, possible, existence)
    assert set(tree) == set(NAMES)
    for video in NAMES:
        above, steps = tree[video], 0
        while above is not None:
            assert existence[above].earliest_at <= existence[video].latest_at
            above, steps = tree[above], steps + 1
            assert steps <= len(NAMES)


@given(ODDS, SOURCES)
def test_without_times_it_is_the_likeliest_tree(
    beginnings: dict[str, float], sources: dict[str, dict[str, float]]
) -> None:
    existence = dict.fromkeys(NAMES, Existence())
    possible = pairwise_possible(sources, existence)
    assert likeliest_lineage(beginnings, possible, existence) == likeliest_tree(
        beginnings, possible
    )


def test_the_link_with_the_best_substitute_is_given_up() -> None:
    beginnings = {"late": 0.0, "undated": -1.0, "old": -1.0}
    sources = {
        "late": {"undated": 0.5, "old": 0.0},
        "undated": {"late": 5.0, "old": 1.0},
        "old": {"undated": 4.0},
    }
    existence = {"late": there_at(9), "undated": Existence(), "old": there_at(1)}
    tree = likeliest_lineage(beginnings, sources, existence)
    assert tree == {"undated": None, "old": "undated", "late": "undated"}


def test_what_began_first_is_told_by_what_descends_from_it() -> None:
    tree = {"late": None, "undated": None, "old": "undated"}
    existence = {"late": there_at(9), "undated": Existence(), "old": there_at(1)}
    assert first_of_the_beginnings(tree, existence) == "undated"
