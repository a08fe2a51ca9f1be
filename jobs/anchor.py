"""Job: anchor what is new in the ledger, and have its time vouched for."""

from __future__ import annotations

import structlog

from jobs.turn import Turn
from tracker.app import App

log = structlog.get_logger()


def run(app: App, turn: Turn) -> int:
    """Make an anchor where there is anything new; return how many anchors and tokens came of it."""
    if turn.stop.is_set():
        return 0
    done = app.anchoring.run(turn.stop.is_set)
    if done.is_new and done.anchor is not None:
        log.info("anchored", number=done.anchor.number, entries=done.anchor.last_sequence)
    for token in done.tokens:
        log.info("token_received", authority=token.authority, state=str(token.state))
    for authority, error in done.failed:
        log.warning("timestamp_failed", authority=authority, error=str(error))
    return done.is_new + len(done.tokens)
