"""Ends what overruns its limit.

Downloads and decoders are children with limits of their own, and are ended alone. What else hangs
(a disk that does not answer, a name server, a defect of ours) hangs in a thread, and a thread
cannot be ended. Its item is then recorded as a failed try, which is held back and after the last
try parked like any other, and the whole process begins anew: all other work in hand is pending
again, as after a crash.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import structlog

from jobs.monitor import Monitor, Overrun
from storage import daemon as daemon_rows
from tracker.app import App
from tracker.errors import ToolError, TrackerError
from tracker.ingest.stage import Archive, remember_failure
from tracker.watch import POLL

LOOK_EVERY_S = 5.0
RECORDING_LIMIT_S = 60.0
"""How long to wait for the database before the process begins anew without a record."""

log = structlog.get_logger()


@contextmanager
def watched(app: App, monitor: Monitor, end: Callable[[], None]) -> Iterator[None]:
    """Look after the jobs as long as the block lasts; ``end`` is called after an overrun.

    The overrun is logged and recorded before.
    """
    over = threading.Event()

    def look() -> None:
        while not over.wait(_interval_s(app)):
            found = monitor.overruns()
            if found:
                _record(app, found)
                end()
                return

    threading.Thread(target=look, name="watchdog", daemon=True).start()
    try:
        yield
    finally:
        over.set()


def begin_anew() -> None:
    """Replace this process by a fresh one with the same command line and number."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    line = [sys.executable, *sys.orig_argv[1:]]
    os.execv(sys.executable, line)  # noqa: S606 - our own command line, without a shell


def _interval_s(app: App) -> float:
    return min(LOOK_EVERY_S, app.settings.jobs.item_limit_s / 5)


def _record(app: App, found: Sequence[Overrun]) -> None:
    """Record what overran; the database may be what hangs, so not for ever."""
    recorder = threading.Thread(target=_note_all, args=(app, found), daemon=True)
    recorder.start()
    recorder.join(RECORDING_LIMIT_S)


def _note_all(app: App, found: Sequence[Overrun]) -> None:
    for overrun in found:
        log.error(
            "job_overran",
            job=overrun.job,
            item=overrun.item,
            running_s=round(overrun.running_s),
            limit_s=overrun.limit_s,
        )
        try:
            _note(app, overrun)
        except TrackerError as exc:
            log.error("overrun_not_recorded", job=overrun.job, error=str(exc))  # noqa: TRY400


def _note(app: App, overrun: Overrun) -> None:
    archive: Archive = app.archive
    now = app.clock.now()
    with archive.database.write() as session:
        daemon_rows.note_overrun(session, overrun.job, overrun.item, overrun.limit_s, now)
    if overrun.item is None:
        return
    error = ToolError(f"ended after {overrun.running_s:.0f} s: the limit is {overrun.limit_s:g} s")
    remember_failure(
        overrun.stage, overrun.item, error, archive, app.clock, gives_up=overrun.stage != POLL
    )
