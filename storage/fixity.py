"""Which files are kept, and when each was last found to be what it was.

Every file has its line from the moment it is kept (triggers see to it): nothing is gathered here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlmodel import Session, col

from storage.batches import batches
from storage.columns import EPOCH
from storage.tables import FingerprintRow, FixityRow
from tracker.model.fixity import (
    FixityCheck,
    FixityCoverage,
    FixityResult,
    KeptFile,
    KeptKind,
)
from tracker.model.ids import VideoId

MAX_NAMED = 100


def due(s: Session, *, checked_before: datetime, limit: int) -> list[KeptFile]:
    """Return kept files last checked before then or never, the longest unchecked first."""
    query = (
        select(FixityRow)
        .where(col(FixityRow.checked_at) < checked_before)
        .order_by(col(FixityRow.checked_at), col(FixityRow.kind), col(FixityRow.name))
        .limit(limit)
    )
    return [_file(row) for row in s.scalars(query)]


def is_kept(s: Session, file: KeptFile) -> bool:
    """Tell whether the file must be there as of now."""
    return s.get(FixityRow, (file.kind.value, file.name, file.part)) is not None


def last_check(s: Session, file: KeptFile) -> FixityCheck | None:
    """Return what the last check of the file found, ``None`` before the first."""
    row = s.get(FixityRow, (file.kind.value, file.name, file.part))
    return None if row is None or not row.result else _check(row)


def save_check(s: Session, check: FixityCheck) -> None:
    """Keep what a check found, in the place of the former one; nothing of a file let go since."""
    file = check.file
    row = s.get(FixityRow, (file.kind.value, file.name, file.part))
    if row is None:
        return
    row.result, row.reason = check.result.value, check.reason
    row.size_bytes, row.checked_at, row.since_at = (
        check.size_bytes,
        check.checked_at,
        check.since_at,
    )
    s.add(row)
    s.flush()


def coverage(s: Session, *, since: datetime, days: float) -> FixityCoverage:
    """Return how much of what is kept was checked ``since`` then (``days`` ago)."""
    checked_at = col(FixityRow.checked_at)
    number = count_broken(s)
    # Three stretches of one index, so that each line of it is counted once.
    checked, never = _count(s, checked_at >= since), _count(s, checked_at == EPOCH)
    before = _count(s, checked_at > EPOCH, checked_at < since)
    return FixityCoverage(
        files=checked + never + before,
        checked=checked,
        never=never,
        days=days,
        oldest_checked_at=s.scalar(select(func.min(checked_at)).where(checked_at > EPOCH)),
        broken_files=number,
        broken=tuple(broken(s)) if number else (),
    )


def count_broken(s: Session) -> int:
    """Return how many kept files are not what they were."""
    return _count(s, _is_broken())


def broken(s: Session) -> list[FixityCheck]:
    """Return the first hundred kept files that are not what they were, those longest so first."""
    query = (
        select(FixityRow)
        .where(_is_broken())
        .order_by(col(FixityRow.since_at), col(FixityRow.name))
        .limit(MAX_NAMED)
    )
    return [_check(row) for row in s.scalars(query)]


def kept_files(s: Session) -> Iterator[KeptFile]:
    """Yield every file that must be there, by kind and name, without loading all of them."""
    query = select(FixityRow).order_by(
        col(FixityRow.kind), col(FixityRow.name), col(FixityRow.part)
    )
    for row in s.scalars(query.execution_options(yield_per=500)):
        yield _file(row)


def _count(s: Session, *conditions: ColumnElement[bool]) -> int:
    return s.scalar(select(func.count()).select_from(FixityRow).where(*conditions)) or 0


def _is_broken() -> ColumnElement[bool]:
    return col(FixityRow.result).in_([r.value for r in FixityResult if r is not FixityResult.OK])


def _file(row: FixityRow) -> KeptFile:
    return KeptFile(KeptKind(row.kind), row.name, row.part)


def _check(row: FixityRow) -> FixityCheck:
    return FixityCheck(
        file=KeptFile(KeptKind(row.kind), row.name, row.part),
        result=FixityResult(row.result),
        reason=row.reason,
        size_bytes=row.size_bytes,
        checked_at=row.checked_at,
        since_at=row.since_at,
    )


def keyframes_entries(s: Session, videos: Sequence[VideoId]) -> Iterator[int]:
    """Yield the numbers of the entries that record the keyframes of ``videos``."""
    for batch in batches(videos):
        query = select(col(FingerprintRow.keyframes_entry)).where(
            col(FingerprintRow.video).in_(batch),
            col(FingerprintRow.keyframes_entry).is_not(None),
        )
        yield from (number for number in s.scalars(query) if number is not None)
