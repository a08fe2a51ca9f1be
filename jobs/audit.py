"""Job: re-hash what is kept and check the ledger."""

from __future__ import annotations

import threading

import structlog

from tracker.app import App

log = structlog.get_logger()


def run(app: App, stop: threading.Event) -> int:
    """Check the whole archive and log every broken item; return how many files were checked."""
    if stop.is_set():
        return 0
    verified = app.verify()
    for broken in verified.broken:
        log.error("audit_broken", kind=broken.kind, name=broken.name, reason=broken.reason)
    log.info("audit_done", entries=verified.entries, files=verified.files)
    return verified.files
