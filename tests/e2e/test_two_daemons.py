"""Two daemons on one archive: one works, the other takes over, and no work is done twice."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from subprocess import Popen

from sqlmodel import Session

from storage.attempts import queue_depths
from storage.daemon import daemon_state
from storage.database import Database
from storage.posts import coverage
from tests.e2e.conftest import Clips
from tests.e2e.test_daemon import kill_group, outcome_of, publish, wait_for
from tests.support.tracker_cli import TrackerCommand
from tests.support.webserver import WebServer
from tracker.fingerprint.algorithm import current_algorithm

LEASE = {"TRACKER_JOBS__LEASE_S": "1.5", "TRACKER_JOBS__STAGE_PAUSE_S": "0.5"}
TAKEN_OVER_S = 60


@contextmanager
def daemon(tracker: TrackerCommand) -> Iterator[Popen[bytes]]:
    """A daemon with a short lease; it is gone afterwards, stopped or not."""
    started = tracker.start("run", **LEASE)
    try:
        yield started
    finally:
        kill_group(started.pid)
        started.wait(30)


@contextmanager
def rows(tracker: TrackerCommand) -> Iterator[Session]:
    """The database as it is, without starting a command each time."""
    url = f"sqlite:///{tracker.data_dir / 'tracker.db'}"
    with closing(Database(url)) as database, database.read() as session:
        yield session


def leads(tracker: TrackerCommand, process: Popen[bytes]) -> bool:
    with rows(tracker) as session:
        leader = daemon_state(session).leader
    return leader is not None and leader.pid == process.pid


def stands_by(tracker: TrackerCommand, process: Popen[bytes]) -> bool:
    with rows(tracker) as session:
        standby = daemon_state(session).standby
    return standby is not None and standby.pid == process.pid


def suspend(tracker: TrackerCommand, process: Popen[bytes]) -> None:
    """Stop a process of ours between two of its writes.

    Stopped within one it would go on holding SQLite's lock: nobody could write, nor take over.
    """
    while True:
        os.kill(process.pid, signal.SIGSTOP)
        os.waitpid(process.pid, os.WUNTRACED)
        if is_writable(tracker):
            return
        os.kill(process.pid, signal.SIGCONT)
        time.sleep(0.05)


def is_writable(tracker: TrackerCommand) -> bool:
    path = tracker.data_dir / "tracker.db"
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as database:
        try:
            database.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        database.execute("ROLLBACK")
        return True


def all_done(tracker: TrackerCommand) -> bool:
    with rows(tracker) as session:
        pending = queue_depths(session, current_algorithm().key)
        return coverage(session).videos == 3 and not any(pending.values())


def asked_for_media(site: WebServer) -> Counter[str]:
    return Counter(r.path for r in site.requests if r.path.startswith("/media/"))


def test_a_second_daemon_takes_over_from_one_that_was_killed(
    tracker: TrackerCommand, clips: Clips, site: WebServer
) -> None:
    feed = publish(site, clips)
    site.add("/media/second.mp4", clips.copy.read_bytes(), content_type="video/mp4", delay_s=5)
    tracker.run("watch", "add", feed)
    with daemon(tracker) as first:
        wait_for(lambda: leads(tracker, first))
        with daemon(tracker) as second:
            wait_for(lambda: stands_by(tracker, second))
            shown = tracker.run("status", "--json").document["daemon"]
            assert shown["leader"]["heard"]
            assert (shown["leader"]["pid"], shown["standby"]["pid"]) == (first.pid, second.pid)
            refused = tracker.run("run", "--once")
            assert (refused.code, refused.stdout) == (3, "")
            assert f"already at work on {tracker.data_dir} (process {first.pid}" in refused.stderr
            wait_for(lambda: asked_for_media(site)["/media/second.mp4"] == 1)
            kill_group(first.pid)
            wait_for(lambda: leads(tracker, second), TAKEN_OVER_S)
            wait_for(lambda: all_done(tracker))
            second.send_signal(signal.SIGTERM)
            assert second.wait(20) == 0
    assert "none is at work" in tracker.run("status").stdout
    assert [len(chain) for chain in outcome_of(tracker)] in ([2, 4], [4, 2])
    verified = tracker.run("verify", "--json").document
    assert verified["ok"] is True, verified
    # Only what was in flight when the first one died was asked for again.
    asked = asked_for_media(site)
    assert {path for path, count in asked.items() if count > 1} <= {"/media/second.mp4"}
    assert max(asked.values()) <= 2


def test_one_that_slept_through_its_lease_finds_itself_replaced_and_ends(
    tracker: TrackerCommand, clips: Clips, site: WebServer
) -> None:
    feed = publish(site, clips)
    tracker.run("watch", "add", feed)
    with daemon(tracker) as first, daemon(tracker) as second:
        wait_for(lambda: leads(tracker, first) or leads(tracker, second))
        asleep, other = (first, second) if leads(tracker, first) else (second, first)
        suspend(tracker, asleep)
        try:
            wait_for(lambda: leads(tracker, other), TAKEN_OVER_S)
            wait_for(lambda: all_done(tracker))
        finally:
            with suppress(ProcessLookupError):
                os.kill(asleep.pid, signal.SIGCONT)
        assert asleep.wait(30) == 3
        assert leads(tracker, other)
    assert tracker.run("verify", "--json").document["ok"] is True
