"""All frames near given moments, as they are shown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support.footage import make_footage
from tests.support.hostile_media import run
from tracker.errors import NotAVideo
from tracker.matching.pictures import picture
from tracker.media.frames import frames_near
from tracker.media.keyframes import keyframes_at
from tracker.media.probe import MediaLimits


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    return make_footage(path, seed=3, seconds=24).path


def near(path: Path, *moments_ms: int, reach_ms: int = 100) -> list[tuple[int, bytes]]:
    stills = frames_near(path, moments_ms, reach_ms, 320, MediaLimits())
    return [(still.pts_ms, still.gray.tobytes()) for still in stills]


def test_every_frame_within_reach_is_there_and_no_other(film: Path) -> None:
    times = [pts_ms for pts_ms, _ in near(film, 1000, 3000)]
    assert times == [*range(920, 1101, 40), *range(2920, 3101, 40)]


def test_what_is_passed_over_changes_nothing(film: Path) -> None:
    """With a moment at the beginning the whole is decoded, else the reader jumps."""
    late = near(film, 20_000)
    assert len(late) == 5
    assert near(film, 200, 20_000)[-5:] == late


def test_a_stream_that_begins_late_is_counted_from_its_first_frame(
    film: Path, tmp_path: Path
) -> None:
    shifted = tmp_path / "shifted.mkv"
    run("-i", film, "-c", "copy", "-output_ts_offset", "7", shifted)
    assert [pts for pts, _ in near(shifted, 20_000)] == [pts for pts, _ in near(film, 20_000)]


def test_of_a_thousand_frames_a_second_few_are_handed_out(tmp_path: Path) -> None:
    fast = tmp_path / "fast.mkv"
    source = "testsrc2=s=64x36:r=1000:d=0.5"
    run("-f", "lavfi", "-i", source, "-c:v", "libx264", "-preset", "ultrafast", fast)
    assert len(near(fast, 250, reach_ms=200)) <= 400 / 12 + 1


def test_beyond_the_end_there_is_nothing(film: Path) -> None:
    assert near(film, 60_000) == []


def test_pictures_are_upright_and_small(film: Path, tmp_path: Path) -> None:
    turned = tmp_path / "turned.mp4"
    run("-display_rotation", "90", "-i", film, "-c", "copy", turned)
    (still, *_) = frames_near(turned, [1000], 20, 160, MediaLimits())
    assert still.gray.shape == (160, 90)
    assert still.gray.dtype == np.uint8


def test_keyframes_are_those_nearest_to_the_moments_and_in_colour(film: Path) -> None:
    kept = keyframes_at(film, [3005, 1018, 60_000], 100, MediaLimits())
    assert [keyframe.pts_ms for keyframe in kept] == [1000, 3000]
    shown = picture(kept[0])
    assert shown is not None
    assert shown.shape == (180, 320, 3)
    ((_, still),) = near(film, 1000, reach_ms=10)
    gray = np.frombuffer(still, np.uint8).reshape(180, 320).astype(float)
    assert np.abs(shown.mean(axis=2) - gray).mean() < 12


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text.mp4"
    path.write_text("no video", "utf-8")
    with pytest.raises(NotAVideo):
        frames_near(path, [0], 100, 320, MediaLimits())
