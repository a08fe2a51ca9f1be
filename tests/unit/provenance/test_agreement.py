"""Which matches the others contradict."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.model.ids import VideoId
from tracker.model.match import InstantAgreement, Match, Segment, SoundAgreement
from tracker.provenance.agreement import corroborated


def vid(name: str) -> VideoId:
    return VideoId(hashlib.sha256(name.encode()).hexdigest())


def found(one: str, other: str, offset_ms: int, score: float = 1.0) -> Match:
    """The first eight seconds of ``one``, seen so much later in ``other``."""
    segment = Segment(0, 8_000, offset_ms, 8_000 + offset_ms, 1.0, mirrored=False, score=score)
    return Match(vid(one), vid(other), score, (segment,))


def copies(*names: str) -> list[Match]:
    return [found(one, other, 0) for one, other in combinations(names, 2)]


FAMILIES = [*copies("a", "b", "c"), *copies("x", "y", "z")]


def test_matches_that_each_say_something_else_are_dropped() -> None:
    alike = [
        found("a", "x", 0, 0.8),
        found("a", "y", 1_500, 0.8),
        found("b", "x", 4_000, 0.8),
        found("c", "z", 2_500, 0.8),
    ]
    assert corroborated([*FAMILIES, *alike]) == FAMILIES


def test_unsure_matches_that_agree_are_kept() -> None:
    true = [found(one, other, 300, 0.7) for one in "abc" for other in "xyz"]
    assert corroborated([*FAMILIES, *true]) == [*FAMILIES, *true]


def test_one_that_nothing_stands_beside_is_kept() -> None:
    lonely = found("a", "x", 2_000, 0.6)
    assert corroborated([*FAMILIES, lonely]) == [*FAMILIES, lonely]


def test_a_sure_match_is_kept_whatever_the_others_say() -> None:
    odd = [found("a", "x", 0, 0.7), found("b", "y", 2_000, 0.7), found("c", "z", 4_000, 0.7)]
    sure = found("a", "z", 6_000, 0.99)
    assert sure in corroborated([*FAMILIES, *odd, sure])


def test_speed_is_followed() -> None:
    """Copies at double speed lead to the same moments at half the distance."""
    slow = [
        Match(
            vid(one),
            vid(other),
            0.8,
            (Segment(0, 4_000, 0, 8_000, 2.0, mirrored=False, score=0.8),),
        )
        for one in ("f", "g")
        for other in "xyz"
    ]
    everything = [*copies("x", "y", "z"), found("f", "g", 0), *slow]
    assert corroborated(everything) == everything


@given(st.permutations([*FAMILIES, *(found("a", o, n * 900, 0.8) for n, o in enumerate("xyz"))]))
def test_the_order_changes_nothing(matches: list[Match]) -> None:
    kept = corroborated(matches)
    assert {(m.query, m.reference) for m in kept} == {
        (m.query, m.reference) for m in corroborated(sorted(matches, key=lambda m: m.reference))
    }


def test_two_unsure_ones_that_contradict_each_other_are_both_dropped() -> None:
    two = [found("a", "x", 0, 0.8), found("b", "x", 3_000, 0.8)]
    assert corroborated([*FAMILIES[:3], *two]) == FAMILIES[:3]


def untold(one: str, other: str, sound: SoundAgreement = SoundAgreement.UNKNOWN) -> Match:
    return replace(found(one, other, 0, 0.8), moment_told=False, sound=sound)


def test_a_shot_whose_moment_is_not_told_ties_nothing_together() -> None:
    assert corroborated([*FAMILIES, untold("a", "x")]) == FAMILIES


def test_the_same_sound_tells_the_moment() -> None:
    heard = untold("a", "x", SoundAgreement.SAME)
    assert corroborated([*FAMILIES, heard]) == [*FAMILIES, heard]


def test_matches_that_do_not_tell_the_moment_speak_against_those_beside_them() -> None:
    """Copies of one moment would all show the little that moves."""
    untelling = [untold(one, other) for one in "ab" for other in "xy"]
    for score in (0.8, 0.99):
        assert corroborated([*FAMILIES, *untelling, found("c", "z", 0, score)]) == FAMILIES


def test_another_sound_speaks_against_a_match_in_which_nothing_moves() -> None:
    still = replace(found("a", "x", 0, 0.9), instants=InstantAgreement(0.2, 0.1, 0.1, 0.25))
    assert corroborated([still]) == [still]
    assert corroborated([replace(still, sound=SoundAgreement.DIFFERENT)]) == []


def test_another_sound_speaks_against_a_weak_match_only() -> None:
    weak, strong = (
        replace(found("a", "x", 0, score), sound=SoundAgreement.DIFFERENT) for score in (0.55, 0.9)
    )
    assert corroborated([weak]) == []
    assert corroborated([strong]) == [strong]


def doubted(one: str, other: str, score: float = 1.0) -> Match:
    return replace(found(one, other, 0, score), moment_odds=2.0)


def test_what_only_doubted_matches_say_ties_no_families_together() -> None:
    """One gesture, one car: two takes of one camera agree with each other all along."""
    doubts = [doubted(one, other, 0.8) for one in "abc" for other in "xyz"]
    assert corroborated([*FAMILIES, *doubts]) == FAMILIES


@pytest.mark.parametrize("odds", [None, 6.0])
def test_a_doubted_match_stands_with_one_beside_it_that_is_not(odds: float | None) -> None:
    certain = replace(found("b", "y", 0), moment_odds=odds)
    everything = [*FAMILIES, certain, doubted("a", "x")]
    assert corroborated(everything) == everything
    elsewhere = replace(found("b", "y", 3_000), moment_odds=odds)
    assert doubted("a", "x") not in corroborated([*FAMILIES, elsewhere, doubted("a", "x")])


ALIKE, UNLIKE = InstantAgreement(0.9, 0.1, 3.0, 1.0), InstantAgreement(0.06, 0.02, 3.0, 0.0)


def test_a_doubted_match_stands_if_its_originals_clearly_agree() -> None:
    clear = replace(doubted("a", "x", 0.6), instants=ALIKE)
    assert corroborated([*FAMILIES, clear]) == [*FAMILIES, clear]
    beside = doubted("b", "y")
    assert corroborated([*FAMILIES, clear, beside]) == [*FAMILIES, clear, beside]


def test_originals_are_believed_before_what_stands_beside_a_match() -> None:
    odd = [found("a", "x", 0, 0.8), found("b", "y", 2_000, 0.8), untold("c", "y")]
    clear = replace(found("c", "z", 5_000, 0.6), instants=ALIKE)
    assert clear in corroborated([*FAMILIES, *odd, clear])


def test_a_match_of_which_the_originals_disagree_needs_another_beside_it() -> None:
    unlike = [replace(found(one, other, 0), instants=UNLIKE) for one in "ab" for other in "xy"]
    assert corroborated([*FAMILIES, *unlike]) == FAMILIES
    certain = found("c", "z", 0)
    assert corroborated([*FAMILIES, *unlike, certain]) == [*FAMILIES, *unlike, certain]


def test_where_nothing_moves_the_originals_say_nothing_against_a_match() -> None:
    still = [replace(m, instants=replace(UNLIKE, moving=0.02)) for m in copies("a", "x")]
    assert corroborated([*FAMILIES, *still]) == [*FAMILIES, *still]


def test_sound_is_a_witness_of_its_own_beside_the_originals() -> None:
    heard = replace(found("a", "x", 0), instants=UNLIKE, sound=SoundAgreement.SAME)
    assert corroborated([*FAMILIES, heard]) == [*FAMILIES, heard]
    revoiced = replace(found("a", "x", 0, 0.55), instants=ALIKE, sound=SoundAgreement.DIFFERENT)
    assert corroborated([*FAMILIES, revoiced]) == [*FAMILIES, revoiced]


def test_a_doubted_match_stands_where_there_are_no_certain_copies_to_ask() -> None:
    assert corroborated([doubted("a", "x")]) == [doubted("a", "x")]
    three = [doubted("a", "b"), doubted("b", "c"), doubted("a", "c")]
    assert corroborated(three) == three


def test_the_same_sound_takes_the_doubt_away() -> None:
    heard = replace(doubted("a", "x"), sound=SoundAgreement.SAME)
    assert corroborated([*FAMILIES, heard]) == [*FAMILIES, heard]


def at_double_speed(one: str, other: str) -> Match:
    segment = Segment(0, 4_000, 0, 8_000, 2.0, mirrored=False, score=0.8)
    return Match(vid(one), vid(other), 0.8, (segment,))


def test_an_odd_speed_that_one_copy_alone_shows_is_chance() -> None:
    """All copies of the other side look alike and say so; those of its own do not."""
    chance = [at_double_speed("a", other) for other in "xyz"]
    assert corroborated([*FAMILIES, *chance]) == FAMILIES
    copied = [at_double_speed(one, other) for one in "abc" for other in "xyz"]
    assert corroborated([*FAMILIES, *copied]) == [*FAMILIES, *copied]


def test_an_odd_speed_of_a_video_without_copies_is_kept() -> None:
    fast = [at_double_speed("f", other) for other in "xyz"]
    assert corroborated([*copies("x", "y", "z"), *fast]) == [*copies("x", "y", "z"), *fast]
