"""Failed tries: when to try again, and when to give up and tell someone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, SQLColumnExpression, func, select
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from storage import pending
from storage.tables import AttemptRow, FingerprintRow, PostRow, VideoRow

MAX_TRIES = 6
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(days=1)
PAUSE_FACTOR = 4


@dataclass(frozen=True, slots=True)
class Failure:
    """An item that a stage could not finish; ``parked`` items wait for a person."""

    stage: str
    item: str
    tries: int
    error: str
    next_at: datetime
    parked: bool


def record_failure(
    s: Session,
    stage: str,
    item: str,
    *,
    error: str,
    retryable: bool,
    retry_at: datetime | None,
    now: datetime,
    gives_up: bool = True,
) -> None:
    """Note one more failed try and when the next is due.

    The pause grows from one minute fourfold to a day; ``retry_at``, the other side's own word,
    goes before it, and such a wait says nothing about the item: it brings no item nearer to being
    given up. What cannot succeed later, or failed six times, is parked; with ``gives_up=False``
    nothing is.
    """
    row = s.get(AttemptRow, (stage, item))
    waits = retryable and retry_at is not None
    former = row.tries if row else 0
    tries = max(former, 1) if waits else former + 1
    row = row or AttemptRow(
        stage=stage, item=item, tries=0, error="", last_at=now, next_at=now, parked=False
    )
    row.tries, row.error, row.last_at = tries, error, now
    row.next_at = retry_at if retry_at is not None else now + pause_after(tries)
    row.parked = gives_up and not waits and (not retryable or tries >= MAX_TRIES)
    s.add(row)
    s.flush()


def pause_after(tries: int) -> timedelta:
    """Return how long to wait after the ``tries``-th failure: 1, 4, 16 … minutes, at most a day."""
    factor: int = PAUSE_FACTOR ** min(tries - 1, MAX_TRIES)
    return min(FIRST_PAUSE * factor, LONGEST_PAUSE)


def clear(s: Session, stage: str, item: str) -> None:
    """Forget the failures of an item that succeeded or shall be tried anew."""
    row = s.get(AttemptRow, (stage, item))
    if row is not None:
        s.delete(row)
        s.flush()


def waits(s: Session, stage: str, item: str, now: datetime) -> bool:
    """Tell whether an item failed and is not to be tried again yet."""
    row = s.get(AttemptRow, (stage, item))
    return row is not None and (row.parked or row.next_at > now)


def held_back(s: Session, stage: str, now: datetime) -> frozenset[str]:
    """Return the items of a stage that are parked or not to be tried before later."""
    late = col(AttemptRow.parked) | (col(AttemptRow.next_at) > now)
    return frozenset(s.exec(select_rows(AttemptRow.item).where(AttemptRow.stage == stage, late)))


def release_waiting(s: Session, until: datetime) -> int:
    """Let what waits for exactly the instant ``until`` be tried at once; return how many items."""
    rows = s.exec(
        select_rows(AttemptRow).where(
            col(AttemptRow.next_at) == until, col(AttemptRow.parked).is_(False)
        )
    ).all()
    for row in rows:
        s.delete(row)
    s.flush()
    return len(rows)


def failing(s: Session) -> list[Failure]:
    """Return every item with failed tries, parked ones first, then by the next try."""
    rows = s.exec(
        select_rows(AttemptRow).order_by(
            col(AttemptRow.parked).desc(),
            col(AttemptRow.next_at),
            col(AttemptRow.stage),
            col(AttemptRow.item),
        )
    ).all()
    return [Failure(r.stage, r.item, r.tries, r.error, r.next_at, r.parked) for r in rows]


def queue_depths(s: Session, algorithm_key: str) -> Mapping[str, int]:
    """Return how many items each stage has left, in the order of the flow.

    Items waiting for their next try count, parked ones do not (see ``failing``).
    """
    queues: list[tuple[str, Any, SQLColumnExpression[str]]] = [
        (pending.COLLECT, pending.posts_query(), col(PostRow.key)),
        (pending.CAPTURE, pending.media_query(), pending.media_item()),
        (pending.CREDENTIALS, pending.credentials_query(), col(VideoRow.sha256)),
        (
            pending.FINGERPRINT,
            pending.fingerprints_query(algorithm_key),
            col(VideoRow.sha256),
        ),
        (pending.DETECT, pending.detections_query(algorithm_key), col(FingerprintRow.video)),
        (pending.RECORD, pending.records_query(algorithm_key), col(VideoRow.sha256)),
    ]
    return {stage: _count(s, stage, query, item) for stage, query, item in queues}


def _count(
    s: Session, stage: str, query: Select[*tuple[Any, ...]], item: SQLColumnExpression[str]
) -> int:
    left = query.where(pending.unparked(stage, item)).order_by(None)
    return s.scalar(select(func.count()).select_from(left.subquery())) or 0
