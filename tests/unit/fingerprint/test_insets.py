"""Pictures within the picture: rectangles whose edges stand still over what moves."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.fingerprint.content_box import Box
from tracker.fingerprint.insets import LEAST_FRAMES, MOST_INSETS, insets

HEIGHT, WIDTH = 108, 192


def moving(seed: int, height: int = HEIGHT, width: int = WIDTH, frames: int = 24) -> np.ndarray:
    """A camera that pans over textured noise, uint8 (frames, height, width)."""
    rng = np.random.default_rng(seed)
    size = (width + 7 * frames, height + 3 * frames)
    cells = rng.integers(0, 256, (size[1] // 24, size[0] // 24)).astype(np.uint8)
    world = np.asarray(cv2.resize(cells, size, interpolation=cv2.INTER_CUBIC), np.uint8)
    shown = [world[3 * n : 3 * n + height, 7 * n : 7 * n + width] for n in range(frames)]
    return np.stack(shown)


def laid_over(shot: np.ndarray, seed: int, box: Box) -> np.ndarray:
    """Return the shot with another moving picture in ``box``."""
    both = shot.copy()
    inner = moving(seed, box.bottom - box.top, box.right - box.left, len(shot))
    both[:, box.top : box.bottom, box.left : box.right] = inner
    return both


def nearest(found: tuple[Box, ...], truth: Box) -> int:
    """Return by how many pixels the nearest box found misses ``truth``."""

    def miss(box: Box) -> int:
        across = max(abs(box.left - truth.left), abs(box.right - truth.right))
        return max(across, abs(box.top - truth.top), abs(box.bottom - truth.bottom))

    return min((miss(box) for box in found), default=WIDTH)


PLACES = {
    "in the middle": Box(50, 24, 140, 80),
    "in a corner": Box(110, 60, 192, 108),
    "at the left": Box(0, 20, 80, 90),
    "off the corner": Box(12, 10, 90, 54),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("seed", [1, 3, 5])
def test_a_picture_in_the_picture_is_found(place: str, seed: int) -> None:
    shot = laid_over(moving(seed), seed + 100, PLACES[place])
    assert nearest(insets(shot), PLACES[place]) <= 2


@settings(max_examples=25, deadline=None)
@given(
    left=st.integers(8, 60),
    top=st.integers(8, 30),
    width=st.integers(60, 110),
    height=st.integers(40, 68),
    seed=st.integers(0, 2**16),
)
def test_a_frame_drawn_around_it_shows_it_anywhere(
    left: int, top: int, width: int, height: int, seed: int
) -> None:
    truth = Box(left, top, left + width, top + height)
    shot = laid_over(moving(seed), seed + 1, truth)
    for picture in shot:
        corner = (truth.right - 1, truth.bottom - 1)
        cv2.rectangle(picture, (truth.left, truth.top), corner, 255, 2)
    assert nearest(insets(shot), truth) <= 2


def test_a_picture_before_its_own_blurred_copy_is_found() -> None:
    inner = moving(4, 108, 62)
    wide = [cv2.GaussianBlur(cv2.resize(f, (WIDTH, HEIGHT)), (0, 0), 8) for f in inner]
    shot = np.stack(wide).astype(np.uint8) // 2
    shot[:, :, 65:127] = inner
    assert nearest(insets(shot), Box(65, 0, 127, HEIGHT)) <= 2


@pytest.mark.parametrize("upright", [True, False])
def test_the_halves_of_a_split_screen_are_found(upright: bool) -> None:
    shot = moving(7)
    first, second = (
        (Box(0, 0, 96, HEIGHT), Box(96, 0, WIDTH, HEIGHT))
        if upright
        else (Box(0, 0, WIDTH, 54), Box(0, 54, WIDTH, HEIGHT))
    )
    found = insets(laid_over(shot, 8, second))
    assert len(found) == 2
    assert nearest(found, first) <= 2
    assert nearest(found, second) <= 2


@pytest.mark.parametrize("seed", range(8))
def test_a_plain_moving_picture_has_none(seed: int) -> None:
    assert insets(moving(seed)) == ()


@pytest.mark.parametrize("seed", range(8))
def test_a_still_scene_without_straight_edges_has_none(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scene = np.full((HEIGHT, WIDTH), 128, np.uint8)
    for _ in range(40):
        x, y, radius = int(rng.integers(WIDTH)), int(rng.integers(HEIGHT)), int(rng.integers(3, 20))
        cv2.circle(scene, (x, y), radius, int(rng.integers(256)), -1)
    assert insets(np.repeat(scene[None], 20, axis=0)) == ()
    assert insets(np.zeros((20, HEIGHT, WIDTH), np.uint8)) == ()


def test_a_standing_line_across_a_part_makes_no_rectangle() -> None:
    shot = moving(9)
    shot[:, 40:44, 46:146] = 255
    assert insets(shot) == ()


def test_a_rectangle_too_small_to_say_anything_is_left_out() -> None:
    assert insets(laid_over(moving(1), 2, Box(80, 40, 110, 62))) == ()


@pytest.mark.parametrize("frames", range(LEAST_FRAMES))
def test_a_shot_of_few_frames_has_none(frames: int) -> None:
    shot = laid_over(moving(1), 2, Box(50, 24, 140, 80))
    assert insets(shot[:frames]) == ()


@settings(max_examples=40, deadline=None)
@given(
    frames=st.integers(0, 8),
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    seed=st.integers(0, 2**16),
    levels=st.sampled_from([2, 256]),
)
def test_boxes_of_any_shot_lie_inside_and_differ(
    frames: int, height: int, width: int, seed: int, levels: int
) -> None:
    rng = np.random.default_rng(seed)
    picture = (rng.integers(0, levels, (height, width)) * (255 // (levels - 1))).astype(np.uint8)
    picture[height // 3 :, : width // 2] = 255
    found = insets(np.repeat(picture[None], frames, axis=0))
    assert len(found) <= MOST_INSETS
    assert len({(b.left, b.top, b.right, b.bottom) for b in found}) == len(found)
    for box in found:
        assert 0 <= box.left < box.right <= width
        assert 0 <= box.top < box.bottom <= height
