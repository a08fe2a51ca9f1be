from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.fingerprint.content_box import Box, moving_part, without_bars
from tracker.fingerprint.quality import quality
from tracker.fingerprint.shots import shots
from tracker.fingerprint.views import View, view_boxes


def moving_noise(frames: int, height: int, width: int, seed: int = 0) -> np.ndarray:
    """A textured picture that pans."""
    rng = np.random.default_rng(seed)
    world = np.kron(rng.integers(0, 256, (height // 4, width // 4 + frames)), np.ones((4, 4)))
    shown = [world[:height, n * 3 : n * 3 + width] for n in range(frames)]
    return np.stack(shown).astype(np.uint8)


def framed(picture: np.ndarray, top: int, left: int, grey: int) -> np.ndarray:
    return np.pad(picture, ((0, 0), (top, top), (left, left)), constant_values=grey)


@pytest.mark.parametrize("grey", [0, 16, 255])
@pytest.mark.parametrize(("top", "left"), [(24, 0), (0, 30), (20, 10)])
def test_bars_are_taken_off(grey: int, top: int, left: int) -> None:
    frames = framed(moving_noise(8, 80, 120), top, left, grey)
    assert without_bars(frames) == Box(left, top, left + 120, top + 80)


def test_a_black_moment_does_not_cut_the_picture() -> None:
    frames = moving_noise(8, 80, 120)
    frames[3] = 0
    assert without_bars(frames) == Box(0, 0, 120, 80)


def test_a_flat_shot_keeps_its_whole_frame() -> None:
    assert without_bars(np.full((5, 40, 60), 7, np.uint8)) == Box(0, 0, 60, 40)


def test_the_moving_part_leaves_out_a_still_caption() -> None:
    caption = np.kron(np.random.default_rng(5).integers(0, 2, (10, 40)) * 255, np.ones((3, 3)))
    caption = np.repeat(caption[None].astype(np.uint8), 10, axis=0)
    frames = np.concatenate([caption, moving_noise(10, 80, 120)], axis=1)
    box = moving_part(frames)
    assert box is not None
    assert abs(box.top - 30) <= 2
    assert (box.left, box.right) == pytest.approx((0, 120), abs=2)


def test_a_still_shot_has_no_moving_part() -> None:
    frames = np.repeat(moving_noise(1, 80, 120), 10, axis=0)
    assert moving_part(frames) is None


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 12), st.integers(2, 60), st.integers(2, 60), st.integers(0, 3))
def test_every_view_lies_inside_the_frame(n: int, height: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shot = rng.integers(0, 256, (n, height, width)).astype(np.uint8)
    boxes = view_boxes(shot)
    assert boxes[View.FULL] == Box(0, 0, width, height)
    for box in boxes.values():
        assert 0 <= box.left < box.right <= width
        assert 0 <= box.top < box.bottom <= height


def test_a_shot_without_borders_is_not_hashed_twice() -> None:
    boxes = view_boxes(moving_noise(8, 80, 120))
    assert View.CONTENT not in boxes
    assert View.MOVING not in boxes


def test_flat_pictures_and_gradients_say_nothing() -> None:
    flat = np.full((64, 64), 30, np.uint8)
    gradient = np.tile(np.linspace(0, 30, 64), (64, 1)).astype(np.uint8)
    busy = moving_noise(1, 64, 64)[0]
    assert quality(np.stack([flat, gradient])).tolist() == [0, 0]
    assert quality(busy[None])[0] > 100


def test_shots_are_cut_where_the_picture_changes_and_cover_everything() -> None:
    one, other = (np.roll(moving_noise(1, 80, 120, seed=s), 3) for s in (1, 2))
    frames = np.concatenate([np.repeat(one, 7, axis=0), np.repeat(other, 9, axis=0)])
    assert shots(frames) == [slice(0, 7), slice(7, 16)]
    assert shots(frames[:1]) == [slice(0, 1)]
