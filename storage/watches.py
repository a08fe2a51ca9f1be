"""Standing orders."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlmodel import Session, col, select

from storage.rows import watch_columns, watch_from
from storage.tables import WatchRow
from tracker.errors import UnknownSubject
from tracker.model.watch import Watch


def save_watch(s: Session, watch: Watch) -> None:
    """Keep a standing order; a known target gets the new terms and keeps its polling state.

    What the last poll left (time, etag, last-modified, cursor) is replaced only where ``watch``
    has it.
    """
    row = s.get(WatchRow, watch.target)
    if row is not None:
        watch = replace(
            watch,
            last_polled_at=watch.last_polled_at or row.last_polled_at,
            etag=watch.etag or row.etag,
            last_modified=watch.last_modified or row.last_modified,
            cursor=watch.cursor or row.cursor,
        )
    _write(s, row, watch)


def watches(s: Session) -> list[Watch]:
    """Return every standing order, paused ones too, by target."""
    return [watch_from(row) for row in s.exec(select(WatchRow).order_by(col(WatchRow.target)))]


def get_watch(s: Session, target: str) -> Watch | None:
    """Return the standing order for ``target``, or ``None``."""
    row = s.get(WatchRow, target)
    return None if row is None else watch_from(row)


def remove_watch(s: Session, target: str) -> bool:
    """Drop a standing order; return ``False`` when there was none."""
    row = s.get(WatchRow, target)
    if row is None:
        return False
    s.delete(row)
    s.flush()
    return True


def set_paused(s: Session, target: str, paused: bool) -> None:
    """Pause or resume a standing order; raises ``UnknownSubject`` when there is none."""
    row = _require(s, target)
    _write(s, row, replace(watch_from(row), paused=paused))


def mark_polled(
    s: Session,
    target: str,
    *,
    at: datetime,
    etag: str | None,
    last_modified: str | None,
    cursor: str | None = None,
) -> None:
    """Note a poll, what the server said to send along next time, and how far the source came.

    A cursor of ``None`` leaves the former. A standing order that was removed meanwhile stays
    removed.
    """
    row = s.get(WatchRow, target)
    if row is not None:
        held = watch_from(row)
        polled = replace(held, last_polled_at=at, etag=etag, last_modified=last_modified)
        _write(s, row, replace(polled, cursor=cursor or held.cursor))


def _require(s: Session, target: str) -> WatchRow:
    row = s.get(WatchRow, target)
    if row is None:
        raise UnknownSubject(f"nothing is watched at {target}")
    return row


def _write(s: Session, row: WatchRow | None, watch: Watch) -> None:
    columns = watch_columns(watch)
    row = row or WatchRow(**columns)
    for name, value in columns.items():
        setattr(row, name, value)
    s.add(row)
    s.flush()
