"""Sound beside picture: each is told for itself, and sound alone never joins two videos."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.footage import make_footage
from tests.support.json_schema import problems
from tests.support.sound import AAC, OPUS, make_melody, run_ffmpeg, with_sound
from tests.support.tracker_cli import TrackerCommand

SAME_SOUND_TITLE = "The same sound runs under a different picture in:"
ANOTHER_SOUND = "The picture is the same, the sound is not"


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


def test_sound_and_picture_are_told_apart(
    tracker: TrackerCommand, films: Films, tmp_path: Path
) -> None:
    assert tracker.run("add", films.song, films.cover, films.dubbed).code == 0
    clips = tracker.run("clips", "--json").documents
    assert sorted(clip["appearances"] for clip in clips) == [1, 2]
    answers = tracker.run("lookup", "--json", films.song, films.cover, films.dubbed).documents
    _check_answers(answers, films)
    text = tracker.run("lookup", films.song).stdout
    assert SAME_SOUND_TITLE in text
    assert films.cover.name in text
    assert ANOTHER_SOUND in text
    _check_reports(tracker, films, tmp_path)
    assert tracker.run("verify").code == 0
    with closing(sqlite3.connect(tracker.data_dir / "tracker.db")) as database, database:
        database.execute("UPDATE sound_match SET score = 0.123")
    broken = tracker.run("verify")
    assert broken.code == 1
    assert "sound match" in broken.stdout


def _check_answers(answers: Sequence[Mapping[str, Any]], films: Films) -> None:
    song, cover, dubbed = answers
    assert _sounds(song) == {digest(films.song): "same", digest(films.dubbed): "different"}
    assert _sounds(cover) == {digest(films.cover): "same"}
    assert _sounds(dubbed) == {digest(films.song): "different", digest(films.dubbed): "same"}
    assert dubbed["sound_matches"] == []
    assert cover["earliest"]["video"] == digest(films.cover)
    for answer, other in ((song, films.cover), (cover, films.song)):
        (heard,) = answer["sound_matches"]
        assert problems(heard, _described("sound_match")) == []
        assert heard["video"] == digest(other)
        assert heard["files"] == [str(other)]
        (segment,) = heard["segments"]
        assert segment["query_ms"][1] - segment["query_ms"][0] > 10_000
        assert segment["speed"] == 1.0


def _described(name: str) -> dict[str, Any]:
    """Return the schema of one part of a lookup."""
    schema = json.loads(Path("docs/schemas/lookup.json").read_text())
    return {**schema["$defs"][name], "$defs": schema["$defs"]}


def _sounds(answer: Mapping[str, Any]) -> dict[str, str]:
    return {match["video"]: match["sound"] for match in answer["matches"]}


def _check_reports(tracker: TrackerCommand, films: Films, folder: Path) -> None:
    page, document = folder / "report.html", folder / "report.json"
    assert tracker.run("report", films.song, "--format", "html", "-o", page).code == 0
    for words in (SAME_SOUND_TITLE, films.cover.name, ANOTHER_SOUND):
        assert words in page.read_text()
    assert tracker.run("report", films.song, "--format", "json", "-o", document).code == 0
    report = json.loads(document.read_text())
    assert [item["video"] for item in report["sound_matches"]] == [digest(films.cover)]
    assert [item["sound"] for item in report["sounds"]] == ["different"]
