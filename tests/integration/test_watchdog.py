"""Work that hangs in a thread is noticed, recorded and ended; the daemon goes on with the rest."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import pytest

from jobs.drain import drain
from jobs.monitor import Activity, Monitor
from jobs.watchdog import watched
from storage import attempts, daemon, posts
from storage.database import Database
from tests.support.values import NOW
from tracker.app import App, open_app
from tracker.config import JobSettings, NetworkSettings, Settings
from tracker.ingest.stage import Stage
from tracker.model.ids import Platform, PostKey

ROOT = Path(__file__).resolve().parents[2]
HANGS = PostKey("https://www.youtube.com/watch?v=aaaaaaaaaaa")
SHORT = {
    "TRACKER_JOBS__ITEM_LIMIT_S": "1",
    "TRACKER_NETWORK__PAGE_TIMEOUT_S": "1",
    "TRACKER_NETWORK__ALLOW_PRIVATE": "true",
    "TRACKER_NETWORK__CONNECT_TO": '{"www.youtube.com": "127.0.0.1:9"}',
}


def until(condition: Callable[[], object], limit_s: float = 60) -> None:
    """Wait for it; whatever never comes fails the test."""
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.05)


def test_an_item_within_its_limit_is_no_overrun() -> None:
    activity = Activity("capture", limit_s=60)
    with activity.run(), activity.item("capture", "a"), activity.item("capture", "b"):
        assert activity.overrun() is None
        assert activity.state().item == "a"
    assert activity.overrun() is None
    assert (activity.state().running, activity.state().done) == (False, 2)


def test_the_oldest_item_that_overran_is_named() -> None:
    activity = Activity("collect", limit_s=0.01)
    with activity.run(), activity.item("watch", "a"), activity.item("collect", "b"):
        time.sleep(0.05)
        overrun = activity.overrun()
    assert overrun
    assert (overrun.job, overrun.stage, overrun.item) == ("collect", "watch", "a")


def test_a_job_that_stands_still_between_two_items_overran_too() -> None:
    monitor = Monitor()
    activity = monitor.activity("detect", 0.01)
    with activity.run():
        with activity.item("detect", "a"):
            pass
        time.sleep(0.05)
        (overrun,) = monitor.overruns()
    assert overrun.item is None
    assert monitor.overruns() == []


def test_what_a_run_failed_with_is_kept_until_the_next() -> None:
    activity = Activity("audit")
    with pytest.raises(ValueError, match="broken"), activity.run():
        raise ValueError("broken")
    assert activity.state().error == "ValueError: broken"
    with activity.run():
        assert activity.state().error is None


class _Hanging(Stage[str]):
    """A stage whose only item comes to no end before it is let go."""

    name = "numbers"

    def __init__(self) -> None:
        self.let_go = threading.Event()

    def pending(self, limit: int) -> list[str]:
        return ["one"][:limit]

    def key(self, item: str) -> str:
        return item

    def process(self, item: str) -> None:
        del item
        self.let_go.wait(60)


def test_an_overrun_is_recorded_as_a_failed_try_before_the_end_is_called(tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path / "data",
        network=NetworkSettings(allow_private=True),
        jobs=JobSettings(item_limit_s=0.5),
    )
    stage, monitor, ended = _Hanging(), Monitor(), threading.Event()
    with ExitStack() as stack:
        app = stack.enter_context(open_app(settings))
        stack.callback(stage.let_go.set)
        work = threading.Thread(target=_drain, args=(stage, app, monitor))
        stack.enter_context(watched(app, monitor, ended.set))
        work.start()
        assert ended.wait(60)
        with app.archive.database.read() as session:
            (failure,) = attempts.failing(session)
            (job,) = daemon.daemon_state(session).jobs
        assert (failure.stage, failure.item, failure.parked) == ("numbers", "one", False)
        assert failure.error.endswith("the limit is 0.5 s")
        assert (job.name, job.overruns, job.overran_item) == ("numbers", 1, "one")
        stage.let_go.set()
        work.join(30)


def _drain(stage: _Hanging, app: App, monitor: Monitor) -> None:
    activity = monitor.activity("numbers", app.settings.jobs.item_limit_s)
    with activity.run():
        drain(stage, app.archive, app.clock, threading.Event(), activity=activity)


def archive_with_one_address(data_dir: Path) -> Database:
    """Return a database that knows the address of one post, which yt-dlp is to read."""
    database = Database(f"sqlite:///{data_dir / 'tracker.db'}")
    database.migrate()
    with database.write() as session:
        posts.discover_post(
            session,
            key=HANGS,
            url=HANGS,
            platform=Platform("youtube"),
            account=None,
            depth=0,
            origin=None,
            claims=(),
            published=None,
            now=NOW,
        )
    return database


def test_a_daemon_that_hangs_begins_anew_without_the_item(tmp_path: Path) -> None:
    data_dir, cookies = tmp_path / "data", tmp_path / "cookies.txt"
    data_dir.mkdir()
    os.mkfifo(cookies)  # as on a disk that does not answer: opening it never ends
    with closing(archive_with_one_address(data_dir)) as database:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "PYTHONPATH": str(ROOT),
            "TRACKER_DATA_DIR": str(data_dir),
            "TRACKER_YTDLP__COOKIE_FILE": str(cookies),
            **SHORT,
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "jobs"], env=environment, cwd=tmp_path, start_new_session=True,
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            until(lambda: _leader(database) is not None)
            first = _leader(database)
            until(lambda: _leader(database) not in (first, None))
            with database.read() as session:
                failures = {f.stage: f for f in attempts.failing(session)}
                jobs = {job.name: job for job in daemon.daemon_state(session).jobs}
            process.terminate()
            _, said = process.communicate(timeout=30)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            process.wait()
    assert process.returncode == 0, said
    failure = failures["collect"]
    assert (failure.item, failure.tries, failure.parked) == (HANGS, 1, False)
    assert "the limit is 2 s" in failure.error
    assert jobs["collect"].overruns == 1
    assert "job_overran" in said
    assert "beginning_anew" in said


def _leader(database: Database) -> str | None:
    with database.read() as session:
        leader = daemon.leader(session)
    return leader.holder if leader else None
