"""Use case: what is held, pending and failing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlmodel import Session

from storage import anchors as anchor_rows
from storage import attempts, deletions, ledger, post_media, tallies
from storage import daemon as daemon_rows
from storage import holds as hold_rows
from storage import posts as post_rows
from storage import watches as watch_rows
from storage.attempts import Failure
from storage.pending import CAPTURE
from tracker.clock import Clock
from tracker.fixity import Fixity
from tracker.ingest.anchoring import NAME as TIMESTAMP
from tracker.ingest.anchoring import TimestampTerms, upgrade_name
from tracker.ingest.read_budget import next_month, stopped
from tracker.ingest.stage import Archive
from tracker.model.anchor import TokenKind, TokenState
from tracker.model.summary import (
    AnchorSummary,
    AuthorityTokens,
    FailingWork,
    PendingWork,
    StatusSummary,
)

NOBODY = TimestampTerms()

MAX_NAMED = 200
"""Failing items named one by one; all are counted."""


def archive_status(
    archive: Archive,
    algorithm_key: str,
    clock: Clock,
    fixity: Fixity,
    terms: TimestampTerms = NOBODY,
) -> StatusSummary:
    """Return the state of the archive as of now; ``terms`` name who is asked for timestamps."""
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
            failing_items=sum(attempts.count_failing(session).values()),
            held=post_rows.coverage(session),
            clips=tallies.count(session, tallies.CLIPS),
            watches=len(watches),
            ledger_entries=head.sequence if head else 0,
            fixity=fixity.coverage(session),
            without_original=deletions.count_gone(session),
            never_again=deletions.count_never_again(session, algorithm_key),
            holds=len(hold_rows.active_holds(session)),
            last_run_at=max((w.last_polled_at for w in watches if w.last_polled_at), default=None),
            anchors=_anchors(session, terms),
            daemon=daemon_rows.daemon_state(session),
        )


def _anchors(session: Session, terms: TimestampTerms) -> AnchorSummary:
    last = anchor_rows.last_anchor(session)
    asked = {(TokenKind.RFC3161, authority.url): None for authority in terms.authorities}
    asked |= {(TokenKind.OPENTIMESTAMPS, calendar): None for calendar in terms.calendars}
    newest = {(t.kind, t.authority, t.anchor): t.state for t in anchor_rows.tokens(session)}
    asked |= {(kind, authority): None for kind, authority, _ in newest}
    errors = {item: f.error for item, f in attempts.of_stage(session, TIMESTAMP).items()}
    return AnchorSummary(
        last,
        anchor_rows.count_new(session, last),
        tuple(_tokens_of(kind, authority, newest, errors) for kind, authority in asked),
    )


def _tokens_of(
    kind: TokenKind,
    authority: str,
    newest: Mapping[tuple[TokenKind, str, int], TokenState],
    errors: Mapping[str, str],
) -> AuthorityTokens:
    states = Counter(state for (k, a, _), state in newest.items() if (k, a) == (kind, authority))
    return AuthorityTokens(
        authority,
        kind,
        verified=states[TokenState.VERIFIED],
        held=states[TokenState.HELD],
        pending=states[TokenState.PENDING],
        attested=states[TokenState.ATTESTED],
        error=errors.get(authority) or errors.get(upgrade_name(authority)),
    )


def _stopped(session: Session, now: datetime) -> Iterator[FailingWork]:
    """A platform that allows nothing more this month stands before what waits for it."""
    for month in stopped(session, now):
        reason = month.stopped_because or ""
        yield FailingWork("quota", month.platform, 1, reason, next_month(now))


def _failing(session: Session) -> Sequence[FailingWork]:
    return failures_as_work(session, attempts.failing(session, limit=MAX_NAMED))


def failures_as_work(session: Session, failures: Sequence[Failure]) -> list[FailingWork]:
    """Return the failures as a person sees them: a capture by its address, not by its row."""
    captures = [failure.item for failure in failures if failure.stage == CAPTURE]
    addresses = post_media.media_addresses(session, captures)
    return [
        FailingWork(
            failure.stage,
            (addresses.get(failure.item) if failure.stage == CAPTURE else None) or failure.item,
            failure.tries,
            failure.error,
            None if failure.parked else failure.next_at,
            parked=failure.parked,
        )
        for failure in failures
    ]
