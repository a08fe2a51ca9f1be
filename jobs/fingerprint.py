"""Job: decode and fingerprint captured videos, one child process each."""

from __future__ import annotations

from jobs.drain import drain
from jobs.turn import Turn
from tracker.app import App


def run(app: App, turn: Turn) -> int:
    """Fingerprint pending videos; return how many were tried."""
    workers = app.settings.jobs.workers
    return drain(
        app.fingerprint, app.archive, app.clock, turn.stop, workers=workers, activity=turn.activity
    )
