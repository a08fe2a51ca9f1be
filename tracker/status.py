"""Use case: what is held, pending and failing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlmodel import Session

from storage import attempts, ledger, post_media
from storage import clips as clip_rows
from storage import posts as post_rows
from storage import watches as watch_rows
from storage.attempts import Failure
from tracker.clock import Clock
from tracker.ingest.capture import Capture
from tracker.ingest.read_budget import next_month, stopped
from tracker.ingest.stage import Archive
from tracker.model.summary import FailingWork, PendingWork, StatusSummary


def archive_status(archive: Archive, algorithm_key: str, clock: Clock) -> StatusSummary:
    """Return the state of the archive as of now."""
    with archive.database.read() as session:
        head = ledger.head(session)
        watches = watch_rows.watches(session)
        return StatusSummary(
            at=clock.now(),
            pending=tuple(
                PendingWork(stage, count)
                for stage, count in attempts.queue_depths(session, algorithm_key).items()
            ),
            failing=(*_stopped(session, clock.now()), *_failing(session)),
            held=post_rows.coverage(session),
            clips=sum(1 for _ in clip_rows.all_clips(session)),
            watches=len(watches),
            ledger_entries=head.sequence if head else 0,
            last_run_at=max((w.last_polled_at for w in watches if w.last_polled_at), default=None),
        )


def _stopped(session: Session, now: datetime) -> Iterator[FailingWork]:
    """A platform that allows nothing more this month stands before what waits for it."""
    for month in stopped(session, now):
        reason = month.stopped_because or ""
        yield FailingWork("quota", month.platform, 1, reason, next_month(now))


def _failing(session: Session) -> Iterator[FailingWork]:
    for failure in attempts.failing(session):
        yield FailingWork(
            failure.stage,
            _named(session, failure),
            failure.tries,
            failure.error,
            None if failure.parked else failure.next_at,
        )


def _named(session: Session, failure: Failure) -> str:
    """Return what a person calls the item: for a capture its address, not its row."""
    address = None
    if failure.stage == Capture.name:
        address = post_media.media_address(session, failure.item)
    return address or failure.item
