"""Job: compare newly fingerprinted videos with everything stored."""

from __future__ import annotations

import threading

from jobs.drain import drain
from tracker.app import App


def run(app: App, stop: threading.Event) -> int:
    """Compare pending videos, one after the other; return how many were tried."""
    return drain(app.detect, app.archive, app.clock, stop)
