"""Job: read the Content Credentials of stored videos that were not looked at."""

from __future__ import annotations

from jobs.drain import drain
from jobs.turn import Turn
from tracker.app import App


def run(app: App, turn: Turn) -> int:
    """Look at pending videos, one child process each; return how many were tried."""
    workers = app.settings.jobs.workers
    return drain(
        app.credentials, app.archive, app.clock, turn.stop, workers=workers, activity=turn.activity
    )
