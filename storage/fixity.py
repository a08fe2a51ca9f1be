"""Which files are kept, and when each was last found to be what it was."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CompoundSelect, Row, Select, case, func, literal, select, union
from sqlmodel import Session, col

from storage.tables import (
    AlgorithmRow,
    CaptureRow,
    CredentialsRow,
    DeletionRow,
    FingerprintRow,
    FixityRow,
    TokenRow,
    VideoRow,
)
from tracker.model.fixity import (
    FixityCheck,
    FixityCoverage,
    FixityResult,
    KeptFile,
    KeptKind,
)

MAX_NAMED = 100


def due(s: Session, *, checked_before: datetime, limit: int) -> list[KeptFile]:
    """Return kept files last checked before then or never, the longest unchecked first."""
    kept = _kept().subquery()
    query = (
        select(kept.c.kind, kept.c.name, kept.c.part)
        .select_from(kept)
        .outerjoin(FixityRow, _same(kept))
        .where(
            col(FixityRow.checked_at).is_(None) | (col(FixityRow.checked_at) < checked_before)
        )
        .order_by(
            col(FixityRow.checked_at).is_not(None), col(FixityRow.checked_at), kept.c.kind,
            kept.c.name,
        )
        .limit(limit)
    )  # fmt: skip
    return [_file(row) for row in s.execute(query)]


def is_kept(s: Session, file: KeptFile) -> bool:
    """Tell whether the file must be there as of now."""
    kept = _kept().subquery()
    query = select(func.count()).select_from(kept).where(
        kept.c.kind == file.kind.value, kept.c.name == file.name, kept.c.part == file.part
    )  # fmt: skip
    return bool(s.scalar(query))


def last_check(s: Session, file: KeptFile) -> FixityCheck | None:
    """Return what the last check of the file found, ``None`` before the first."""
    row = s.get(FixityRow, (file.kind.value, file.name, file.part))
    return None if row is None else _check(row)


def save_check(s: Session, check: FixityCheck) -> None:
    """Keep what a check found, in the place of the former one."""
    file = check.file
    row = s.get(FixityRow, (file.kind.value, file.name, file.part)) or FixityRow(
        kind=file.kind.value,
        name=file.name,
        part=file.part,
        result="",
        reason="",
        size_bytes=0,
        checked_at=check.checked_at,
        since_at=check.since_at,
    )
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
    kept = _kept().subquery()
    checked_at, result = col(FixityRow.checked_at), col(FixityRow.result)
    query = (
        select(
            func.count(),
            func.count(case((checked_at >= since, 1))),
            func.count(case((checked_at.is_(None), 1))),
            func.count(case((result != FixityResult.OK.value, 1))),
            func.min(checked_at),
        )
        .select_from(kept)
        .outerjoin(FixityRow, _same(kept))
    )
    files, checked, never, broken, oldest = s.execute(query).one()
    return FixityCoverage(
        files=files,
        checked=checked,
        never=never,
        days=days,
        oldest_checked_at=oldest,
        broken_files=broken,
        broken=tuple(_broken(s)) if broken else (),
    )


def _broken(s: Session) -> list[FixityCheck]:
    kept = _kept().subquery()
    query = (
        select(FixityRow)
        .join(kept, _same(kept))
        .where(col(FixityRow.result) != FixityResult.OK.value)
        .order_by(col(FixityRow.since_at), col(FixityRow.name))
        .limit(MAX_NAMED)
    )
    return [_check(row) for row in s.scalars(query)]


def _kept() -> CompoundSelect[Any]:
    """Everything that must be there, each file once: (kind, name, part)."""
    media, token = KeptKind.MEDIA, KeptKind.TOKEN
    originals = _named(media, col(VideoRow.sha256)).where(col(VideoRow.kept))
    digests = [
        _named(media, col(CaptureRow.body_sha256)),
        _named(media, col(CredentialsRow.manifest_sha256)),
        *(_named(token, getattr(TokenRow, name)) for name in ("request", "chain", "ca")),
        _named(token, col(TokenRow.response)),
    ]
    forgotten = (
        select(col(DeletionRow.id))
        .where(
            col(DeletionRow.video) == col(FingerprintRow.video),
            col(DeletionRow.with_keyframes),
            col(DeletionRow.remade_at).is_(None),
        )
        .exists()
    )
    keyframes: Any = (
        select(
            literal(KeptKind.KEYFRAMES.value).label("kind"),
            col(FingerprintRow.video).label("name"),
            col(AlgorithmRow.key).label("part"),
        )
        .join(AlgorithmRow, col(AlgorithmRow.id) == col(FingerprintRow.algorithm_id))
        .where(~forgotten)
    )
    return union(originals, *digests, keyframes)


def _named(kind: KeptKind, digest: Any) -> Select[Any]:
    labelled = select(
        literal(kind.value).label("kind"), digest.label("name"), literal("").label("part")
    )
    return labelled.where(digest.is_not(None))


def _same(kept: Any) -> Any:
    return (
        (col(FixityRow.kind) == kept.c.kind)
        & (col(FixityRow.name) == kept.c.name)
        & (col(FixityRow.part) == kept.c.part)
    )


def _file(row: Row[Any]) -> KeptFile:
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
