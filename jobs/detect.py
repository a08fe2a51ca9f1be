"""Job: compare newly fingerprinted videos with everything stored."""

from __future__ import annotations

from jobs.drain import drain
from jobs.turn import Turn
from tracker.app import App


def run(app: App, turn: Turn) -> int:
    """Compare pending videos, one after the other; return how many were tried."""
    return drain(app.detect, app.archive, app.clock, turn.stop, activity=turn.activity)
