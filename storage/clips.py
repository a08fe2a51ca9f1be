"""Clips, the videos that show them, and every state their chains have been in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from storage.batches import batches
from storage.rows import clip_from
from storage.tables import ClipMemberRow, ClipRow, RevisionRow
from tracker.errors import UnknownSubject
from tracker.model.chain import Revision
from tracker.model.clip import Clip
from tracker.model.ids import AppearanceId, ClipId, VideoId


@dataclass(frozen=True, slots=True)
class StoredRevision:
    """One state of a clip's chain: its JSON ``document`` and the digest the ledger holds."""

    clip: ClipId
    revision: int
    root: AppearanceId
    reason: str
    digest: str
    document: str
    at: datetime


def get_clip(s: Session, clip: ClipId) -> Clip | None:
    """Return the clip of exactly this name, retired or not."""
    row = s.get(ClipRow, clip)
    return None if row is None else clip_from(row)


def resolve_clip(s: Session, clip: ClipId) -> Clip | None:
    """Return the clip that ``clip`` is, or was merged into; ``None`` when nothing is left."""
    row = s.get(ClipRow, clip)
    seen: set[str] = set()
    while row is not None and row.retired_at is not None:
        if row.merged_into is None or row.id in seen:
            return None
        seen.add(row.id)
        row = s.get(ClipRow, row.merged_into)
    return None if row is None else clip_from(row)


def find_clip_prefix(s: Session, prefix: str, limit: int = 10) -> list[ClipId]:
    """Return up to ``limit`` clips, retired ones included, whose id begins with ``prefix``."""
    query = select(ClipRow.id).where(col(ClipRow.id).startswith(prefix, autoescape=True))
    return [ClipId(i) for i in s.exec(query.order_by(col(ClipRow.id)).limit(limit))]


def clips_of_video(s: Session, video: VideoId) -> list[Clip]:
    """Return the live clips that ``video`` shows, oldest first."""
    query = (
        _live()
        .join(ClipMemberRow, col(ClipMemberRow.clip) == col(ClipRow.id))
        .where(ClipMemberRow.video == video)
    )
    return [clip_from(row) for row in s.exec(query)]


def members(s: Session, clip: ClipId) -> frozenset[VideoId]:
    """Return the videos that show the clip."""
    query = select(ClipMemberRow.video).where(ClipMemberRow.clip == clip)
    return frozenset(VideoId(i) for i in s.exec(query))


def clips_anchored(s: Session, videos: Iterable[VideoId]) -> list[Clip]:
    """Return the live clips whose reference is one of ``videos``, oldest first."""
    names = sorted(set(videos))
    found: list[ClipRow] = []
    for batch in batches(names):
        found.extend(s.exec(_live().where(col(ClipRow.reference).in_(batch))))
    found.sort(key=lambda row: (row.created_at, row.id))
    return [clip_from(row) for row in found]


def save_clip(s: Session, clip: Clip, members: Iterable[VideoId], *, now: datetime) -> None:
    """Keep a clip, its stretch, and exactly these videos as those that show it.

    A retired clip saved again is live again.
    """
    row = s.get(ClipRow, clip.id) or ClipRow(
        id=clip.id, reference=clip.reference, start_ms=0, end_ms=0, created_at=now
    )
    row.reference, row.start_ms, row.end_ms = clip.reference, clip.start_ms, clip.end_ms
    row.retired_at = row.retired_reason = row.merged_into = None
    s.add(row)
    s.flush()
    _set_members(s, clip.id, set(members))


def retire_clip(
    s: Session, clip: ClipId, *, into: ClipId | None, reason: str, at: datetime
) -> None:
    """Take a clip out of use; its name goes on leading to ``into``.

    Its history stays, its members do not. Raises ``UnknownSubject`` for no such clip.
    """
    row = s.get(ClipRow, clip)
    if row is None:
        raise UnknownSubject(f"no clip {clip} is held")
    row.retired_at, row.retired_reason, row.merged_into = at, reason, into
    s.add(row)
    s.flush()
    _set_members(s, clip, set())


def all_clips(s: Session) -> Iterator[Clip]:
    """Yield the live clips, oldest first."""
    for row in s.exec(_live().execution_options(yield_per=500)):
        yield clip_from(row)


def save_revision(
    s: Session,
    clip: ClipId,
    *,
    revision: int,
    root: AppearanceId,
    reason: str,
    digest: str,
    document: str,
    at: datetime,
) -> None:
    """Keep one state of a clip's chain; numbers are given once (``DatabaseError`` otherwise)."""
    s.add(
        RevisionRow(
            clip=clip,
            revision=revision,
            root=root,
            reason=reason,
            digest=digest,
            document=document,
            at=at,
        )
    )
    s.flush()


def latest_revision(s: Session, clip: ClipId) -> StoredRevision | None:
    """Return the present state of a clip's chain, or ``None`` before the first."""
    query = select(RevisionRow).where(RevisionRow.clip == clip)
    row = s.exec(query.order_by(col(RevisionRow.revision).desc()).limit(1)).first()
    return None if row is None else _stored(row)


def history(s: Session, clip: ClipId) -> tuple[Revision, ...]:
    """Return every state of a clip's chain in short, oldest first."""
    query = select(RevisionRow).where(RevisionRow.clip == clip)
    return tuple(
        Revision(row.revision, row.at, AppearanceId(row.root), row.reason)
        for row in s.exec(query.order_by(col(RevisionRow.revision)))
    )


def revisions(s: Session, clip: ClipId) -> list[StoredRevision]:
    """Return every kept state of one clip's chain, oldest first."""
    query = select(RevisionRow).where(RevisionRow.clip == clip)
    return [_stored(row) for row in s.exec(query.order_by(col(RevisionRow.revision)))]


def all_revisions(s: Session) -> Iterator[StoredRevision]:
    """Yield every kept state of every chain."""
    query = select(RevisionRow).order_by(col(RevisionRow.clip), col(RevisionRow.revision))
    for row in s.exec(query.execution_options(yield_per=200)):
        yield _stored(row)


def _stored(row: RevisionRow) -> StoredRevision:
    return StoredRevision(
        clip=ClipId(row.clip),
        revision=row.revision,
        root=AppearanceId(row.root),
        reason=row.reason,
        digest=row.digest,
        document=row.document,
        at=row.at,
    )


def _live() -> SelectOfScalar[ClipRow]:
    return (
        select(ClipRow)
        .where(col(ClipRow.retired_at).is_(None))
        .order_by(col(ClipRow.created_at), col(ClipRow.id))
    )


def _set_members(s: Session, clip: ClipId, wanted: set[VideoId]) -> None:
    held = set(members(s, clip))
    for video in held - wanted:
        s.delete(s.get_one(ClipMemberRow, (clip, video)))  # row by row: so the ledger hears of it
    for video in sorted(wanted - held):
        s.add(ClipMemberRow(clip=clip, video=video))
    s.flush()
