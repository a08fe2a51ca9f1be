"""Job: delete the originals that the rule lets go."""

from __future__ import annotations

import threading

import structlog

from tracker.app import App

log = structlog.get_logger()


def run(app: App, stop: threading.Event) -> int:
    """Delete what may go, after finishing what was begun; return how many originals went."""
    done = app.retention.run(stop.is_set)
    if done:
        log.info("originals_deleted", count=done)
    return done
