"""Which of two possible sources a video takes after, kept so that originals are decoded once."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import and_, delete, or_, select
from sqlmodel import Session, col

from storage import pending
from storage.batches import batches
from storage.fingerprints import algorithm_row_id
from storage.tables import LeaningRow
from tracker.model.ids import VideoId

Contest = tuple[VideoId, VideoId, VideoId]
"""A video and two possible sources of it; the smaller id of the two comes first."""


def save_leanings(s: Session, found: Mapping[Contest, float | None], algorithm_key: str) -> None:
    """Keep what came of each contest, ``None`` where the pictures told nothing."""
    if not found:
        return
    algorithm = algorithm_row_id(s, algorithm_key)
    for (video, one, other), leaning in found.items():
        if s.get(LeaningRow, (algorithm, video, one, other)) is None:
            s.add(
                LeaningRow(
                    algorithm_id=algorithm, video=video, one=one, other=other, leaning=leaning
                )
            )
    s.flush()


def leanings(
    s: Session, videos: Collection[VideoId], algorithm_key: str
) -> dict[Contest, float | None]:
    """Return what is held of contests of ``videos``, to the first source where it is positive."""
    columns = (LeaningRow.video, LeaningRow.one, LeaningRow.other, LeaningRow.leaning)
    names, found = sorted(videos), dict[Contest, float | None]()
    for batch in batches(names):
        rows = s.execute(
            select(*(col(column) for column in columns)).where(
                col(LeaningRow.algorithm_id) == pending.algorithm_id(algorithm_key),
                col(LeaningRow.video).in_(batch),
            )
        )
        found |= {(VideoId(v), VideoId(a), VideoId(b)): leaning for v, a, b, leaning in rows}
    return found


def forget(s: Session, one: VideoId, other: VideoId) -> None:
    """Drop what was held of contests in which the one may be the other's source."""
    video, first, second = (col(c) for c in (LeaningRow.video, LeaningRow.one, LeaningRow.other))
    s.execute(
        delete(LeaningRow).where(
            or_(
                and_(video == one, or_(first == other, second == other)),
                and_(video == other, or_(first == one, second == one)),
            )
        )
    )
