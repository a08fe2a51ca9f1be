"""Job: bring clips and chains up to date."""

from __future__ import annotations

import threading

from jobs.drain import drain
from tracker.app import App


def run(app: App, stop: threading.Event) -> int:
    """Recompute the chains around changed videos; return how many videos were tried."""
    return drain(app.record, app.archive, app.clock, stop)
