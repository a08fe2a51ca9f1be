"""Shots in which little or nothing moves: other moments of them, and where a copy of one ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.test_identify import Shelf, video
from tests.support.footage import make_footage
from tests.support.hostile_media import run
from tracker.examine import examine
from tracker.identify import Identified

H264 = ("-c:v", "libx264", "-crf", "20", "-pix_fmt", "yuv420p")
TAKES = (("40+15*t", "60+8*t"), ("260-12*t", "180-10*t"))
"""Where two small grey things go, in pixels by seconds."""


@pytest.fixture(scope="module")
def takes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Twelve seconds each of one still scene, through which different small things go."""
    return filmed(tmp_path_factory.mktemp("takes"), "24x18")


def filmed(folder: Path, things: str) -> tuple[Path, Path]:
    """Write two takes of one still scene; ``things`` of that size go through it."""
    scene = folder / "scene.png"
    film = make_footage(folder / "film.mp4", seed=21, seconds=3)
    run("-ss", "1", "-i", film.path, "-frames:v", "1", scene)
    made = [folder / f"take{number}.mp4" for number in range(len(TAKES))]
    for path, (x, y) in zip(made, TAKES, strict=True):
        thing = ("-f", "lavfi", "-i", f"color=c=gray:s={things}:r=25")
        graph = f"[0][1]overlay=x='{x}':y='{y}'[a];[a][2]overlay=x='{y}':y='{x}/2'[v]"
        still = ("-loop", "1", "-framerate", "25", "-i", scene)
        run(
            *still, *thing, *thing, "-filter_complex", graph, "-map", "[v]", "-t", "12", *H264, path
        )
    return made[0], made[1]


def asked(directory: Path, held: Path, query: Path) -> Identified:
    shelf = Shelf(directory / "index")
    shelf.put(held)
    return shelf.identifier().identify(video(query), examine(query))


def test_another_take_of_the_camera_is_a_candidate_that_says_so(
    takes: tuple[Path, Path], tmp_path: Path
) -> None:
    held, other = takes
    found = asked(tmp_path, held, other)
    assert found.matches == ()
    (candidate,) = found.candidates
    assert [change.kind for change in candidate.transformations] == ["other_moment"]


def test_a_copy_of_the_take_is_found_and_its_moment_told(
    takes: tuple[Path, Path], tmp_path: Path
) -> None:
    held, copy = takes[0], tmp_path / "copy.mp4"
    run("-i", held, "-vf", "crop=iw*0.8:ih*0.8", *H264, copy)
    (match,) = asked(tmp_path, held, copy).matches
    assert match.moment_told


def test_a_stretch_goes_on_while_the_picture_stands_still(tmp_path: Path) -> None:
    """Four seconds of a moving picture, of which the last stays for six."""
    film = make_footage(tmp_path / "film.mp4", seed=23, seconds=4)
    held, copy = tmp_path / "held.mp4", tmp_path / "copy.mp4"
    run("-i", film.path, "-vf", "tpad=stop_mode=clone:stop_duration=6", "-an", *H264, held)
    run("-i", held, "-vf", "crop=iw*0.8:ih*0.8", *H264, copy)
    (match,) = asked(tmp_path, held, copy).matches
    (stretch,) = match.segments
    whole = pytest.approx((0, 10_000), abs=50)
    assert (stretch.query_start_ms, stretch.query_end_ms) == whole
    assert (stretch.reference_start_ms, stretch.reference_end_ms) == whole
