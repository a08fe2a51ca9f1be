"""Job: delete the originals that the rule lets go."""

from __future__ import annotations

import structlog

from jobs.turn import Turn
from tracker.app import App

log = structlog.get_logger()


def run(app: App, turn: Turn) -> int:
    """Delete what may go, after finishing what was begun; return how many originals went."""
    done = app.retention.run(turn.stop.is_set)
    if done:
        log.info("originals_deleted", count=done)
    return done
