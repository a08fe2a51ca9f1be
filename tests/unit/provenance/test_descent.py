"""Who was made from whom, by what was measured."""

from __future__ import annotations

import pytest

from tests.unit.provenance.test_footage import shared
from tracker.model.likeness import Likeness
from tracker.model.match import Match, Transformation
from tracker.provenance.descent import (
    NAMES,
    WEIGHTS,
    Facts,
    beginning_odds,
    features,
    log_odds,
)

PLAIN = Facts(10_000, 640 * 360, 200_000.0)
POOR = Facts(10_000, 320 * 180, 60_000.0)
NEAR, FAR = Likeness(4.0), Likeness(40.0)


def match(forward: tuple[str, ...] = (), backward: tuple[str, ...] = ()) -> Match:
    one = shared("child", (0, 10), "parent", (0, 10))
    return Match(
        one.query,
        one.reference,
        1.0,
        one.segments,
        tuple(Transformation(kind) for kind in forward),
        reverse_transformations=tuple(Transformation(kind) for kind in backward),
    )


def odds(one: Match, alike: Likeness = NEAR, child: Facts = PLAIN, parent: Facts = PLAIN) -> float:
    return log_odds(one, alike, child, parent)


def test_every_feature_has_its_weight() -> None:
    assert set(WEIGHTS) == set(NAMES)
    assert len(features(match(), None, PLAIN, PLAIN)) == len(NAMES)


def test_the_nearer_the_likelier() -> None:
    assert odds(match(("reencode",))) > odds(match(("reencode",)), FAR)


def test_fewer_edits_are_likelier() -> None:
    assert odds(match(("colour",))) > odds(match(("colour", "overlay", "crop")))


def test_a_poor_copy_is_hardly_the_source_of_a_good_one() -> None:
    one = match(("reencode",), ("reencode",))
    assert odds(one, NEAR, POOR, PLAIN) > odds(one, NEAR, PLAIN, POOR)
    assert beginning_odds(POOR, [PLAIN]) < beginning_odds(PLAIN, [POOR]) == 0.0


def test_colours_do_not_come_from_grey() -> None:
    grey = Transformation("colour", {"grey": True})
    other = Transformation("colour", {"grey": False})
    plain = match()
    lost = Match(plain.query, plain.reference, 1.0, plain.segments, (grey,), (), True, (other,))
    assert odds(lost) > odds(lost.swapped()) + 3


def test_what_stands_still_on_the_child_was_laid_over_it() -> None:
    over = Likeness(8.0, 3.0, 0.04, query_moves=1.0, reference_moves=9.0)
    assert odds(match(("overlay",)), over) > odds(match(("overlay",)), over.swapped())


@pytest.mark.parametrize("facts", [Facts(0, 0, 0.0), Facts(10**9, 10**9, 1e12)])
def test_odd_facts_are_borne(facts: Facts) -> None:
    assert abs(log_odds(match(), None, facts, PLAIN)) < 100
    assert abs(log_odds(match(), None, PLAIN, facts)) < 100
