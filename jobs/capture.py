"""Job: fetch the media of collected posts."""

from __future__ import annotations

from jobs.drain import drain
from jobs.turn import Turn
from tracker.app import App

DOWNLOADS_AT_ONCE = 4
"""Downloads mostly wait for the other side; more would be impolite to small hosts."""


def run(app: App, turn: Turn) -> int:
    """Fetch pending media; return how many were tried."""
    return drain(
        app.capture,
        app.archive,
        app.clock,
        turn.stop,
        workers=DOWNLOADS_AT_ONCE,
        activity=turn.activity,
    )
