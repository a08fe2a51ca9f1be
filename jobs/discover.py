"""Job: search the platforms for earlier uploads of clips that have only lately been seen."""

from __future__ import annotations

import threading

from jobs.drain import drain
from tracker.app import App


def run(app: App, stop: threading.Event) -> int:
    """Search for the clips that are due; return how many. Nothing where none is enabled."""
    return drain(app.discover, app.archive, app.clock, stop)
