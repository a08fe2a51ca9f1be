"""Job: check the ledger and the rows it records; files are re-hashed in slices (``fixity``)."""

from __future__ import annotations

import threading

import structlog

from tracker.app import App

log = structlog.get_logger()


def run(app: App, stop: threading.Event) -> int:
    """Check ledger and rows and log every broken item; return how many entries were checked."""
    if stop.is_set():
        return 0
    verified = app.verify(with_files=False)
    for broken in verified.broken:
        log.error("audit_broken", kind=broken.kind, name=broken.name, reason=broken.reason)
    log.info("audit_done", entries=verified.entries)
    return verified.entries
