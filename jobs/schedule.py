"""The table of jobs, and the scheduler built from it at every start.

Schedules are code, not rows: APScheduler keeps them in memory, so nothing can be injected through
a job store, and a restart cannot multiply them. Work that is due is found by query, so a missed
tick loses nothing: ticks are coalesced and a job never overlaps itself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MISSED, JobExecutionEvent
from apscheduler.schedulers.background import BackgroundScheduler

from jobs import (
    anchor,
    audit,
    capture,
    collect,
    credentials,
    detect,
    discover,
    fingerprint,
    fixity,
    recheck,
    record,
    retention,
)
from jobs.monitor import Activity, Monitor
from jobs.turn import Turn
from tracker.app import App
from tracker.config import JobSettings, Settings

log = structlog.get_logger()

MISFIRE_GRACE_S = 3600
"""APScheduler drops a tick that is late by more than one second unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Job:
    """One line of the table: what runs, how long to wait between two runs, and its limit.

    ``limit_s`` is how long one item may take, or a job that has no items: see ``monitor``. What
    items may take by their own limits (``media_timeout_s``, ``decode_timeout_s`` …) is in it.
    """

    name: str
    run: Callable[[App, Turn], int]
    every_s: Callable[[JobSettings], float]
    limit_s: Callable[[Settings], float]
    at_start: bool = True
    enabled: Callable[[App], bool] = lambda _app: True

    def activity(self, app: App, monitor: Monitor) -> Activity:
        """Return where the job tells what it is at."""
        return monitor.activity(self.name, self.limit_s(app.settings))

    def do(self, app: App, stop: threading.Event, monitor: Monitor) -> int:
        """Run once and return how many items were done."""
        activity = self.activity(app, monitor)
        with activity.run():
            return self.run(app, Turn(stop, activity))


def _page(s: Settings) -> float:
    return s.jobs.item_limit_s + s.network.page_timeout_s


def _decode(s: Settings) -> float:
    """Each child has its limit, and waits for one that others may have left to it."""
    return s.jobs.item_limit_s + 2 * s.media.decode_timeout_s


def _download(s: Settings) -> float:
    """The transfer, then two looks at the file in a child (is it a video, is it signed)."""
    return s.network.media_timeout_s + 2 * _decode(s)


def _compute(s: Settings) -> float:
    return s.jobs.item_limit_s


def _upkeep(s: Settings) -> float:
    return s.jobs.upkeep_limit_s


PIPELINE = (
    Job("collect", collect.run, lambda s: s.poll_check_s, _page),
    Job("capture", capture.run, lambda s: s.stage_pause_s, _download),
    Job("credentials", credentials.run, lambda s: s.stage_pause_s, _decode),
    Job("fingerprint", fingerprint.run, lambda s: s.stage_pause_s, _decode),
    Job("detect", detect.run, lambda s: s.stage_pause_s, _compute),
    Job("record", record.run, lambda s: s.stage_pause_s, _compute),
    Job(
        "discover",
        discover.run,
        lambda s: s.poll_check_s,
        _download,
        enabled=lambda a: a.discover.enabled,
    ),
)
"""The stages in the order in which one feeds the next; what the last finds feeds the first."""

CUSTODY = (
    Job("retention", retention.run, lambda s: s.retention_s, _upkeep),
    Job("fixity", fixity.run, lambda s: s.fixity_s, _upkeep, at_start=False),
    Job("anchor", anchor.run, lambda s: s.anchor_s, _upkeep),
)
"""What watches over files and ledger; a single run ends with it."""

UPKEEP = (
    *CUSTODY,
    Job("recheck", recheck.run, lambda s: s.recheck_s, _page, at_start=False),
    Job("audit", audit.run, lambda s: s.audit_s, _upkeep, at_start=False),
)
"""What keeps the record true while nothing new comes in."""


def build_scheduler(
    app: App, stop: threading.Event, monitor: Monitor | None = None
) -> BackgroundScheduler:
    """Return a scheduler with every job of the table, not yet started."""
    told = monitor or Monitor(app.clock)
    scheduler = BackgroundScheduler(
        timezone=UTC,
        job_defaults={
            "coalesce": True,
            "max_instances": 1,
            "misfire_grace_time": MISFIRE_GRACE_S,
        },
    )
    scheduler.add_listener(_log_trouble, EVENT_JOB_MISSED | EVENT_JOB_ERROR)
    for job in (*PIPELINE, *UPKEEP):
        if not job.enabled(app):
            continue
        every_s = job.every_s(app.settings.jobs)
        first = datetime.now(UTC) + timedelta(seconds=0 if job.at_start else every_s)
        scheduler.add_job(
            job.do,
            "interval",
            seconds=every_s,
            args=(app, stop, told),
            id=job.name,
            replace_existing=True,
            next_run_time=first,
        )
    return scheduler


def bring_forward(scheduler: BackgroundScheduler, now: datetime) -> None:
    """Let no job wait longer than its own pause: after the clock was set back it would."""
    for job in scheduler.get_jobs():
        if job.next_run_time - now > job.trigger.interval:
            log.warning("clock_was_set_back", job=job.id)
            job.modify(next_run_time=now)


def _log_trouble(event: JobExecutionEvent) -> None:
    if event.code == EVENT_JOB_MISSED:
        log.warning("job_missed", job=event.job_id)
    else:
        log.error("job_failed", job=event.job_id, error=str(event.exception))
