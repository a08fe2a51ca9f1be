"""Two fingerprints compared: copies are found where they lie, other moments are not claimed."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import pytest

from tests.unit.matching import made_films as films
from tests.unit.matching.made_films import Film, Take
from tracker.matching.compare import Comparison, compare
from tracker.matching.score import MATCH_SCORE
from tracker.model.fingerprint import Fingerprint
from tracker.model.ids import VideoId
from tracker.model.match import Segment

ONE, OTHER = VideoId("1" * 64), VideoId("2" * 64)
SOURCE_MS = 24_000


@cache
def take(place: int, subject: int) -> Fingerprint:
    return films.fingerprint(Take(place, subject), SOURCE_MS)


def journey(place: int) -> Take:
    """A take by a camera that moves."""
    return Take(place, 1, pan=0.25)


@cache
def journeyed(place: int) -> Fingerprint:
    return films.fingerprint(journey(place), SOURCE_MS)


def compared(query: Fingerprint, reference: Fingerprint) -> Comparison:
    return compare(ONE, query, OTHER, reference)


def segments(comparison: Comparison) -> list[Segment]:
    return [stretch.segment for stretch in comparison.stretches]


def assert_lies(segment: Segment, query_ms: tuple[int, int], reference_ms: tuple[int, int]) -> None:
    found = (
        segment.query_start_ms,
        segment.query_end_ms,
        segment.reference_start_ms,
        segment.reference_end_ms,
    )
    assert found == pytest.approx((*query_ms, *reference_ms), abs=1000)


@pytest.mark.parametrize("place", [1])
def test_another_take_by_the_same_fixed_camera_is_not_asserted(place: int) -> None:
    query = films.fingerprint(films.edited(Take(place, 2), films.recoded), 6000)
    reference = films.fingerprint(Take(place, 1), 8000)
    assert compared(query, reference).score < MATCH_SCORE


@pytest.mark.parametrize("place", range(1))
def test_another_moment_of_the_same_take_is_placed_nowhere_else(place: int) -> None:
    """What came before the reference began is not in it, however much the place is alike."""
    query = films.fingerprint(films.later(Take(place, 1), -14_000), 8000)
    assert compared(query, take(place, 1)).score < MATCH_SCORE


EDITS = {
    "recoded": films.recoded,
    "cropped": films.cropped(0.12, 0.1, 0.8, 0.8),
    "a small part": films.cropped(0.3, 0.2, 0.55, 0.55),
}


@pytest.mark.parametrize("name", EDITS)
@pytest.mark.parametrize("place", range(1))
def test_a_copy_is_asserted_where_it_lies(place: int, name: str) -> None:
    copy = films.edited(films.later(Take(place, 1), 6000), EDITS[name])
    copy = films.edited(copy, films.recoded)
    found = compared(films.fingerprint(copy, 10_000), take(place, 1))
    assert found.score >= MATCH_SCORE
    (segment,) = segments(found)
    assert_lies(segment, (0, 10_000), (6000, 16_000))
    assert segment.speed == pytest.approx(1.0, abs=0.02)
    assert not segment.mirrored


@pytest.mark.parametrize("place", range(1))
def test_a_mirrored_copy_is_asserted_as_such(place: int) -> None:
    copy = films.edited(films.later(Take(place, 1), 6000), films.flipped)
    found = compared(films.fingerprint(copy, 10_000), take(place, 1))
    assert found.score >= MATCH_SCORE
    (segment,) = segments(found)
    assert_lies(segment, (0, 10_000), (6000, 16_000))
    assert segment.mirrored


@pytest.mark.parametrize("speed", [0.75, 1.5])
def test_a_copy_at_another_speed_is_asserted_as_such(speed: float) -> None:
    copy = films.fingerprint(films.later(Take(5, 1), 2000, speed), 12_000)
    found = compared(copy, take(5, 1))
    assert found.score >= MATCH_SCORE
    (segment,) = segments(found)
    assert segment.speed == pytest.approx(speed, rel=0.03)
    assert_lies(segment, (0, 12_000), (2000, round(2000 + 12_000 * speed)))


def test_a_video_compared_with_its_own_frames_is_one_stretch() -> None:
    found = compared(take(1, 1), take(1, 1))
    (segment,) = segments(found)
    assert (segment.query_start_ms, segment.query_end_ms) == (0, SOURCE_MS)
    assert (segment.reference_start_ms, segment.reference_end_ms) == (0, SOURCE_MS)
    assert (segment.speed, segment.mirrored) == (1.0, False)
    assert found.score > 0.9


def test_unrelated_films_share_nothing() -> None:
    for place in range(1, 3):
        assert compared(take(0, 1), take(place, 1)).score < 0.15


def test_a_copy_between_other_footage_ends_at_the_cuts() -> None:
    spliced = films.joined(
        (Take(40, 1), 5000), (films.later(Take(0, 1), 8000), 9000), (Take(41, 1), 6000)
    )
    (segment,) = segments(compared(films.fingerprint(spliced, 20_000), take(0, 1)))
    assert_lies(segment, (5000, 14_000), (8000, 17_000))


@pytest.mark.parametrize("place", range(2))
def test_footage_in_reverse_order_is_not_asserted(place: int) -> None:
    reverse = films.fingerprint(films.later(Take(place, 1), 20_000, -1.0), 14_000)
    assert compared(reverse, take(place, 1)).score < MATCH_SCORE


@pytest.mark.parametrize("place", range(2))
def test_a_still_picture_is_asserted(place: int) -> None:
    still = Take(place, 1, blobs=0)
    copy = films.edited(still, films.recoded)
    found = compared(films.fingerprint(copy, 8000), films.fingerprint(still, 12_000))
    assert found.score >= MATCH_SCORE
    assert [segment.speed for segment in segments(found)] == [1.0]


def shimmering(subject: int, levels: float) -> Film:
    """A shot in which a few places grow a little brighter and darker, each at its own pace."""
    still, rng = Take(3, 0, blobs=0), np.random.default_rng(subject)
    places = [(*rng.integers((96, 208)), *rng.uniform((0.5, 0), (3, 6.28))) for _ in range(6)]

    def film(at_ms: float) -> films.Picture:
        picture = still(at_ms).astype(np.float64)
        for top, left, pace, phase in places:
            lit = picture[int(top) : int(top) + 50, int(left) : int(left) + 60]
            lit += levels * np.sin(pace * at_ms / 1000 + phase)
        return np.clip(np.rint(picture), 0, 255).astype(np.uint8)

    return film


@pytest.mark.parametrize("levels", [2, 3])
def test_where_next_to_nothing_moves_only_a_copy_tells_the_moment(levels: float) -> None:
    """Another moment of the shot looks the same and is asserted, but is not said to be the same."""
    shot = films.fingerprint(shimmering(1, levels), 9000)
    copy = films.fingerprint(films.edited(shimmering(1, levels), films.recoded), 9000)
    later = films.fingerprint(shimmering(2, levels), 9000)
    assert all(stretch.told for stretch in compared(shot, copy).stretches)
    other = compared(shot, later)
    assert other.score >= MATCH_SCORE
    assert not any(stretch.told for stretch in other.stretches)


def test_a_picture_that_is_frozen_has_no_moments_to_tell() -> None:
    still = Take(3, 0, blobs=0)
    found = compared(films.fingerprint(still, 9000), films.fingerprint(still, 12_000))
    assert all(stretch.told for stretch in found.stretches)


PARTS = ((0, 3000, 6000), (1, 9000, 5000), (2, 1000, 7000), (0, 15_000, 6000))
"""A compilation: place, where in its take, and how long."""


def compilation() -> Film:
    return films.joined(
        *((films.later(journey(place), start), length) for place, start, length in PARTS)
    )


def test_the_segments_of_a_compilation_end_at_its_cuts() -> None:
    query = films.fingerprint(films.edited(compilation(), films.recoded), 24_000)
    found = {place: segments(compared(query, journeyed(place))) for place in range(3)}
    at_ms = 0
    for place, start, length in PARTS:
        segment = found[place].pop(0)
        assert_lies(segment, (at_ms, at_ms + length), (start, start + length))
        at_ms += length
    assert found == {0: [], 1: [], 2: []}


def exactly(comparison: Comparison) -> list[object]:
    """Return all there is to tell, speeds to twelve digits (one divided by it, and back)."""
    return [
        comparison.score,
        *(
            (
                round(stretch.segment.speed, 12),
                stretch.segment.query_start_ms,
                stretch.segment.query_end_ms,
                stretch.segment.reference_start_ms,
                stretch.segment.reference_end_ms,
                stretch.segment.mirrored,
                stretch.segment.score,
                stretch.evidence,
                stretch.signs,
                (stretch.query_view, stretch.reference_view),
                stretch.pairs,
            )
            for stretch in comparison.stretches
        ),
    ]


@pytest.mark.parametrize("duration_ms", [9000, 25_000])
def test_which_of_both_is_asked_about_changes_nothing(duration_ms: int) -> None:
    clip = films.later(Take(0, 1), 5000, 1.25)
    other = films.fingerprint(
        films.joined((Take(60, 1), 2000), (films.edited(clip, films.flipped), 28_000)), duration_ms
    )
    forth = compare(ONE, other, OTHER, take(0, 1))
    back = compare(OTHER, take(0, 1), ONE, other)
    assert forth.score >= MATCH_SCORE
    turned = Comparison(
        tuple(
            sorted(
                (stretch.swapped() for stretch in back.stretches),
                key=lambda stretch: stretch.segment.query_start_ms,
            )
        ),
        back.score,
    )
    assert exactly(turned) == exactly(forth)


def test_segments_lie_within_both_videos() -> None:
    copy = films.fingerprint(films.later(Take(1, 1), 20_000), 8000)
    found = segments(compared(copy, take(1, 1)))
    assert found
    for segment in found:
        assert 0 <= segment.query_start_ms < segment.query_end_ms <= copy.duration_ms
        assert 0 <= segment.reference_start_ms < segment.reference_end_ms <= SOURCE_MS


def test_films_that_say_nothing_share_nothing() -> None:
    def black(_at_ms: float) -> films.Picture:
        return np.zeros((films.HEIGHT, films.WIDTH), np.uint8)

    empty = films.fingerprint(black, 0)
    dark = films.fingerprint(black, 5000)
    for query, reference in ((empty, dark), (dark, empty), (empty, empty), (dark, take(0, 1))):
        assert compared(query, reference) == Comparison((), 0.0)


def test_a_banner_that_both_carry_is_no_match() -> None:
    def banner(picture: films.Picture) -> films.Picture:
        marked = picture.copy()
        cv2.rectangle(marked, (0, 118), (films.WIDTH, films.HEIGHT), 30, -1)
        font = cv2.FONT_HERSHEY_SIMPLEX
        cv2.putText(marked, "BREAKING NEWS", (12, 150), font, 1.0, 250, 3)
        return marked

    one, other = (
        films.fingerprint(films.edited(Take(place, 1), banner), 6000) for place in (30, 31)
    )
    assert compared(one, other).score < MATCH_SCORE
