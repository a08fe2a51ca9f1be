"""Shots in which next to nothing moves: copies are one clip, other moments of them are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage import clips
from tests.support.footage import Edit, make_copy, make_still_shot
from tracker.app import App
from tracker.ingest.add import Stated
from tracker.model.ids import ClipId, VideoId

OTHER_MOMENT = "maybe at another moment; the answer is not about those"


@pytest.fixture
def shots(tmp_path: Path) -> dict[str, Path]:
    """A shot, a poor copy of it, and the same shot a while later."""
    paths = {name: tmp_path / f"{name}.mp4" for name in ("shot", "copy", "later")}
    make_still_shot(paths["shot"], place=4, moment=1, seconds=8)
    make_still_shot(paths["later"], place=4, moment=2, seconds=8)
    make_copy(paths["shot"], paths["copy"], Edit(start_s=1, crf=30))
    return paths


def clip_of(app: App, video: VideoId) -> ClipId:
    with app.archive.database.read() as session:
        (clip,) = clips.clips_of_video(session, video)
    return clip.id


def test_only_a_copy_joins_the_clip_of_a_still_shot(app: App, shots: dict[str, Path]) -> None:
    held = {}
    for name, path in shots.items():
        added = app.add.take_in(str(path), Stated())
        held[name] = added.videos[0].sha256
    assert clip_of(app, held["shot"]) == clip_of(app, held["copy"])
    assert clip_of(app, held["later"]) != clip_of(app, held["shot"])
    assert app.verify().ok
    (chain,) = app.subjects.chains(clip_of(app, held["shot"]))
    assert f"the file {held['later'][:12]}…" in chain.answer.overturned_by[-1]


def test_a_lookup_finds_the_shot_and_says_of_which_the_moment_is_not_told(
    app: App, shots: dict[str, Path]
) -> None:
    for name in ("shot", "later"):
        app.add.take_in(str(shots[name]), Stated())
    (result,) = app.lookup.run(str(shots["copy"]))
    assert [match.match.moment_told for match in result.matches] == [True, False]
    assert result.earliest is not None
    assert OTHER_MOMENT in result.earliest.why
