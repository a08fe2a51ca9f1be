"""Job: check the ledger and the rows it records; files are re-hashed in slices (``fixity``)."""

from __future__ import annotations

import structlog

from jobs.turn import Turn
from tracker.app import App

log = structlog.get_logger()


def run(app: App, turn: Turn) -> int:
    """Check ledger and rows and log every broken item; return how many entries were checked."""
    if turn.stop.is_set():
        return 0
    verified = app.verify(with_files=False)
    for broken in verified.broken:
        log.error("audit_broken", kind=broken.kind, name=broken.name, reason=broken.reason)
    log.info("audit_done", entries=verified.entries)
    return verified.entries
