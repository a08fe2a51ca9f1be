"""Job: look again at posts, to see whether they are still there."""

from __future__ import annotations

import threading

from jobs.drain import drain
from tracker.app import App


def run(app: App, stop: threading.Event) -> int:
    """Recheck the posts that are due; return how many were tried."""
    return drain(app.recheck, app.archive, app.clock, stop)
