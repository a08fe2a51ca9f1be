"""The JSON object ``tracker/status/1``."""

from __future__ import annotations

from datetime import datetime

from tracker.model.daemon import DaemonProcess, DaemonState
from tracker.model.fixity import FixityCoverage
from tracker.model.summary import FailingWork, StatusSummary
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
                "parked": work.parked,
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
        "daemon": daemon_document(status.daemon, status.at),
    }


def retried_document(work: FailingWork) -> Document:
    """Return ``tracker/retried/1``: an item that was released, as it was before."""
    return {
        "schema": "tracker/retried/1",
        "stage": work.stage,
        "subject": work.subject,
        "attempts": work.attempts,
        "error": work.error,
        "parked": work.parked,
    }


def daemon_document(daemon: DaemonState, at: datetime) -> Document:
    """Return who leads, who stands by and what the jobs are doing, as last noted before ``at``."""
    return {
        "leader": _process_document(daemon.leader, at),
        "standby": _process_document(daemon.standby, at),
        "jobs": [
            {
                "name": job.name,
                "running": job.running,
                "started_at": instant_text(job.started_at),
                "ended_at": instant_text(job.ended_at),
                "progressed_at": instant_text(job.progressed_at),
                "done": job.done,
                "item": job.item,
                "item_started_at": instant_text(job.item_started_at),
                "limit_s": job.limit_s,
                "error": job.error,
                "overruns": job.overruns,
                "overran_at": instant_text(job.overran_at),
                "overran_item": job.overran_item,
            }
            for job in daemon.jobs
        ],
    }


def _process_document(process: DaemonProcess | None, at: datetime) -> Document | None:
    if process is None:
        return None
    return {
        "host": process.host,
        "pid": process.pid,
        "since": instant_text(process.since_at),
        "renewed_at": instant_text(process.renewed_at),
        "lease_s": process.lease_s,
        "heard": process.heard(at),
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
