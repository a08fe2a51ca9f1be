"""Runs the jobs: once through, or until told to stop."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from datetime import UTC, datetime
from functools import partial

import structlog

from jobs.collect import poll
from jobs.leader import Leadership
from jobs.monitor import Monitor
from jobs.monitoring import monitoring
from jobs.schedule import CUSTODY, PIPELINE, bring_forward, build_scheduler
from jobs.stop import STOP_LIMIT_S, StopRequest, stop_on_signals
from jobs.turn import Turn
from jobs.watchdog import begin_anew, watched
from storage import watches as watch_rows
from storage.database import Database
from storage.staging import keep_temporary_files_together
from tracker.app import App, open_app
from tracker.clock import SystemClock
from tracker.config import Settings
from tracker.errors import LeaseLost, ToolError
from tracker.process_start import settle

log = structlog.get_logger()

CLOCK_LOOK_S = 30.0
"""How often a look is taken whether the machine's clock was set back."""

Report = Callable[[str, int], None]
"""Is told a job's name and how many items it did."""


def run_once(
    app: App,
    stop: threading.Event,
    report: Report = lambda _job, _done: None,
    monitor: Monitor | None = None,
) -> int:
    """Poll every watch once, finish all pending work, and return the exit code.

    An item that fails is held back for a later run. The code is that of the worst watch: one
    that cannot be polled is the operator's business, one bad post among many is not.
    """
    told = monitor or Monitor(app.clock)
    code = _poll_all(app, stop, told)
    _finish(app, stop, report, told)
    for job in CUSTODY:
        if not stop.is_set():
            report(job.name, job.do(app, stop, told))
    return code


def _poll_all(app: App, stop: threading.Event, monitor: Monitor) -> int:
    app.watches.adopt_configured()
    with app.archive.database.read() as session:
        watches = [watch for watch in watch_rows.watches(session) if not watch.paused]
    activity = PIPELINE[0].activity(app, monitor)
    code = 0
    with activity.run():
        for watch in watches:
            if stop.is_set():
                return code
            error = poll(app, watch, Turn(stop, activity))
            code = max(code, error.exit_code if error else 0)
    return code


def _finish(app: App, stop: threading.Event, report: Report, monitor: Monitor) -> None:
    """Run the pipeline until a whole round finds nothing left to do."""
    while not stop.is_set():
        tried = 0
        for job in PIPELINE:
            if not job.enabled(app):
                continue
            done = job.do(app, stop, monitor)
            report(job.name, done)
            tried += done
        if not tried:
            return


def run_forever(app: App, stop: threading.Event, monitor: Monitor | None = None) -> int:
    """Run the schedule until ``stop`` is set; return the exit code."""
    app.watches.adopt_configured()
    scheduler = build_scheduler(app, stop, monitor)
    scheduler.start()
    log.info("daemon_started", jobs=[job.id for job in scheduler.get_jobs()])
    while not stop.wait(CLOCK_LOOK_S):
        bring_forward(scheduler, datetime.now(UTC))
    log.info("daemon_stopping")
    scheduler.shutdown()
    log.info("daemon_stopped")
    return 0


def serve(settings: Settings, *, once: bool, report: Report = lambda _job, _done: None) -> int:
    """Run the daemon until it is done or stopped, and return the exit code.

    While another daemon leads it stands by, and leads when that one is gone. With ``once`` it
    raises ``OutsideError`` instead. Raises ``LeaseLost`` when another one has taken over.
    """
    keep_temporary_files_together()
    with (
        stop_on_signals() as request,
        nullcontext() if once else monitoring(settings),
        _leadership(settings) as leadership,
    ):
        if not leadership.win(request.event, waits=not once):
            return 0
        monitor = Monitor()
        with leadership.kept(monitor.states, partial(_give_way, request)):
            return _lead(settings, request, leadership, monitor, report if once else None)


@contextmanager
def _leadership(settings: Settings) -> Iterator[Leadership]:
    """Give the claim to lead, on a connection of its own that no job can hold up."""
    clock = SystemClock()
    with (
        closing(Database(settings.database_url, now=clock.now)) as database,
        closing(
            Leadership(database, settings.data_dir, settings.jobs.lease_s, clock)
        ) as leadership,
    ):
        yield leadership


def _lead(
    settings: Settings,
    request: StopRequest,
    leadership: Leadership,
    monitor: Monitor,
    report: Report | None,
) -> int:
    """Open the archive and run; ``report`` is told of a single run."""
    with open_app(settings) as app:
        app.make_all()
        app.executor.warm_up()
        settle()
        app.archive.database.fence(leadership.require)
        request.interrupts(app.interrupt)
        with watched(app, monitor, partial(_after_overrun, app, once=report is not None)):
            if report is not None:
                return run_once(app, request.event, report, monitor)
            return run_forever(app, request.event, monitor)


def _give_way(request: StopRequest) -> None:
    """Stop as for a signal: nothing more can be written, so nothing is worth waiting for."""
    request.ask()
    last_resort = threading.Timer(STOP_LIMIT_S, os._exit, (LeaseLost.exit_code,))
    last_resort.daemon = True
    last_resort.start()


def _after_overrun(app: App, *, once: bool) -> None:
    """End all that runs; a daemon then begins anew, a single run has failed."""
    app.interrupt()
    if once:
        os._exit(ToolError.exit_code)
    log.warning("beginning_anew")
    begin_anew()
