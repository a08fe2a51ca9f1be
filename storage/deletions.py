"""Originals that were deleted on purpose, and those a rule may delete."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, exists, func, literal, select, tuple_
from sqlmodel import Session, col

from storage import pending, tallies
from storage.columns import Instant
from storage.tables import (
    CaptureRow,
    CredentialsRow,
    DeletionRow,
    DetectionRow,
    FingerprintRow,
    VideoRow,
)
from tracker.model.custody import Deletion
from tracker.model.ids import VideoId


def save_deletion(
    s: Session,
    video: VideoId,
    *,
    rule: str,
    by: str,
    why: str,
    size_bytes: int,
    with_keyframes: bool,
    now: datetime,
) -> Deletion:
    """Keep the decision to delete an original whose files are still there; return it."""
    row = DeletionRow(
        video=video,
        rule=rule,
        decided_by=by,
        why=why,
        size_bytes=size_bytes,
        with_keyframes=with_keyframes,
        decided_at=now,
    )
    s.add(row)
    s.flush()
    return _deletion(row)


def unfinished(s: Session) -> list[Deletion]:
    """Return decisions whose files may still be there, oldest first."""
    query = select(DeletionRow).where(col(DeletionRow.removed_at).is_(None))
    return [_deletion(row) for row in s.scalars(query.order_by(col(DeletionRow.id)))]


def mark_removed(s: Session, deletion: Deletion, now: datetime) -> None:
    """Say that nothing is left to be done about the decision."""
    row = s.get(DeletionRow, deletion.id)
    if row is not None:
        row.removed_at = now
        s.add(row)
        s.flush()


def last_deletion(s: Session, video: VideoId) -> Deletion | None:
    """Return the latest decision about the video, ``None`` when there was none."""
    query = select(DeletionRow).where(col(DeletionRow.video) == video)
    row = s.scalars(query.order_by(col(DeletionRow.id).desc()).limit(1)).first()
    return None if row is None else _deletion(row)


def keyframes_gone(s: Session, video: VideoId) -> bool:
    """Tell whether the video's keyframes were deleted on purpose and not made again."""
    return s.scalar(_without_keyframes(video).limit(1)) is not None


def mark_remade(s: Session, video: VideoId, now: datetime) -> bool:
    """Say that the video's keyframes were made again; tell whether they had been deleted."""
    rows = list(s.scalars(_without_keyframes(video)))
    for row in rows:
        row.remade_at = now
        s.add(row)
    s.flush()
    return bool(rows)


def count_gone(s: Session) -> int:
    """Return how many videos are held without their original."""
    return tallies.count(s, tallies.WITHOUT_ORIGINAL)


def count_never_again(s: Session, algorithm_key: str) -> int:
    """Return how many have neither their original nor a fingerprint of the algorithm."""
    query = (
        select(func.count())
        .select_from(VideoRow)
        .where(
            pending.marked_otherwise(
                col(VideoRow.sha256), VideoRow.fingerprinted_by, algorithm_key, ~col(VideoRow.kept)
            ),
            ~_fingerprinted(algorithm_key),
        )
    )
    return s.scalar(query) or 0


def expendable(
    s: Session,
    algorithm_key: str,
    *,
    captured_before: datetime,
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[tuple[datetime, VideoId]]:
    """Return originals that a rule may delete, those first observed longest ago first.

    Each with when it was first observed; ``after`` is the last one of the page before. Last
    captured before then, fingerprinted and compared under the algorithm, their Content
    Credentials read. Bytes that are a kept answer as well stay. Holds are not looked at.
    """
    order = (col(VideoRow.first_observed_at), col(VideoRow.sha256))
    query = select(*order).where(_expendable(algorithm_key, captured_before))
    if after is not None:
        query = query.where(tuple_(*order) > tuple_(literal(after[0], Instant), after[1]))
    rows = s.execute(query.order_by(*order).limit(limit))
    return [(at, VideoId(video)) for at, video in rows]


def is_expendable(
    s: Session, video: VideoId, algorithm_key: str, *, captured_before: datetime
) -> bool:
    """Tell whether ``expendable`` holds of one video as of now."""
    query = select(col(VideoRow.sha256)).where(
        _expendable(algorithm_key, captured_before), col(VideoRow.sha256) == video
    )
    return s.scalar(query) is not None


def _expendable(algorithm_key: str, captured_before: datetime) -> Any:
    answer = exists().where(col(CaptureRow.body_sha256) == col(VideoRow.sha256))
    later = exists().where(
        col(CaptureRow.video) == col(VideoRow.sha256),
        col(CaptureRow.finished_at) >= captured_before,
    )
    read = exists().where(col(CredentialsRow.video) == col(VideoRow.sha256))
    return and_(
        col(VideoRow.kept),
        col(VideoRow.first_observed_at) < captured_before,
        ~later,
        ~answer,
        read,
        _fingerprinted(algorithm_key),
        _compared(algorithm_key),
    )


def _without_keyframes(video: VideoId) -> Select[DeletionRow]:
    return select(DeletionRow).where(
        col(DeletionRow.video) == video,
        col(DeletionRow.with_keyframes),
        col(DeletionRow.remade_at).is_(None),
    )


def _fingerprinted(algorithm_key: str) -> Any:
    return exists().where(
        col(FingerprintRow.video) == col(VideoRow.sha256),
        col(FingerprintRow.algorithm_id) == pending.algorithm_id(algorithm_key),
    )


def _compared(algorithm_key: str) -> Any:
    return exists().where(
        col(DetectionRow.video) == col(VideoRow.sha256),
        col(DetectionRow.algorithm_id) == pending.algorithm_id(algorithm_key),
    )


def _deletion(row: DeletionRow) -> Deletion:
    return Deletion(
        id=row.id or 0,
        video=VideoId(row.video),
        rule=row.rule,
        by=row.decided_by,
        why=row.why,
        size_bytes=row.size_bytes,
        with_keyframes=row.with_keyframes,
        decided_at=row.decided_at,
        removed_at=row.removed_at,
    )
