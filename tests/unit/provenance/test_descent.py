"""Who was made from whom, by what was measured."""

from __future__ import annotations

from dataclasses import replace
from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.provenance.test_footage import shared
from tracker.model.likeness import Likeness
from tracker.model.match import Laid, Match, Transformation
from tracker.provenance.descent import (
    NEARNESS,
    NEARNESS_WEIGHTS,
    PRECEDENCE,
    PRECEDENCE_WEIGHTS,
    Facts,
    log_odds,
    nearness,
    precedence,
    precedence_odds,
)

PLAIN = Facts(10_000, 640, 360, 200_000.0)
POOR = Facts(10_000, 640, 360, 60_000.0)
NEAR, FAR = Likeness(4.0), Likeness(40.0)
LAID = Laid(0.5, 0.05, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def match(
    forward: tuple[str, ...] = (), backward: tuple[str, ...] = (), laid: Laid | None = LAID
) -> Match:
    one = shared("child", (0, 10), "parent", (0, 10))
    return Match(
        one.query,
        one.reference,
        1.0,
        one.segments,
        tuple(Transformation(kind) for kind in forward),
        reverse_transformations=tuple(Transformation(kind) for kind in backward),
        laid=laid,
    )


def odds(one: Match, alike: Likeness = NEAR, child: Facts = PLAIN, parent: Facts = PLAIN) -> float:
    return log_odds(one, alike, child, parent)


def probability(one: Match, child: Facts = PLAIN, parent: Facts = PLAIN) -> float:
    """How likely the parent came first."""
    return exp(precedence_odds(one, child, parent))


def test_every_number_has_its_weight() -> None:
    assert tuple(NEARNESS_WEIGHTS) == NEARNESS
    assert tuple(PRECEDENCE_WEIGHTS) == PRECEDENCE
    assert len(nearness(match(), None, PLAIN, PLAIN)) == len(NEARNESS)
    assert len(precedence(match(), PLAIN, PLAIN)) == len(PRECEDENCE)


def test_the_nearer_the_likelier() -> None:
    assert odds(match(("reencode",))) > odds(match(("reencode",)), FAR)


def test_what_encoders_left_behind_tells_a_source_from_its_source() -> None:
    further = match(laid=replace(LAID, residual=1.5))
    assert odds(match()) > odds(further) + 1


def test_fewer_edits_are_likelier() -> None:
    assert odds(match(("colour",))) > odds(match(("colour", "overlay", "crop")))


def test_a_file_of_the_same_cut_is_likelier() -> None:
    longer = replace(PLAIN, duration_ms=10_400)
    assert odds(match()) > odds(match(), parent=longer) + 1


def test_a_poor_copy_is_hardly_the_source_of_a_good_one() -> None:
    assert probability(match(), child=POOR) > 0.9
    assert probability(match(), parent=POOR) < 0.1


def test_who_frames_a_picture_came_after_it() -> None:
    framed = replace(LAID, query_beside=0.5, query_seam=1.0)
    assert probability(match(("borders",), ("crop",), framed)) > 0.9


def test_who_shows_a_part_of_a_picture_that_goes_on_came_after_it() -> None:
    part = replace(LAID, reference_beside=0.5, reference_seam=0.0)
    whole = replace(LAID, reference_beside=0.5, reference_seam=1.0)
    assert probability(match(("crop",), laid=part)) > 0.6
    assert probability(match(("crop",), laid=whole)) < 0.1


def test_what_stands_still_on_the_child_was_laid_over_it() -> None:
    assert probability(match(laid=replace(LAID, overlaid=1.0))) > 0.55


def test_colours_do_not_come_from_grey() -> None:
    grey = Transformation("colour", {"grey": True})
    other = Transformation("colour", {"grey": False})
    lost = replace(match(), transformations=(grey,), reverse_transformations=(other,))
    assert odds(lost) > odds(lost.swapped()) + 3


SHARES = st.floats(0, 1)
LOGARITHMS = st.floats(-3, 3)
FACTS = st.builds(
    Facts, st.integers(1, 10**7), st.integers(1, 9_000), st.integers(1, 9_000), st.floats(1, 1e9)
)


@given(
    st.builds(Laid, SHARES, SHARES, SHARES, SHARES, LOGARITHMS, LOGARITHMS, LOGARITHMS, LOGARITHMS),
    FACTS,
    FACTS,
)
def test_one_of_the_two_came_first(laid: Laid, one: Facts, other: Facts) -> None:
    """The probabilities of both directions add up to one."""
    there = match(("crop",), ("borders",), laid)
    assert probability(there, one, other) + probability(there.swapped(), other, one) == (
        pytest.approx(1.0)
    )


@pytest.mark.parametrize("facts", [Facts(0, 0, 0, 0.0), Facts(10**9, 10**5, 10**5, 1e12)])
def test_odd_facts_are_borne(facts: Facts) -> None:
    for child, parent in ((facts, PLAIN), (PLAIN, facts)):
        assert abs(log_odds(match(), None, child, parent)) < 100
        assert precedence_odds(match(laid=None), child, parent) <= 0
