"""How alike matched videos are, kept so that it is worked out once."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import delete, select
from sqlmodel import Session, col

from storage import pending
from storage.batches import batches
from storage.fingerprints import algorithm_row_id
from storage.tables import LikenessRow
from tracker.model.ids import VideoId
from tracker.model.likeness import Likeness

Pair = tuple[VideoId, VideoId]
"""Query and reference; the smaller id comes first."""


def save_likenesses(s: Session, found: Mapping[Pair, Likeness], algorithm_key: str) -> None:
    """Keep how alike each pair is; what is held of a pair stays."""
    if not found:
        return
    algorithm = algorithm_row_id(s, algorithm_key)
    for (query, reference), one in found.items():
        if s.get(LikenessRow, (algorithm, query, reference)) is None:
            s.add(
                LikenessRow(
                    algorithm_id=algorithm,
                    query=query,
                    reference=reference,
                    bits=one.bits,
                    levels=one.levels,
                    differs=one.differs,
                    query_moves=one.query_moves,
                    reference_moves=one.reference_moves,
                )
            )
    s.flush()


def likenesses(s: Session, videos: Collection[VideoId], algorithm_key: str) -> dict[Pair, Likeness]:
    """Return how alike those pairs of ``videos`` are of which it is held."""
    columns = (
        LikenessRow.query,
        LikenessRow.reference,
        LikenessRow.bits,
        LikenessRow.levels,
        LikenessRow.differs,
        LikenessRow.query_moves,
        LikenessRow.reference_moves,
    )
    names, found = sorted(videos), dict[Pair, Likeness]()
    for batch in batches(names):
        rows = s.execute(
            select(*(col(column) for column in columns)).where(
                col(LikenessRow.algorithm_id) == pending.algorithm_id(algorithm_key),
                col(LikenessRow.query).in_(batch),
            )
        )
        found |= {(VideoId(q), VideoId(r)): Likeness(*values) for q, r, *values in rows}
    return found


def forget(s: Session, one: VideoId, other: VideoId) -> None:
    """Drop what is held of a pair, as when it was matched anew."""
    first, second = sorted((one, other))
    s.execute(
        delete(LikenessRow).where(
            col(LikenessRow.query) == first, col(LikenessRow.reference) == second
        )
    )
