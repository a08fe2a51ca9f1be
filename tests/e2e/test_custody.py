"""Holds, orders to forget and the state of the files, as a person types them."""

from __future__ import annotations

import hashlib
import stat

import pytest

from tests.e2e.conftest import Clips
from tests.support.tracker_cli import TrackerCommand

BY = ("--by", "N. Name", "--why", "case 12")


def test_hold_forget_and_status(tracker: TrackerCommand, clips: Clips) -> None:
    digest = hashlib.sha256(clips.foreign.read_bytes()).hexdigest()
    assert tracker.run("add", clips.foreign).code == 0
    held = tracker.run("hold", "add", digest[:10], *BY, "--json").document
    assert (held["schema"], held["kind"], held["subject"]) == ("tracker/hold/1", "video", digest)
    refused = tracker.run("forget", digest, *BY)
    assert refused.code == 1
    assert "is on hold (number 1, video" in refused.stderr
    assert "1 hold." in tracker.run("hold", "list").stdout
    assert tracker.run("hold", "remove", "1", *BY).code == 0
    forgotten = tracker.run("forget", digest[:12], *BY, "--json").document
    assert (forgotten["schema"], forgotten["video"]) == ("tracker/forgotten/1", digest)
    assert not list((tracker.data_dir / "media").rglob(digest))
    assert tracker.run("forget", digest, *BY).code == 1
    assert tracker.run("verify", "--json").document["ok"] is True
    assert tracker.run("run", "--once").code == 0
    status = tracker.run("status", "--json").document
    assert status["without_original"] == 1
    assert status["holds"] == 0
    assert status["fixity"]["files"] == status["fixity"]["checked"]
    shown = tracker.run("status").stdout
    assert "1 video without original" in shown


@pytest.mark.parametrize("line", [("run", "--once"), ("watch", "add", "https://news.example/feed")])
def test_an_archive_is_nobody_elses(line: tuple[str, ...], tracker: TrackerCommand) -> None:
    database = tracker.home / "rows" / "tracker.db"
    tracker.run(*line, TRACKER_DATABASE__URL=f"sqlite:///{database}")
    made = (tracker.data_dir, database.parent)
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in made] == [0o700, 0o700]


def test_a_missing_file_stands_out(tracker: TrackerCommand, clips: Clips) -> None:
    digest = hashlib.sha256(clips.foreign.read_bytes()).hexdigest()
    tracker.run("add", clips.foreign)
    (stored,) = (tracker.data_dir / "media").rglob(digest)
    stored.unlink()
    tracker.run("run", "--once")
    shown = tracker.run("status").stdout
    assert "1 kept file BROKEN" in shown
    assert f"media {digest}: missing since" in shown
    assert "1 broken." in " ".join(shown.split())
    assert tracker.run("verify").code == 1
