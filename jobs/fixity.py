"""Job: re-hash a slice of what is kept."""

from __future__ import annotations

import structlog

from jobs.turn import Turn
from tracker.app import App

log = structlog.get_logger()


def run(app: App, turn: Turn) -> int:
    """Re-hash the files that were not looked at for longest; return how many."""
    done = app.fixity.run_slice(turn.stop.is_set)
    with app.archive.database.read() as session:
        broken = app.fixity.broken(session)
    for check in broken:
        log.error("file_broken", name=check.file.name, result=check.result, reason=check.reason)
    if done:
        log.info("fixity_slice_done", files=done, broken=len(broken))
    return done
