"""Videos: technical facts, where they were taken in, and whether their evidence is recorded."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import SQLColumnExpression, func, select, update
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from storage import pending
from storage.batches import batches
from storage.columns import clean_text
from storage.rows import claim_columns, claim_from, set_info_columns, video_from
from storage.tables import VideoClaimRow, VideoFileRow, VideoRow
from tracker.errors import UnknownSubject
from tracker.model.ids import VideoId
from tracker.model.time_claim import TimeClaim
from tracker.model.video import MediaInfo, Video


def save_video(s: Session, video: Video, *, kept: bool, now: datetime) -> bool:
    """Keep a video; return ``True`` when it is new.

    ``kept`` says whether its original bytes are in the media store; for a known video it only
    ever turns true here (see ``set_kept``).
    """
    row = s.get(VideoRow, video.id)
    is_new = row is None
    if row is None:
        row = VideoRow(
            sha256=video.id, size_bytes=video.size_bytes, kept=kept, first_observed_at=now
        )
    row.kept = row.kept or kept
    if video.info is not None:
        set_info_columns(row, video.info)
    s.add(row)
    s.flush()
    return is_new


def set_info(s: Session, video: VideoId, info: MediaInfo) -> None:
    """Keep the technical facts an examination found; raises ``UnknownSubject``."""
    row = _require(s, video)
    set_info_columns(row, info)
    s.add(row)
    s.flush()


def set_kept(s: Session, video: VideoId, *, kept: bool) -> None:
    """Say whether the original bytes are in the media store; raises ``UnknownSubject``."""
    row = _require(s, video)
    row.kept = kept
    s.add(row)
    s.flush()


def get_video(s: Session, video: VideoId) -> Video | None:
    """Return the video, or ``None`` when it is not held."""
    row = s.get(VideoRow, video)
    return None if row is None else video_from(row)


def is_kept(s: Session, video: VideoId) -> bool:
    """Tell whether the original bytes are in the media store."""
    row = s.get(VideoRow, video)
    return row is not None and row.kept


def kept_among(s: Session, videos: Collection[VideoId]) -> frozenset[VideoId]:
    """Return those of ``videos`` whose original bytes are in the media store."""
    return frozenset(VideoId(i) for i, kept in _of_videos(s, videos, col(VideoRow.kept)) if kept)


def find_prefix(s: Session, prefix: str, limit: int = 10) -> list[VideoId]:
    """Return up to ``limit`` videos whose id begins with ``prefix`` (hex digits), sorted."""
    query = select(col(VideoRow.sha256)).where(
        col(VideoRow.sha256).startswith(prefix.lower(), autoescape=True)
    )
    return [VideoId(i) for i in s.scalars(query.order_by(col(VideoRow.sha256)).limit(limit))]


def kept_digests(s: Session) -> list[VideoId]:
    """Return every video whose original bytes must be in the media store, sorted."""
    query = select(col(VideoRow.sha256)).where(col(VideoRow.kept))
    return [VideoId(i) for i in s.scalars(query.order_by(col(VideoRow.sha256)))]


def count_videos(s: Session) -> int:
    """Return how many videos are held."""
    return s.scalar(select(func.count()).select_from(VideoRow)) or 0


def add_file(s: Session, video: VideoId, path: str) -> None:
    """Remember a path from which the video was taken in."""
    name = clean_text(path)
    if s.get(VideoFileRow, (video, name)) is None:
        s.add(VideoFileRow(video=video, path=name))
        s.flush()


def files(s: Session, video: VideoId) -> tuple[str, ...]:
    """Return the paths from which the video was taken in, sorted."""
    query = select(col(VideoFileRow.path)).where(col(VideoFileRow.video) == video)
    return tuple(s.scalars(query.order_by(col(VideoFileRow.path))))


def add_video_claims(s: Session, video: VideoId, claims: Iterable[TimeClaim]) -> None:
    """Add statements about the file itself (container time, ``Last-Modified``), each once."""
    held = set(video_claims(s, video))
    for claim in dict.fromkeys(claims):
        if claim not in held:
            s.add(VideoClaimRow(video=video, **claim_columns(claim)))
    s.flush()


def video_claims(s: Session, video: VideoId) -> tuple[TimeClaim, ...]:
    """Return the statements about the file itself, in the order they came."""
    query = select_rows(VideoClaimRow).where(VideoClaimRow.video == video)
    return tuple(claim_from(row) for row in s.exec(query.order_by(col(VideoClaimRow.id))))


def claims_of(s: Session, videos: Collection[VideoId]) -> dict[VideoId, tuple[TimeClaim, ...]]:
    """Return the statements about each file that has any, in the order they came."""
    found: dict[VideoId, tuple[TimeClaim, ...]] = {}
    names = sorted(videos)
    for batch in batches(names):
        query = select_rows(VideoClaimRow).where(col(VideoClaimRow.video).in_(batch))
        for row in s.exec(query.order_by(col(VideoClaimRow.id))):
            video = VideoId(row.video)
            found[video] = (*found.get(video, ()), claim_from(row))
    return found


def touch(s: Session, video: VideoId) -> None:
    """Say that there is new evidence about the video, so that its chains are made anew."""
    s.execute(
        update(VideoRow)
        .where(col(VideoRow.sha256) == video)
        .values(evidence_version=col(VideoRow.evidence_version) + 1)
    )


def evidence_version(s: Session, video: VideoId) -> int:
    """Return how often the evidence about the video changed; raises ``UnknownSubject``."""
    version = s.scalar(select(col(VideoRow.evidence_version)).where(col(VideoRow.sha256) == video))
    if version is None:
        raise UnknownSubject(f"no video {video} is held")
    return version


def evidence_versions(s: Session, videos: Collection[VideoId]) -> dict[VideoId, int]:
    """Return how often the evidence about each video changed; raises ``UnknownSubject``."""
    found = {VideoId(i): n for i, n in _of_videos(s, videos, col(VideoRow.evidence_version))}
    for video in videos:
        if video not in found:
            raise UnknownSubject(f"no video {video} is held")
    return found


def durations(s: Session, videos: Collection[VideoId]) -> dict[VideoId, int]:
    """Return the length in milliseconds of those videos that were examined."""
    columns = (col(VideoRow.duration_ms), col(VideoRow.container))
    found = _of_videos(s, videos, *columns)
    return {VideoId(i): ms for i, ms, container in found if container is not None}


def facts(s: Session, videos: Collection[VideoId]) -> dict[VideoId, tuple[int, int, int, float]]:
    """Return length in ms, width, height and bits a second of those that were examined."""
    columns = (VideoRow.duration_ms, VideoRow.width, VideoRow.height, VideoRow.size_bytes)
    found = _of_videos(s, videos, *(col(column) for column in columns))
    return {
        VideoId(i): (ms, width, height, size * 8000 / max(1, ms))
        for i, ms, width, height, size in found
    }


def is_unrecorded(s: Session, video: VideoId) -> bool:
    """Tell whether there is evidence about the video that no chain has taken up yet."""
    row = _require(s, video)
    return row.recorded_version < row.evidence_version


def pending_records(s: Session, algorithm_key: str, *, now: datetime, limit: int) -> list[VideoId]:
    """Return detected videos with unrecorded evidence, without those held back until later."""
    query = pending.records_query(algorithm_key).where(
        pending.ready(pending.RECORD, col(VideoRow.sha256), now)
    )
    return [VideoId(i) for i in s.scalars(query.limit(limit))]


def mark_recorded(s: Session, video: VideoId, version: int) -> None:
    """Say that the chains take account of the evidence up to ``version``.

    Evidence that arrived meanwhile keeps the video pending.
    """
    s.execute(
        update(VideoRow)
        .where(col(VideoRow.sha256) == video, col(VideoRow.recorded_version) < version)
        .values(recorded_version=version)
    )


def _of_videos(
    s: Session, videos: Collection[VideoId], *columns: SQLColumnExpression[Any]
) -> Iterator[tuple[Any, ...]]:
    """Yield the id and ``columns`` of each of ``videos`` that is held."""
    names = sorted(videos)
    for batch in batches(names):
        rows = s.execute(
            select(col(VideoRow.sha256), *columns).where(col(VideoRow.sha256).in_(batch))
        )
        yield from (tuple(row) for row in rows)


def _require(s: Session, video: VideoId) -> VideoRow:
    row = s.get(VideoRow, video)
    if row is None:
        raise UnknownSubject(f"no video {video} is held")
    return row
