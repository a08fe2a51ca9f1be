"""Job: poll the watches that are due, then fetch the posts they listed."""

from __future__ import annotations

import threading

import structlog

from jobs.drain import drain
from tracker.app import App
from tracker.errors import TrackerError
from tracker.model.watch import Watch

log = structlog.get_logger()


def run(app: App, stop: threading.Event) -> int:
    """Poll due watches and fetch pending posts; return how many posts were tried."""
    for watch in app.watches.due():
        if stop.is_set():
            break
        poll(app, watch, stop)
    return drain(app.collect, app.archive, app.clock, stop)


def poll(app: App, watch: Watch, stop: threading.Event) -> TrackerError | None:
    """Poll one watch; a failure is logged, kept for ``tracker status``, and returned."""
    try:
        new = app.watches.poll(watch, stop.is_set)
    except TrackerError as exc:
        log.warning("watch_failed", target=watch.target, error=str(exc))
        return exc
    log.info("watch_polled", target=watch.target, new_posts=new)
    return None
