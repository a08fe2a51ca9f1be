"""What moves fits its own instants in a copy, and no instant of another take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from tracker.matching.instants import INSTANTS, instant_agreement, instants
from tracker.model.match import InstantAgreement, Segment
from tracker.model.still import Still

Gray = npt.NDArray[np.uint8]

SIZE = (180, 320)
SHOT = Segment(0, 8_000, 0, 8_000, 1.0, mirrored=False, score=0.9)
FRAME_MS = 40


def scene(take: int, seed: int = 1) -> Callable[[float], Gray]:
    """One camera's still scene, through which something small goes, another way in each take."""
    rng = np.random.default_rng(seed)
    plane = sum(
        amplitude * sigma * cv2.GaussianBlur(rng.normal(size=SIZE), (0, 0), sigma)
        for sigma, amplitude in ((1.5, 12), (4, 30), (15, 60))
    )
    still = np.clip(128 + plane, 0, 255).astype(np.float32)
    ways = np.random.default_rng(100 + take).uniform(0.2, 0.9, size=(4, 2))

    def at(pts_ms: float) -> Gray:
        picture = still.copy()
        for across, down in ways:
            turn = pts_ms / 1000 * (0.7 + across)
            x = SIZE[1] * (0.5 + 0.4 * np.sin(turn + 9 * down))
            y = SIZE[0] * (0.5 + 0.4 * np.cos(turn * down + 5 * across))
            cv2.circle(picture, (round(x), round(y)), 9, 230.0, -1)
        return np.asarray(np.clip(picture, 0, 255), np.uint8)

    return at


def filmed(
    take: int,
    start_ms: float = 0,
    end_ms: float = 8_000,
    edit: Callable[[Gray], Gray] = lambda g: g,
) -> list[Still]:
    """The take's frames, its first one at ``start_ms`` of it."""
    shown = scene(take)
    times = np.arange(start_ms, end_ms, FRAME_MS)
    return [Still(round(at - start_ms), edit(shown(at))) for at in times]


def agreement(query: list[Still], reference: list[Still], segment: Segment) -> InstantAgreement:
    found = instant_agreement(query, reference, segment)
    assert found is not None
    return found


def poor(gray: Gray) -> Gray:
    data = cv2.imencode(".jpg", gray, [cv2.IMWRITE_JPEG_QUALITY, 25])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)


def captioned(gray: Gray) -> Gray:
    marked = gray.copy()
    cv2.putText(marked, "BREAKING", (20, 160), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 255, 4)
    return marked


def cropped(gray: Gray) -> Gray:
    return np.ascontiguousarray(gray[10:150, 30:300])


@pytest.mark.parametrize("edit", [poor, captioned, cropped])
def test_a_copy_fits_its_own_instants(edit: Callable[[Gray], Gray]) -> None:
    found = agreement(filmed(1, edit=edit), filmed(1), SHOT)
    assert found.clear
    assert not found.against


@pytest.mark.parametrize("edit", [poor, captioned, cropped])
def test_another_take_fits_none(edit: Callable[[Gray], Gray]) -> None:
    found = agreement(filmed(2, edit=edit), filmed(1), SHOT)
    assert found.against
    assert not found.clear


def lit(gray: Gray, left: float, down_px: float) -> Gray:
    """Something drives through the picture, at one place across it."""
    shown = gray.astype(np.float32)
    cv2.rectangle(
        shown, (round(left), round(down_px)), (round(left) + 26, round(down_px) + 16), 250.0, -1
    )
    return np.asarray(shown, np.uint8)


BUSY = (-2_500, 700, 2_100, 5_200)


def road(*lanes: tuple[float, float]) -> list[Still]:
    """Eight seconds of a scene through which something drives down each lane, from a second on."""
    still = scene(0, seed=3)(0)
    frames = []
    for at in range(0, 8_000, FRAME_MS):
        shown = still
        for left, begin_ms in lanes:
            shown = lit(shown, left, (at - begin_ms) * 0.03)
        frames.append(Still(at, shown))
    return frames


def test_one_car_that_drives_alike_does_not_make_a_moment_of_many_that_do_not() -> None:
    alike = ((40, -1_000), (40, 2_600))
    here = road(*alike, *((lane, begin_ms) for lane in (120, 160) for begin_ms in BUSY))
    there = road(*alike, *((lane, begin_ms) for lane in (200, 240, 280) for begin_ms in BUSY))
    assert not agreement(here, there, SHOT).clear
    assert agreement(here, here, SHOT).clear


def test_a_gesture_made_again_fits_one_instant_and_no_moment() -> None:
    """Both takes show it in the middle; before and after it each camera makes its own noise."""
    rng = np.random.default_rng(8)
    still = scene(0, seed=4)(0).astype(np.float32)

    def take() -> list[Still]:
        frames = []
        for at in range(0, 8_000, FRAME_MS):
            noise = cv2.GaussianBlur(rng.normal(size=SIZE), (0, 0), 2) * 12
            shown = np.asarray(np.clip(still + noise, 0, 255), np.uint8)
            frames.append(Still(at, lit(shown, 140, 60) if 3_000 <= at < 5_000 else shown))
        return frames

    found = agreement(take(), take(), SHOT)
    assert found.mutual is not None
    assert found.mutual < 0.75
    assert not found.clear


@pytest.mark.parametrize("mutual", [None, 0.5])
def test_without_most_instants_fitting_best_nothing_is_clear(mutual: float | None) -> None:
    assert InstantAgreement(0.9, 0.1, 3.0, 1.0).clear
    assert not InstantAgreement(0.9, 0.1, 3.0, mutual).clear


def test_a_mirrored_copy_is_turned_back() -> None:
    turned = filmed(1, edit=lambda gray: np.ascontiguousarray(gray[:, ::-1]))
    assert agreement(turned, filmed(1), replace(SHOT, mirrored=True)).clear


def test_a_line_that_is_some_frames_off_is_mended() -> None:
    late = filmed(1, 400)
    assert agreement(late, filmed(1), replace(SHOT, query_end_ms=7_600)).clear


def test_a_copy_at_another_speed_is_followed() -> None:
    shown = scene(1)
    fast = [Still(at, shown(1.5 * at)) for at in range(0, 5_300, FRAME_MS)]
    assert agreement(fast, filmed(1), replace(SHOT, query_end_ms=5_300, speed=1.5)).clear


def test_pictures_that_stand_still_say_nothing() -> None:
    standing = [Still(at, scene(1)(0)) for at in range(0, 8_000, FRAME_MS)]
    found = agreement(standing, filmed(1), SHOT)
    assert not found.clear
    assert not found.against


def test_other_pictures_are_not_laid_over_each_other() -> None:
    other = [Still(at, scene(1, seed=2)(at)) for at in range(0, 8_000, FRAME_MS)]
    assert instant_agreement(other, filmed(1), SHOT) is None


@pytest.mark.parametrize("frames", [[], filmed(1)[:3]])
def test_too_few_frames_say_nothing(frames: list[Still]) -> None:
    assert instant_agreement(frames, filmed(1), SHOT) is None
    assert instant_agreement(filmed(1), frames, SHOT) is None


def test_frames_of_a_file_that_turns_its_picture_are_no_crash() -> None:
    turned = [
        Still(still.pts_ms, np.ascontiguousarray(np.rot90(still.gray)))
        if 2_000 < still.pts_ms < 4_000
        else still
        for still in filmed(1)
    ]
    assert agreement(turned, filmed(1), SHOT).clear
    assert instant_agreement(filmed(1), turned, SHOT) is not None


@pytest.mark.parametrize("side", [1, 2, 5])
def test_pictures_of_a_few_pixels_say_nothing(side: int) -> None:
    dots = [Still(at, np.full((side, side), at % 251, np.uint8)) for at in range(0, 8_000, 40)]
    for found in (
        instant_agreement(dots, filmed(1), SHOT),
        instant_agreement(filmed(1), dots, SHOT),
    ):
        assert found is None or not (found.clear or found.against)


@pytest.mark.parametrize("end_ms", [1, 150, 900, 8_000, 600_000])
def test_instants_lie_in_the_segment(end_ms: int) -> None:
    times = instants(replace(SHOT, query_end_ms=end_ms))
    assert len(times) == INSTANTS
    assert list(times) == sorted(times)
    assert end_ms <= 200 or (times[0] > 0 and times[-1] < end_ms)
