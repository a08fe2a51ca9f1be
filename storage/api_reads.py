"""Billed reads by platform and month, counted where every worker counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from storage.tables import ApiAccountRow, ApiReadsRow


@dataclass(frozen=True, slots=True)
class MonthOfReads:
    """One platform's month: how much was read of how much, and why it was stopped (if it was)."""

    platform: str
    month: str
    reads: int
    read_limit: int
    stopped_because: str | None = None


def month_of_reads(s: Session, platform: str, month: str) -> MonthOfReads | None:
    """Return what was read in ``month``, ``None`` when nothing was asked for."""
    row = s.get(ApiReadsRow, (platform, month))
    return None if row is None else _month(row)


def months_of_reads(s: Session) -> list[MonthOfReads]:
    """Return every month of every platform, the latest first."""
    query = select(ApiReadsRow).order_by(col(ApiReadsRow.month).desc(), col(ApiReadsRow.platform))
    return [_month(row) for row in s.exec(query)]


def add_reads(s: Session, platform: str, month: str, reads: int, *, limit: int) -> None:
    """Count ``reads`` more (or fewer, when negative) and note the limit that applied."""
    row = _row(s, platform, month, limit)
    row.reads = max(0, row.reads + reads)
    row.read_limit = limit
    s.add(row)
    s.flush()


def stop_month(
    s: Session, platform: str, month: str, reason: str, *, limit: int, at: datetime
) -> None:
    """Note that the platform allows nothing more in ``month``."""
    row = _row(s, platform, month, limit)
    row.stopped_because, row.stopped_at = reason, at
    s.add(row)
    s.flush()


def lift_stop(s: Session, platform: str, month: str) -> bool:
    """Forget that the month was stopped; return ``False`` when it was not."""
    row = s.get(ApiReadsRow, (platform, month))
    if row is None or row.stopped_because is None:
        return False
    row.stopped_because = row.stopped_at = None
    s.add(row)
    s.flush()
    return True


def account_id(s: Session, platform: str, handle: str, *, since: datetime) -> str | None:
    """Return the platform's number of an account, if it was asked for after ``since``."""
    row = s.get(ApiAccountRow, (platform, handle.lower()))
    return row.account_id if row is not None and row.seen_at > since else None


def save_account(s: Session, platform: str, handle: str, number: str, *, at: datetime) -> None:
    """Remember the platform's number of an account."""
    key = (platform, handle.lower())
    row = s.get(ApiAccountRow, key) or ApiAccountRow(
        platform=platform, handle=key[1], account_id=number, seen_at=at
    )
    row.account_id, row.seen_at = number, at
    s.add(row)
    s.flush()


def _row(s: Session, platform: str, month: str, limit: int) -> ApiReadsRow:
    row = s.get(ApiReadsRow, (platform, month))
    return row or ApiReadsRow(platform=platform, month=month, reads=0, read_limit=limit)


def _month(row: ApiReadsRow) -> MonthOfReads:
    return MonthOfReads(row.platform, row.month, row.reads, row.read_limit, row.stopped_because)
