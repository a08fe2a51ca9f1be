"""Job: poll the watches that are due, then fetch the posts they listed."""

from __future__ import annotations

import threading
from datetime import timedelta

import structlog

from jobs.drain import drain
from storage import watches as watch_rows
from tracker.app import App
from tracker.errors import TrackerError
from tracker.model.watch import Watch

log = structlog.get_logger()


def run(app: App, stop: threading.Event) -> int:
    """Poll due watches and fetch pending posts; return how many posts were tried."""
    for watch in due_watches(app):
        if stop.is_set():
            break
        poll(app, watch)
    return drain(app.collect, app.archive, app.clock, stop)


def due_watches(app: App) -> list[Watch]:
    """Return the watches whose interval has passed since they were last polled."""
    now = app.clock.now()
    with app.archive.database.read() as session:
        return [
            watch
            for watch in watch_rows.watches(session)
            if not watch.paused
            and (
                watch.last_polled_at is None
                or watch.last_polled_at + timedelta(seconds=watch.interval_s) <= now
            )
        ]


def poll(app: App, watch: Watch) -> TrackerError | None:
    """Poll one watch; a failure is logged, kept for ``tracker status``, and returned."""
    try:
        new = app.watches.poll(watch)
    except TrackerError as exc:
        log.warning("watch_failed", target=watch.target, error=str(exc))
        return exc
    log.info("watch_polled", target=watch.target, new_posts=new)
    return None
