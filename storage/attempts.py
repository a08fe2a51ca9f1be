"""Failed tries: when to try again, and when to give up and tell someone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, SQLColumnExpression, func, select
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from storage import pending, tallies
from storage.tables import AttemptRow, FingerprintRow, PostRow, VideoRow

MAX_TRIES = 6
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(days=1)
PAUSE_FACTOR = 4
TRIES_IN_FIRST_DAY = 27
MAX_UNREACHED = TRIES_IN_FIRST_DAY + 30


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
    unreached: bool = False,
    gives_up: bool = True,
) -> None:
    """Note one more failed try and when the next is due.

    The pause grows from one minute fourfold to a day; ``retry_at``, the other side's own word,
    goes before it, and such a wait says nothing about the item: it brings no item nearer to being
    given up. What cannot succeed later, or failed six times, is parked; with ``gives_up=False``
    nothing is.

    ``unreached``: nobody was there to ask, so it may be the network. Such tries are counted by
    themselves, made hourly for the first day and daily after it, and given up after a month.
    """
    row = s.get(AttemptRow, (stage, item)) or AttemptRow(
        stage=stage, item=item, tries=0, error="", last_at=now, next_at=now, parked=False
    )
    waits = retryable and retry_at is not None
    counts = not waits and not unreached
    row.tries = row.tries + 1 if counts else max(row.tries, 1)
    row.unreached = row.unreached + 1 if unreached else 0
    row.error, row.last_at = error, now
    pause = pause_unreached(row.unreached) if unreached else pause_after(row.tries)
    row.next_at = now + pause if retry_at is None else retry_at
    too_often = row.unreached >= MAX_UNREACHED if unreached else row.tries >= MAX_TRIES
    row.parked = gives_up and not waits and (not retryable or too_often)
    s.add(row)
    s.flush()


def pause_unreached(tries: int) -> timedelta:
    """Return how long to wait after nobody could be reached for the ``tries``-th time running.

    1, 4, 16 minutes, hours for a day, then days: what an outage held back goes on soon after it,
    and a host that is gone for ever costs little.
    """
    if tries > TRIES_IN_FIRST_DAY:
        return LONGEST_PAUSE
    return min(pause_after(tries), timedelta(hours=1))


def pause_after(tries: int) -> timedelta:
    """Return how long to wait after the ``tries``-th failure: 1, 4, 16 … minutes, at most a day."""
    factor: int = PAUSE_FACTOR ** min(tries - 1, MAX_TRIES)
    return min(FIRST_PAUSE * factor, LONGEST_PAUSE)


def has_failed(s: Session, stage: str, item: str) -> bool:
    """Tell whether failures of an item are remembered."""
    return s.get(AttemptRow, (stage, item)) is not None


def clear(s: Session, stage: str, item: str) -> None:
    """Forget the failures of an item that succeeded or shall be tried anew."""
    row = s.get(AttemptRow, (stage, item))
    if row is not None:
        s.delete(row)
        s.flush()


def clear_all(s: Session, stage: str, items: Collection[str]) -> None:
    """Forget the failures of items that were done together with another one."""
    for row in s.exec(select_rows(AttemptRow).where(col(AttemptRow.stage) == stage)).all():
        if row.item in items:
            s.delete(row)
    s.flush()


def waits(s: Session, stage: str, item: str, now: datetime) -> bool:
    """Tell whether an item failed and is not to be tried again yet."""
    row = s.get(AttemptRow, (stage, item))
    return row is not None and (row.parked or row.last_at <= now < row.next_at)


def held_back(s: Session, stage: str, now: datetime) -> frozenset[str]:
    """Return the items of a stage that are parked or not to be tried before later."""
    late = pending.late(now)
    return frozenset(s.exec(select_rows(AttemptRow.item).where(AttemptRow.stage == stage, late)))


def is_parked(s: Session, stage: str, item: str) -> bool:
    """Tell whether an item was given up."""
    row = s.get(AttemptRow, (stage, item))
    return row is not None and row.parked


def release_waiting(s: Session, until: datetime) -> int:
    """Let what waits for exactly the instant ``until`` be tried at once; return how many items."""
    rows = s.exec(
        select_rows(AttemptRow).where(
            col(AttemptRow.finding).is_(False),  # as the index begins; none of them waits
            col(AttemptRow.parked).is_(False),
            col(AttemptRow.next_at) == until,
        )
    ).all()
    for row in rows:
        s.delete(row)
    s.flush()
    return len(rows)


def failing(s: Session, *, limit: int | None = None) -> list[Failure]:
    """Return items with failed tries, parked ones first, then by the next try.

    Not those that are findings: a platform that said why a post cannot be seen has answered, and
    that is the post's status (triggers mark these: migration 0018).
    """
    found: list[AttemptRow] = []
    for parked in (True, False):
        query = select_rows(AttemptRow).where(
            col(AttemptRow.finding).is_(False), AttemptRow.parked == parked
        )
        order = (col(AttemptRow.next_at), col(AttemptRow.stage), col(AttemptRow.item))
        left = None if limit is None else limit - len(found)
        found.extend(s.exec(query.order_by(*order).limit(left)))
    return [Failure(r.stage, r.item, r.tries, r.error, r.next_at, r.parked) for r in found]


def of_stage(s: Session, stage: str) -> dict[str, Failure]:
    """Return the items of one stage that have failed tries, by their names."""
    rows = s.exec(select_rows(AttemptRow).where(col(AttemptRow.stage) == stage)).all()
    return {r.item: Failure(r.stage, r.item, r.tries, r.error, r.next_at, r.parked) for r in rows}


def of_items(s: Session, items: Collection[str]) -> list[Failure]:
    """Return what failed of these items, at whatever stage, findings included."""
    rows = s.exec(select_rows(AttemptRow).where(col(AttemptRow.item).in_(items))).all()
    return [Failure(r.stage, r.item, r.tries, r.error, r.next_at, r.parked) for r in rows]


def count_failing(s: Session) -> dict[tuple[str, bool], int]:
    """Return how many items fail at each stage, those given up (``True``) apart.

    As ``failing`` lists them, without findings.
    """
    names = ((tallies.FAILING, False), (tallies.GIVEN_UP, True))
    return {
        (stage, parked): count
        for name, parked in names
        for stage, count in tallies.parts(s, name).items()
    }


@dataclass(frozen=True, slots=True)
class Queue:
    """How many items wait for a stage, and since when the oldest was known."""

    items: int
    oldest_at: datetime | None


def queue_depths(s: Session, algorithm_key: str) -> Mapping[str, int]:
    """Return how many items each stage has left, in the order of the flow.

    Items waiting for their next try count, parked ones do not (see ``failing``).
    """
    return {stage: queue.items for stage, queue in queues(s, algorithm_key).items()}


def queues(s: Session, algorithm_key: str) -> Mapping[str, Queue]:
    """Return what each stage has left, in the order of the flow, as ``queue_depths`` counts it."""
    stages: list[tuple[str, Any, SQLColumnExpression[str]]] = [
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
    return {stage: _queue(s, stage, query, item) for stage, query, item in stages}


_SINCE: Mapping[str, Any] = {
    pending.COLLECT: PostRow.first_observed_at,
    pending.CAPTURE: PostRow.first_observed_at,
    pending.DETECT: FingerprintRow.made_at,
}


def _queue(
    s: Session, stage: str, query: Select[*tuple[Any, ...]], item: SQLColumnExpression[str]
) -> Queue:
    since = col(_SINCE.get(stage, VideoRow.first_observed_at))
    left = query.where(pending.unparked(stage, item)).order_by(None).with_only_columns(since)
    found = left.subquery()
    count, oldest = s.execute(select(func.count(), func.min(found.c[0]))).one()
    return Queue(count, oldest)
