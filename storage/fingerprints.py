"""Fingerprints, and which videos were already compared with the rest."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from storage import pending
from storage.fingerprint_rows import fingerprint_columns, fingerprint_from
from storage.rows import json_text
from storage.tables import AlgorithmRow, DetectionRow, FingerprintRow, VideoRow
from storage.videos import touch
from tracker.errors import IntegrityError
from tracker.model.algorithm import Algorithm
from tracker.model.fingerprint import Fingerprint
from tracker.model.ids import VideoId


def pending_fingerprints(
    s: Session, algorithm_key: str, *, now: datetime, limit: int
) -> list[VideoId]:
    """Return videos without a fingerprint of the algorithm, oldest first, unless held back."""
    query = pending.fingerprints_query(algorithm_key).where(
        pending.ready(pending.FINGERPRINT, col(VideoRow.sha256), now)
    )
    return [VideoId(i) for i in s.scalars(query.limit(limit))]


def save_fingerprint(s: Session, video: VideoId, fingerprint: Fingerprint, *, now: datetime) -> int:
    """Keep the fingerprint of a video; return its row id, which only ever grows.

    One that is already held under the same algorithm stays, and its id is returned.
    """
    algorithm = _register(s, fingerprint.algorithm)
    row = s.exec(
        select_rows(FingerprintRow).where(
            FingerprintRow.video == video, FingerprintRow.algorithm_id == algorithm
        )
    ).first()
    if row is None:
        row = FingerprintRow(
            video=video, algorithm_id=algorithm, made_at=now, **fingerprint_columns(fingerprint)
        )
        s.add(row)
        s.flush()
    return row.id or 0


def get_fingerprint(s: Session, video: VideoId, algorithm_key: str) -> Fingerprint | None:
    """Return the fingerprint of a video under the algorithm, or ``None``.

    Raises ``IntegrityError`` for a row that cannot be read (it was tampered with).
    """
    found = s.exec(
        select_rows(FingerprintRow, AlgorithmRow)
        .join(AlgorithmRow, col(AlgorithmRow.id) == col(FingerprintRow.algorithm_id))
        .where(FingerprintRow.video == video, AlgorithmRow.key == algorithm_key)
    ).first()
    return None if found is None else _fingerprint(*found)


def note_keyframes_entry(s: Session, video: VideoId, algorithm_key: str, sequence: int) -> None:
    """Remember which entry of the ledger records the video's keyframes."""
    s.execute(
        update(FingerprintRow)
        .where(
            col(FingerprintRow.video) == video,
            col(FingerprintRow.algorithm_id) == pending.algorithm_id(algorithm_key),
        )
        .values(keyframes_entry=sequence)
    )


def fingerprints_after(
    s: Session, algorithm_key: str, row_id: int, limit: int
) -> list[tuple[int, VideoId, Fingerprint]]:
    """Return up to ``limit`` fingerprints with a row id above ``row_id``, in that order.

    Raises ``IntegrityError`` for a row that cannot be read (it was tampered with).
    """
    rows = s.exec(
        select_rows(FingerprintRow, AlgorithmRow)
        .join(AlgorithmRow, col(AlgorithmRow.id) == col(FingerprintRow.algorithm_id))
        .where(AlgorithmRow.key == algorithm_key, col(FingerprintRow.id) > row_id)
        .order_by(col(FingerprintRow.id))
        .limit(limit)
    )
    return [(row.id or 0, VideoId(row.video), _fingerprint(row, a)) for row, a in rows]


def video_of_row(s: Session, algorithm_key: str, row_id: int) -> VideoId | None:
    """Return whose fingerprint a row is, ``None`` where the algorithm has no such row."""
    query = select(col(FingerprintRow.video)).where(
        col(FingerprintRow.id) == row_id,
        col(FingerprintRow.algorithm_id) == pending.algorithm_id(algorithm_key),
    )
    found = s.scalar(query)
    return None if found is None else VideoId(found)


def all_fingerprints(s: Session) -> Iterator[tuple[VideoId, str, Fingerprint | None]]:
    """Yield every fingerprint with its video and algorithm key, by row id.

    ``None`` stands for a row whose arrays do not fit together (it was tampered with).
    """
    rows = s.exec(
        select_rows(FingerprintRow, AlgorithmRow)
        .join(AlgorithmRow, col(AlgorithmRow.id) == col(FingerprintRow.algorithm_id))
        .order_by(col(FingerprintRow.id))
        .execution_options(yield_per=50)
    )
    for row, algorithm in rows:
        yield VideoId(row.video), algorithm.key, _fingerprint_or_none(row, algorithm)


def algorithm_keys(s: Session) -> list[str]:
    """Return the key of every algorithm that fingerprints are held for, oldest first."""
    held = select(col(FingerprintRow.algorithm_id))
    query = select(col(AlgorithmRow.key)).where(col(AlgorithmRow.id).in_(held))
    return list(s.scalars(query.order_by(col(AlgorithmRow.id))))


def algorithms_of(s: Session, video: VideoId) -> list[str]:
    """Return the key of every algorithm the video has a fingerprint of, sorted."""
    query = (
        select(col(AlgorithmRow.key))
        .join(FingerprintRow, col(FingerprintRow.algorithm_id) == col(AlgorithmRow.id))
        .where(col(FingerprintRow.video) == video)
    )
    return sorted(s.scalars(query))


def pending_detection(
    s: Session, algorithm_key: str, *, now: datetime, limit: int
) -> list[VideoId]:
    """Return fingerprinted videos that were not compared yet, oldest first, unless held back."""
    query = pending.detections_query(algorithm_key).where(
        pending.ready(pending.DETECT, col(FingerprintRow.video), now)
    )
    return [VideoId(i) for i in s.scalars(query.limit(limit))]


def mark_detected(s: Session, video: VideoId, algorithm_key: str, *, now: datetime) -> None:
    """Say that the video was compared; the record stage takes it up from here."""
    algorithm = algorithm_row_id(s, algorithm_key)
    if s.get(DetectionRow, (video, algorithm)) is None:
        s.add(DetectionRow(video=video, algorithm_id=algorithm, at=now))
        s.flush()
        touch(s, video)


def forget_detection(s: Session, video: VideoId, algorithm_key: str) -> None:
    """Queue the video for comparison again."""
    s.execute(
        delete(DetectionRow).where(
            col(DetectionRow.video) == video,
            col(DetectionRow.algorithm_id) == pending.algorithm_id(algorithm_key),
        )
    )


def detected(s: Session, algorithm_key: str) -> set[VideoId]:
    """Return every video that was compared under the algorithm."""
    query = select(col(DetectionRow.video)).where(
        col(DetectionRow.algorithm_id) == pending.algorithm_id(algorithm_key)
    )
    return {VideoId(i) for i in s.scalars(query)}


def is_detected(s: Session, video: VideoId, algorithm_key: str) -> bool:
    """Tell whether the video was compared under the algorithm."""
    query = select(col(DetectionRow.video)).where(
        col(DetectionRow.video) == video,
        col(DetectionRow.algorithm_id) == pending.algorithm_id(algorithm_key),
    )
    return s.scalar(query) is not None


def algorithm_row_id(s: Session, algorithm_key: str) -> int:
    """Return the row id of an algorithm, given one if it has none."""
    row = s.exec(select_rows(AlgorithmRow).where(AlgorithmRow.key == algorithm_key)).first()
    if row is None:
        row = AlgorithmRow(key=algorithm_key)
        s.add(row)
        s.flush()
    return row.id or 0


def _fingerprint(row: FingerprintRow, algorithm: AlgorithmRow) -> Fingerprint:
    found = _fingerprint_or_none(row, algorithm)
    if found is None:
        raise IntegrityError(
            f"the fingerprint of {row.video} in the database cannot be read: it was changed"
        )
    return found


def _fingerprint_or_none(row: FingerprintRow, algorithm: AlgorithmRow) -> Fingerprint | None:
    try:
        return fingerprint_from(row, algorithm)
    except (ValueError, TypeError, RecursionError):
        return None


def _register(s: Session, algorithm: Algorithm) -> int:
    row = s.get_one(AlgorithmRow, algorithm_row_id(s, algorithm.key))
    if row.name is None:
        row.name = algorithm.name
        row.parameters = json_text(list(algorithm.parameters))
        row.versions = json_text(list(algorithm.versions))
        s.add(row)
        s.flush()
    return row.id or 0
