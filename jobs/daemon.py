"""Runs the jobs: once through, or until told to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

from jobs.collect import poll
from jobs.lock import the_only_daemon
from jobs.schedule import CUSTODY, PIPELINE, build_scheduler
from jobs.stop import stop_on_signals
from storage import watches as watch_rows
from tracker.app import App, open_app
from tracker.config import Settings

log = structlog.get_logger()

Report = Callable[[str, int], None]
"""Is told a job's name and how many items it did."""


def run_once(app: App, stop: threading.Event, report: Report = lambda _job, _done: None) -> int:
    """Poll every watch once, finish all pending work, and return the exit code.

    An item that fails is held back for a later run. The code is that of the worst watch: one
    that cannot be polled is the operator's business, one bad post among many is not.
    """
    app.watches.adopt_configured()
    with app.archive.database.read() as session:
        watches = [watch for watch in watch_rows.watches(session) if not watch.paused]
    code = 0
    for watch in watches:
        if stop.is_set():
            return code
        error = poll(app, watch, stop)
        code = max(code, error.exit_code if error else 0)
    _finish(app, stop, report)
    for job in CUSTODY:
        report(job.name, job.run(app, stop))
    return code


def _finish(app: App, stop: threading.Event, report: Report) -> None:
    """Run the pipeline until a whole round finds nothing left to do."""
    while not stop.is_set():
        tried = 0
        for job in PIPELINE:
            if not job.enabled(app):
                continue
            done = job.run(app, stop)
            report(job.name, done)
            tried += done
        if not tried:
            return


def run_forever(app: App, stop: threading.Event) -> int:
    """Run the schedule until ``stop`` is set; return the exit code."""
    app.watches.adopt_configured()
    scheduler = build_scheduler(app, stop)
    scheduler.start()
    log.info("daemon_started", jobs=[job.id for job in scheduler.get_jobs()])
    stop.wait()
    log.info("daemon_stopping")
    scheduler.shutdown()
    log.info("daemon_stopped")
    return 0


def serve(settings: Settings, *, once: bool, report: Report = lambda _job, _done: None) -> int:
    """Open the archive, run the daemon until it is done or stopped, and return the exit code.

    Raises ``OutsideError`` while another daemon works on the same archive.
    """
    with (
        stop_on_signals() as request,
        open_app(settings) as app,
        the_only_daemon(settings.data_dir),
    ):
        request.interrupts(app.interrupt)
        stop = request.event
        return run_once(app, stop, report) if once else run_forever(app, stop)
