"""Job: look again at posts, to see whether they are still there."""

from __future__ import annotations

from jobs.drain import drain
from jobs.turn import Turn
from tracker.app import App


def run(app: App, turn: Turn) -> int:
    """Recheck the posts that are due; return how many were tried."""
    return drain(app.recheck, app.archive, app.clock, turn.stop, activity=turn.activity)
