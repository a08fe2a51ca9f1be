"""Job: bring clips and chains up to date."""

from __future__ import annotations

from jobs.drain import drain
from jobs.turn import Turn
from tracker.app import App


def run(app: App, turn: Turn) -> int:
    """Recompute the chains around changed videos; return how many videos were tried."""
    return drain(app.record, app.archive, app.clock, turn.stop, activity=turn.activity)
