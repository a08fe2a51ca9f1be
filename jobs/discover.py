"""Job: search the platforms for earlier uploads of clips that have only lately been seen."""

from __future__ import annotations

from jobs.drain import drain
from jobs.turn import Turn
from tracker.app import App


def run(app: App, turn: Turn) -> int:
    """Search for the clips that are due; return how many. Nothing where none is enabled."""
    return drain(app.discover, app.archive, app.clock, turn.stop, activity=turn.activity)
