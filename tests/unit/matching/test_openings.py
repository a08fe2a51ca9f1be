"""A channel's opening says nothing about what follows; an excerpt at the beginning does."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.unit.matching.made_films import Film, Take, fingerprint, flipped, joined, later, recoded
from tests.unit.matching.made_films import edited as edited_film
from tracker.matching.compare import compare
from tracker.matching.openings import only_opening
from tracker.model.fingerprint import Fingerprint
from tracker.model.ids import VideoId
from tracker.model.match import Segment

ONE, OTHER = VideoId("1" * 64), VideoId("2" * 64)
OPENING_MS = 4000
OPENING = Take(place=101, subject=1)


def segments(query: Fingerprint, reference: Fingerprint) -> list[Segment]:
    found = compare(ONE, query, OTHER, reference)
    assert found.score >= 0.5
    return [stretch.segment for stretch in found.stretches]


def programme(place: int, opening: Film = OPENING) -> Fingerprint:
    return fingerprint(joined((opening, OPENING_MS), (Take(place, place), 12_000)), 16_000)


@pytest.mark.parametrize("place", [102, 103, 104])
def test_a_shared_opening_is_told_and_ends_at_its_cut(place: int) -> None:
    query = programme(place, edited_film(OPENING, recoded))
    reference = programme(place + 10)
    found = segments(query, reference)
    assert only_opening(found, query, reference)
    assert [s.query_end_ms for s in found] == pytest.approx([OPENING_MS], abs=250)


def test_a_shared_closing_is_told() -> None:
    one, other = (
        fingerprint(joined((Take(place, place), 12_000), (OPENING, OPENING_MS)), 16_000)
        for place in (105, 106)
    )
    assert only_opening(segments(one, other), one, other)


def test_a_copy_with_the_opening_in_front_is_a_copy() -> None:
    one = fingerprint(joined((OPENING, OPENING_MS), (Take(107, 107), 12_000)), 16_000)
    copy = fingerprint(
        joined((edited_film(OPENING, recoded), OPENING_MS), (Take(107, 107), 7_000)), 11_000
    )
    assert not only_opening(segments(copy, one), copy, one)


def test_an_excerpt_of_running_footage_at_the_beginning_is_a_copy() -> None:
    """The longer one runs on without a cut where the compilation goes to other pictures."""
    running = fingerprint(Take(108, 108), 16_000)
    compilation = programme(109, Take(108, 108))
    assert not only_opening(segments(compilation, running), compilation, running)


def test_an_excerpt_from_further_on_is_a_copy() -> None:
    one = programme(110)
    inner = later(joined((OPENING, OPENING_MS), (Take(110, 110), 12_000)), 6_000)
    news = fingerprint(joined((inner, OPENING_MS), (Take(111, 111), 12_000)), 16_000)
    assert not only_opening(segments(news, one), news, one)


def test_what_makes_up_most_of_a_video_is_no_opening() -> None:
    short = fingerprint(joined((OPENING, OPENING_MS), (Take(112, 112), 2_000)), 6_000)
    reference = programme(113)
    assert not only_opening(segments(short, reference), short, reference)


def test_a_mirrored_beginning_is_an_edit() -> None:
    query = programme(114, edited_film(OPENING, flipped))
    reference = programme(115)
    assert not only_opening(segments(query, reference), query, reference)


def test_nothing_shared_is_no_opening() -> None:
    assert not only_opening([], programme(116), programme(117))


def test_the_parts_of_two_programmes_of_one_channel_stay_in_order() -> None:
    """Opening and closing are both told, and neither runs into the footage between them."""
    closing = Take(118, 118)
    one, other = (
        fingerprint(
            joined((OPENING, OPENING_MS), (Take(p, p), 10_000), (closing, OPENING_MS)), 18_000
        )
        for p in (119, 120)
    )
    found = segments(one, other)
    assert only_opening(found, one, other)
    assert all(a.query_end_ms <= b.query_start_ms for a, b in pairwise(found))
