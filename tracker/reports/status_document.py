"""The JSON object ``tracker/status/1``."""

from __future__ import annotations

from tracker.model.fixity import FixityCoverage
from tracker.model.summary import StatusSummary
from tracker.reports.anchor_documents import anchors_document
from tracker.reports.documents import Document, coverage_document, instant_text


def status_document(status: StatusSummary) -> Document:
    """Return ``tracker/status/1``: what is held, what is pending and what fails and why."""
    return {
        "schema": "tracker/status/1",
        "at": instant_text(status.at),
        "pending": {work.stage: work.count for work in status.pending},
        "failing": [
            {
                "stage": work.stage,
                "subject": work.subject,
                "attempts": work.attempts,
                "error": work.error,
                "retry_at": instant_text(work.retry_at),
            }
            for work in status.failing
        ],
        "failing_items": status.failing_items,
        "held": coverage_document(status.held),
        "clips": status.clips,
        "watches": status.watches,
        "ledger_entries": status.ledger_entries,
        "last_run_at": instant_text(status.last_run_at),
        "fixity": fixity_document(status.fixity),
        "without_original": status.without_original,
        "never_fingerprinted_again": status.never_again,
        "holds": status.holds,
        "anchors": anchors_document(status.anchors),
    }


def fixity_document(coverage: FixityCoverage | None) -> Document | None:
    """Return how much of what is kept was re-hashed within so many days, and what is broken."""
    if coverage is None:
        return None
    return {
        "files": coverage.files,
        "checked": coverage.checked,
        "never_checked": coverage.never,
        "days": coverage.days,
        "oldest_check": instant_text(coverage.oldest_checked_at),
        "broken_files": coverage.broken_files,
        "broken": [
            {
                "kind": check.file.kind.value,
                "name": check.file.name,
                "result": check.result.value,
                "reason": check.reason,
                "since": instant_text(check.since_at),
                "checked_at": instant_text(check.checked_at),
            }
            for check in coverage.broken
        ],
    }
