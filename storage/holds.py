"""Legal holds: what may not be deleted, by whose order and why."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, select

from storage.tables import HoldRow
from tracker.model.custody import HeldKind, Hold


def add_hold(s: Session, kind: HeldKind, subject: str, *, by: str, why: str, now: datetime) -> Hold:
    """Keep a new hold and return it."""
    row = HoldRow(kind=kind.value, subject=subject, added_by=by, why=why, added_at=now)
    s.add(row)
    s.flush()
    return _hold(row)


def end_hold(s: Session, hold: Hold, *, by: str, why: str, now: datetime) -> None:
    """End a hold; it stays in the list of former ones."""
    row = s.get(HoldRow, hold.id)
    if row is not None:
        row.removed_at, row.removed_by, row.removed_why = now, by, why
        s.add(row)
        s.flush()


def active_holds(s: Session) -> list[Hold]:
    """Return the holds in force, oldest first."""
    query = select(HoldRow).where(col(HoldRow.removed_at).is_(None))
    return [_hold(row) for row in s.exec(query.order_by(col(HoldRow.id)))]


def all_holds(s: Session) -> list[Hold]:
    """Return every hold there ever was, oldest first."""
    return [_hold(row) for row in s.exec(select(HoldRow).order_by(col(HoldRow.id)))]


def _hold(row: HoldRow) -> Hold:
    return Hold(
        id=row.id or 0,
        kind=HeldKind(row.kind),
        subject=row.subject,
        by=row.added_by,
        why=row.why,
        added_at=row.added_at,
        removed_at=row.removed_at,
        removed_by=row.removed_by,
        removed_why=row.removed_why,
    )
