"""Job: decode and fingerprint captured videos, one child process each."""

from __future__ import annotations

import threading

from jobs.drain import drain
from tracker.app import App


def run(app: App, stop: threading.Event) -> int:
    """Fingerprint pending videos; return how many were tried."""
    workers = app.settings.jobs.workers
    return drain(app.fingerprint, app.archive, app.clock, stop, workers=workers)
