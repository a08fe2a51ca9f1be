"""What was given up is shown with its reason and with the command that takes it up again."""

from __future__ import annotations

import shlex

from tests.e2e.conftest import Clips
from tests.support.json_schema import load, problems
from tests.support.tracker_cli import TrackerCommand
from tests.support.webserver import WebServer


def test_the_line_that_the_status_prints_takes_up_again_what_was_parked(
    tracker: TrackerCommand, clips: Clips, site: WebServer
) -> None:
    media = site.add("/media/first.mp4", b"no video", content_type="video/mp4") + "?a=1&b=2"
    page = site.add("/posts/a", f'<html><title>a</title><video src="{media}"></video></html>')
    tracker.run("add", page)
    shown = tracker.run("status").stdout
    assert "1 attempt, parked" in shown
    (line,) = [text.strip() for text in shown.splitlines() if "tracker retry" in text]
    assert shlex.split(line)[2] == "capture"
    (failing,) = tracker.run("status", "--json").document["failing"]
    assert failing["parked"] is True
    site.add("/media/first.mp4", clips.foreign.read_bytes(), content_type="video/mp4")
    retried = tracker.run(*shlex.split(line)[1:], "--json")
    assert retried.code == 0
    assert "no daemon is at work" in retried.stderr
    (released,) = retried.documents
    assert problems(released, load("retried")) == []
    assert (released["stage"], released["subject"]) == ("capture", failing["subject"])
    assert released["parked"] is True
    assert tracker.run("run", "--once").code == 0
    status = tracker.run("status", "--json").document
    assert (status["held"]["videos"], status["failing"]) == (1, [])


def test_what_cannot_be_retried_is_said_in_one_line(tracker: TrackerCommand) -> None:
    for arguments, code, words in (
        (("retry", "capture", "--all"), 2, "--all"),
        (("retry", "quota", "x"), 2, "tracker quota --lift"),
        (("retry", "--all"), 1, "nothing is parked"),
    ):
        done = tracker.run(*arguments)
        assert (done.code, done.stdout) == (code, ""), done
        assert words in done.stderr
        assert len(done.stderr.splitlines()) == 1
