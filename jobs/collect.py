"""Job: poll the watches that are due, then fetch the posts they listed."""

from __future__ import annotations

import structlog

from jobs.drain import drain
from jobs.turn import Turn
from tracker.app import App
from tracker.errors import TrackerError
from tracker.model.watch import Watch
from tracker.watch import POLL

log = structlog.get_logger()


def run(app: App, turn: Turn) -> int:
    """Poll due watches and fetch pending posts; return how many posts were tried."""
    for watch in app.watches.due():
        if turn.stop.is_set():
            break
        poll(app, watch, turn)
    return drain(app.collect, app.archive, app.clock, turn.stop, activity=turn.activity)


def poll(app: App, watch: Watch, turn: Turn) -> TrackerError | None:
    """Poll one watch; a failure is logged, kept for ``tracker status``, and returned."""
    try:
        with turn.activity.item(POLL, watch.target):
            new = app.watches.poll(watch, turn.stop.is_set)
    except TrackerError as exc:
        log.warning("watch_failed", target=watch.target, error=str(exc))
        return exc
    log.info("watch_polled", target=watch.target, new_posts=new)
    return None
