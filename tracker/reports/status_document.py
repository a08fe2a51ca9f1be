"""The JSON object ``tracker/status/1``."""

from __future__ import annotations

from tracker.model.summary import StatusSummary
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
        "held": coverage_document(status.held),
        "clips": status.clips,
        "watches": status.watches,
        "ledger_entries": status.ledger_entries,
        "last_run_at": instant_text(status.last_run_at),
    }
