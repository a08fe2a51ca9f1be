"""The JSON object ``tracker/health/1``."""

from __future__ import annotations

from tracker.model.health import Health
from tracker.reports.documents import Document, instant_text


def health_document(health: Health) -> Document:
    """Return ``tracker/health/1``: whether all is well, and each answer behind it."""
    return {
        "schema": "tracker/health/1",
        "at": instant_text(health.at),
        "ok": health.ok,
        "reason": health.reason,
        "role": health.role,
        "checks": [
            {"name": check.name, "ok": check.ok, "reason": check.reason} for check in health.checks
        ],
        "ledger_entries": health.ledger_entries,
        "videos": health.videos,
        "clips": health.clips,
        "broken_files": health.broken_files,
    }
