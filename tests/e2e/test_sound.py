"""Sound beside picture: each is told for itself, and sound alone never joins two videos."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.footage import make_footage
from tests.support.json_schema import problems
from tests.support.sound import AAC, OPUS, make_melody, run_ffmpeg, with_sound
from tests.support.tracker_cli import TrackerCommand


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@dataclass(frozen=True)
class Films:
    """Two pictures and two melodies: ``song`` and ``cover`` sound the same, ``dubbed`` and
    ``song`` look the same."""

    song: Path
    cover: Path
    dubbed: Path


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Films:
    folder = tmp_path_factory.mktemp("films")
    one = make_footage(folder / "one.mp4", seed=21, seconds=12).path
    two = make_footage(folder / "two.mp4", seed=22, seconds=12).path
    melody, other = (make_melody(folder / f"{n}.wav", n, 12) for n in (1, 2))
    louder = run_ffmpeg("-i", melody, "-af", "volume=5dB", *OPUS, folder / "louder.webm")
    return Films(
        with_sound(one, melody, folder / "song.mp4"),
        with_sound(two, louder, folder / "cover.mp4", AAC),
        with_sound(one, other, folder / "dubbed.mp4"),
    )


def test_same_sound_under_another_picture_is_told_and_joins_nothing(
    tracker: TrackerCommand, films: Films, tmp_path: Path
) -> None:
    for film in (films.song, films.cover):
        assert tracker.run("add", film).code == 0
    assert len(tracker.run("clips", "--json").documents) == 2
    for film, other in ((films.song, films.cover), (films.cover, films.song)):
        found = tracker.run("lookup", "--json", film).document
        assert problems(found, json.loads(Path("docs/schemas/lookup.json").read_text())) == []
        assert [match["video"] for match in found["matches"]] == [digest(film)]
        (heard,) = found["sound_matches"]
        assert heard["video"] == digest(other)
        assert heard["files"] == [str(other)]
        (segment,) = heard["segments"]
        assert segment["query_ms"][1] - segment["query_ms"][0] > 10_000
        assert segment["speed"] == 1.0
        assert found["earliest"]["video"] == digest(film)
    text = tracker.run("lookup", films.song).stdout
    assert "The same sound runs under a different picture in:" in text
    assert films.cover.name in text
    page = tmp_path / "report.html"
    assert tracker.run("report", films.song, "--format", "html", "-o", page).code == 0
    assert "The same sound runs under a different picture in:" in page.read_text()
    assert films.cover.name in page.read_text()
    document = tmp_path / "report.json"
    assert tracker.run("report", films.song, "--format", "json", "-o", document).code == 0
    (told,) = json.loads(document.read_text())["sound_matches"]
    assert told["video"] == digest(films.cover)
    assert tracker.run("verify").code == 0


def test_same_picture_with_another_sound_is_one_clip_and_told(
    tracker: TrackerCommand, films: Films, tmp_path: Path
) -> None:
    for film in (films.song, films.dubbed):
        assert tracker.run("add", film).code == 0
    (clip,) = tracker.run("clips", "--json").documents
    assert clip["appearances"] == 2
    found = tracker.run("lookup", "--json", films.dubbed).document
    sounds = {match["video"]: match["sound"] for match in found["matches"]}
    assert sounds == {digest(films.dubbed): "same", digest(films.song): "different"}
    assert found["sound_matches"] == []
    text = tracker.run("lookup", films.dubbed).stdout
    assert "The picture is the same, the sound is not" in text
    page = tmp_path / "report.html"
    assert tracker.run("report", films.dubbed, "--format", "html", "-o", page).code == 0
    assert "The picture is the same, the sound is not" in page.read_text()
    document = tmp_path / "report.json"
    assert tracker.run("report", films.dubbed, "--format", "json", "-o", document).code == 0
    (told,) = json.loads(document.read_text())["sounds"]
    assert told["sound"] == "different"
