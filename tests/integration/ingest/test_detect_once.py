"""Of a backlog each pair is compared once, and none is lost when two processes share the work."""

from __future__ import annotations

import threading
from collections.abc import Collection, Container
from pathlib import Path

import pytest

from jobs.drain import drain
from storage import attempts, fingerprints, matches
from tests.support.footage import Edit, make_copy, make_footage
from tests.support.webserver import WebServer
from tracker.app import App
from tracker.identify import MOST_ASKED, Identified, Identifier
from tracker.ingest.detect import Detect
from tracker.matching.ports import Originals
from tracker.model.fingerprint import Examined
from tracker.model.ids import VideoId

PAGE = '<html><title>a</title><body><video src="{}"></video></body></html>'


@pytest.fixture
def backlog(app: App, site: WebServer, tmp_path: Path) -> tuple[VideoId, ...]:
    """Two videos that share footage, fingerprinted and not compared yet."""
    source, copy = tmp_path / "source.mp4", tmp_path / "copy.mp4"
    make_footage(source, seed=5, seconds=6)
    make_copy(source, copy, Edit(start_s=1, end_s=5))
    for number, path in enumerate((source, copy)):
        media = site.add(f"/{number}.mp4", path.read_bytes(), content_type="video/mp4")
        page = site.add(f"/{number}", PAGE.format(media))
        app.collect.take(page, key=None, depth=0, origin=None)
    drain(app.capture, app.archive, app.clock, threading.Event())
    drain(app.fingerprint, app.archive, app.clock, threading.Event())
    waiting = tuple(app.detect.pending(9))
    assert len(waiting) == 2
    return waiting


class Seeing(Identifier):
    """Identifies as ever, and says with whom each video was compared."""

    def __init__(self, app: App, then: list[VideoId]) -> None:
        self._real = app.lookup._identifier
        self._app = app
        self._then = then
        self.compared: list[tuple[VideoId, VideoId]] = []

    def identify(
        self,
        query: VideoId,
        examined: Examined,
        *,
        exclude: Container[VideoId] = (),
        only: Collection[VideoId] | None = None,
        originals: Originals | None = None,
        most_asked: int = MOST_ASKED,
        both_directions: bool = False,
    ) -> Identified:
        found = self._real.identify(
            query,
            examined,
            exclude=exclude,
            only=only,
            originals=originals,
            most_asked=most_asked,
            both_directions=both_directions,
        )
        self.compared += [(query, match.reference) for match in found.matches]
        if self._then:  # another process is at work, and done before this one records
            self._app.detect.process(self._then.pop())
        return found


def detect_with(app: App, then: list[VideoId]) -> tuple[Detect, Seeing]:
    seeing = Seeing(app, then)
    held = app.lookup._fingerprints
    return Detect(app.archive, seeing, held, app.originals, app.algorithm_key, app.clock), seeing


def matched(app: App, video: VideoId) -> int:
    with app.archive.database.read() as s:
        return len(matches.matches_of(s, video, app.algorithm_key))


def test_a_pair_of_a_backlog_is_compared_by_the_second_of_the_two(
    app: App, backlog: tuple[VideoId, ...]
) -> None:
    first, second = backlog
    detect, seeing = detect_with(app, [])
    detect.process(first)
    assert seeing.compared == []
    detect.process(second)
    assert seeing.compared == [(second, first)]
    assert detect.pending(9) == []
    assert matched(app, first) == matched(app, second) == 1


def test_a_pair_that_two_processes_leave_to_each_other_is_compared_all_the_same(
    app: App, backlog: tuple[VideoId, ...]
) -> None:
    first, second = backlog
    detect, seeing = detect_with(app, [second])
    detect.process(first)  # while the other process compares the second, and leaves this one out
    assert seeing.compared == [(first, second)]
    assert detect.pending(9) == []
    assert matched(app, first) == 1


def test_one_that_was_given_up_is_compared_with(app: App, backlog: tuple[VideoId, ...]) -> None:
    first, second = backlog
    with app.archive.database.write() as s:
        attempts.record_failure(
            s, "detect", second, error="x", retryable=False, retry_at=None, now=app.clock.now()
        )
        assert not fingerprints.is_detected(s, second, app.algorithm_key)
    app.detect.process(first)
    assert matched(app, first) == 1
