"""What moves tells one moment from another at the same place."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.matching import made_films as films
from tests.unit.matching.made_films import Edit, Film, Picture, Take
from tracker.matching.feature_map import FeatureMap, box_map
from tracker.matching.motion import Motion, MotionPair
from tracker.model.thumbnails import Thumbnails

DURATION_MS = 12_000
SAME = FeatureMap(np.eye(2), 0j, mirrored=False)
EVERYTHING = (-1e9, 1e9)


def motion_pair(query: Film, reference: Film, shape: FeatureMap = SAME) -> MotionPair:
    pair = MotionPair(
        films.thumbnails(query, DURATION_MS),
        films.thumbnails(reference, DURATION_MS),
        shape,
        EVERYTHING,
        EVERYTHING,
    )
    assert pair.comparable
    return pair


def along(query: Film, reference: Film, offset_ms: float = 0.0) -> Motion:
    return motion_pair(query, reference).along(1.0, offset_ms)


@pytest.mark.parametrize("seed", range(4))
def test_the_same_thumbnails_move_exactly_alike(seed: int) -> None:
    found = along(Take(seed, 1), Take(seed, 1))
    assert found.correlation == pytest.approx(1.0, abs=0.01)
    assert found.query_change == pytest.approx(found.reference_change)
    assert found.query_change > 3


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 500), offset_ms=st.integers(-4000, 4000))
def test_an_offset_is_found_within_an_eighth_of_a_second(seed: int, offset_ms: int) -> None:
    source = films.later(Take(seed, 0), 5000)
    pair = motion_pair(films.later(source, offset_ms), source)
    found = pair.best([1.0], np.arange(-5000, 5001, 62.5), covered=0.5)
    assert abs(found.offset_ms - offset_ms) <= 125
    assert found.correlation > 0.8


@pytest.mark.parametrize("speed", [0.5, 0.8, 1.0, 1.25, 1.6, 2.0])
def test_a_speed_is_found(speed: float) -> None:
    """At double speed the picture before lies twice as long ago: what moves correlates less."""
    source = Take(3, 0)
    pair = motion_pair(films.later(source, 500, speed), source)
    speeds = [0.5, 0.8, 1.0, 1.25, 1.6, 2.0]
    found = pair.best(speeds, np.arange(0, 1001, 62.5), covered=0.4)
    assert found.speed == speed
    assert abs(found.offset_ms - 500) <= 250


@pytest.mark.parametrize("seed", range(12))
def test_another_moment_before_the_same_camera_does_not_correlate(seed: int) -> None:
    found = along(Take(seed, 1), Take(seed, 2))
    assert abs(found.correlation) < 0.3
    later = along(Take(seed, 1), films.later(Take(seed, 1), 3000))
    assert abs(later.correlation) < 0.3


def test_other_moments_are_uncorrelated_on_the_average() -> None:
    found = [along(Take(seed, 1), Take(seed, 2)).correlation for seed in range(12)]
    assert abs(float(np.mean(found))) < 0.1


def faded(film: Film) -> Film:
    """Return the film fading in and out, down to a fifth of its light, every three seconds."""

    def fade(at_ms: float) -> Picture:
        light = 0.6 + 0.4 * np.cos(2 * np.pi * at_ms / 3000)
        return np.asarray(film(at_ms) * light, np.uint8)

    return fade


def test_fades_are_no_movement() -> None:
    assert along(faded(Take(1, 1)), Take(1, 1)).correlation > 0.9
    assert abs(along(faded(Take(1, 1)), faded(Take(1, 2))).correlation) < 0.35


def test_a_still_picture_that_fades_hardly_moves() -> None:
    still = Take(1, 1, blobs=0)
    found = along(faded(still), still)
    assert found.reference_change == 0
    assert found.query_change < 1.0


def caption(picture: Picture) -> Picture:
    marked = picture.copy()
    cv2.rectangle(marked, (30, 120), (258, 154), 20, -1)
    cv2.putText(marked, "LIVE NOW", (60, 147), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 255, 3)
    return marked


def test_what_was_laid_over_and_stands_still_is_no_movement() -> None:
    assert along(films.edited(Take(1, 1), caption), Take(1, 1)).correlation > 0.85
    both = along(films.edited(Take(1, 1), caption), films.edited(Take(1, 2), caption))
    assert abs(both.correlation) < 0.3


def with_sticker(film: Film) -> Film:
    """Return the film with another one that moves in its corner."""
    other = Take(77, 7)

    def both(at_ms: float) -> Picture:
        picture = film(at_ms).copy()
        picture[: films.HEIGHT // 3, : films.WIDTH // 3] = films.scaled(
            other(at_ms), films.WIDTH // 3
        )
        return picture

    return both


@pytest.mark.parametrize("seed", range(4))
def test_a_moving_sticker_in_a_corner_does_not_hide_the_copy(seed: int) -> None:
    copy = with_sticker(Take(seed, 1))
    assert along(copy, Take(seed, 1)).correlation > 0.75
    assert along(copy, Take(seed, 2)).correlation < 0.35


@pytest.mark.parametrize("edit", [films.recoded, films.flipped])
def test_edited_copies_move_alike_under_their_map(edit: Edit) -> None:
    full = np.array([0, 0, 255, 255], np.uint8)
    shape = box_map((18, 32), full, (18, 32), full, mirrored=edit is films.flipped)
    query = films.edited(Take(2, 1), edit)
    assert motion_pair(query, Take(2, 1), shape).along(1.0, 0.0).correlation > 0.9


def test_a_crop_moves_alike_under_its_map_alone() -> None:
    query = films.edited(Take(2, 1), films.cropped(0.2, 0.1, 0.6, 0.7))
    part = np.round(np.array([0.2, 0.1, 0.8, 0.8]) * 255).astype(np.uint8)
    full = np.array([0, 0, 255, 255], np.uint8)
    shape = box_map((18, 32), full, (18, 32), part, mirrored=False)
    assert motion_pair(query, Take(2, 1), shape).along(1.0, 0.0).correlation > 0.85
    assert along(query, Take(2, 1)).correlation < 0.5


def test_a_line_that_most_of_the_query_does_not_reach_is_not_judged() -> None:
    pair = motion_pair(Take(1, 1), Take(1, 1))
    assert pair.along(1.0, 0.9 * DURATION_MS).correlation == -1.0
    assert pair.rival(1.0, np.array([1e7, -1e7])) == 0.0


def test_frame_by_frame_the_end_of_the_copy_is_seen() -> None:
    spliced = films.joined((Take(4, 1), 6000), (films.later(Take(4, 2), 6000), 6000))
    pair = motion_pair(spliced, Take(4, 1))
    product, ours, theirs, there = pair.by_frame(1.0, 0.0)
    alike = product / (np.sqrt(ours * theirs) + 1e-3)
    assert there.all()
    assert alike[(pair.query_ms >= 1000) & (pair.query_ms < 6000)].min() > 0.95
    assert alike[pair.query_ms >= 7000].mean() < 0.3


def test_too_few_frames_or_pixels_are_not_compared() -> None:
    some = films.thumbnails(Take(1, 1), DURATION_MS)
    three = Thumbnails(some.pts_ms[:3], some.pictures[:3])
    outside = FeatureMap(np.eye(2), 5.0 + 0j, mirrored=False)
    assert not MotionPair(three, some, SAME, EVERYTHING, EVERYTHING).comparable
    assert not MotionPair(some, three, SAME, EVERYTHING, EVERYTHING).comparable
    assert not MotionPair(some, some, outside, EVERYTHING, EVERYTHING).comparable
    assert not MotionPair(some, some, SAME, (5000, 5500), EVERYTHING).comparable


@settings(max_examples=30, deadline=None)
@given(
    counts=st.tuples(st.integers(4, 12), st.integers(4, 12)),
    seed=st.integers(0, 2**32 - 1),
    speed=st.floats(0.5, 2.0),
)
def test_correlations_stay_between_minus_one_and_one(
    counts: tuple[int, int], seed: int, speed: float
) -> None:
    rng = np.random.default_rng(seed)
    one, other = (
        Thumbnails(
            np.cumsum(rng.integers(1, 2500, count)).astype(np.int32),
            (rng.integers(0, 2, (count, 6, 8)) * rng.integers(0, 256)).astype(np.uint8),
        )
        for count in counts
    )
    pair = MotionPair(one, other, SAME, EVERYTHING, EVERYTHING)
    found = pair.best([speed], np.arange(-3000, 3001, 250.0))
    assert -1.0 <= found.correlation <= 1.0 + 1e-6
    assert np.isfinite([found.query_change, found.reference_change]).all()
