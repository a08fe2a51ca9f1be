"""Sounds: the prints behind the index, and the pairs of videos that share one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from storage import pending
from storage.fingerprints import algorithm_row_id
from storage.rows import sound_match_columns, sound_match_from
from storage.sound_bytes import sound_unpacked
from storage.tables import AlgorithmRow, FingerprintRow, SoundMatchRow
from tracker.errors import IntegrityError
from tracker.evidence.digests import sound_match_digest
from tracker.model.ids import VideoId
from tracker.model.match import SoundMatch
from tracker.model.sound import SoundPrint


@dataclass(frozen=True, slots=True)
class StoredSoundMatch:
    """A kept sound match; ``None`` when the row cannot be read (it was tampered with)."""

    videos: frozenset[VideoId]
    algorithm_key: str
    match: SoundMatch | None


def sounds_after(
    s: Session, algorithm_key: str, row_id: int, limit: int
) -> list[tuple[int, VideoId, SoundPrint | None]]:
    """Return the sounds of up to ``limit`` fingerprints with a row id above ``row_id``.

    Raises ``IntegrityError`` for one that cannot be read (it was tampered with).
    """
    query = (
        select(col(FingerprintRow.id), col(FingerprintRow.video), col(FingerprintRow.sound))
        .where(
            col(FingerprintRow.algorithm_id) == pending.algorithm_id(algorithm_key),
            col(FingerprintRow.id) > row_id,
        )
        .order_by(col(FingerprintRow.id))
        .limit(limit)
    )
    return [(i or 0, VideoId(video), _sound(video, body)) for i, video, body in s.execute(query)]


def _sound(video: str, body: bytes | None) -> SoundPrint | None:
    try:
        return sound_unpacked(body)
    except (ValueError, TypeError) as exc:
        raise IntegrityError(
            f"the sound of {video} in the database cannot be read: it was changed"
        ) from exc


def get_sound(s: Session, video: VideoId, algorithm_key: str) -> SoundPrint | None:
    """Return the sound print of a video, ``None`` where it has none or is not held."""
    query = select(col(FingerprintRow.sound)).where(
        col(FingerprintRow.video) == video,
        col(FingerprintRow.algorithm_id) == pending.algorithm_id(algorithm_key),
    )
    return sound_unpacked(s.scalar(query))


def save_sound_match(s: Session, match: SoundMatch, algorithm_key: str, *, now: datetime) -> bool:
    """Keep a sound that two videos share; return ``False`` when just that was held already.

    Which of the two is the query makes no difference. A different finding replaces the old one.
    No chain is made anew for it: a shared sound makes no clip. Raises ``ValueError`` for a video
    matched with itself.
    """
    if match.query == match.reference:
        raise ValueError(f"a video is no match of itself: {match.query}")
    algorithm = algorithm_row_id(s, algorithm_key)
    columns = sound_match_columns(match)
    row = s.exec(
        select_rows(SoundMatchRow).where(
            SoundMatchRow.algorithm_id == algorithm,
            SoundMatchRow.query == columns["query"],
            SoundMatchRow.reference == columns["reference"],
        )
    ).first()
    if row is not None and sound_match_digest(sound_match_from(row)) == sound_match_digest(match):
        return False
    row = row or SoundMatchRow(algorithm_id=algorithm, found_at=now, **columns)
    for name, value in columns.items():
        setattr(row, name, value)
    s.add(row)
    s.flush()
    return True


def sound_matches_of(s: Session, video: VideoId, algorithm_key: str) -> list[SoundMatch]:
    """Return every sound match of ``video``, which is the query in each, best first."""
    rows = s.exec(
        select_rows(SoundMatchRow).where(
            SoundMatchRow.algorithm_id == pending.algorithm_id(algorithm_key),
            or_(col(SoundMatchRow.query) == video, col(SoundMatchRow.reference) == video),
        )
    )
    found = [sound_match_from(row, video) for row in rows]
    return sorted(found, key=lambda match: (-match.score, match.reference))


def all_sound_matches(s: Session) -> Iterator[StoredSoundMatch]:
    """Yield every kept sound match, in the order they were first found."""
    rows = s.exec(
        select_rows(SoundMatchRow, AlgorithmRow.key)
        .join(AlgorithmRow, col(AlgorithmRow.id) == col(SoundMatchRow.algorithm_id))
        .order_by(col(SoundMatchRow.id))
        .execution_options(yield_per=500)
    )
    for row, key in rows:
        videos = frozenset((VideoId(row.query), VideoId(row.reference)))
        yield StoredSoundMatch(videos, key, _match_or_none(row))


def _match_or_none(row: SoundMatchRow) -> SoundMatch | None:
    try:
        return sound_match_from(row)
    except (ValueError, TypeError, RecursionError):
        return None
