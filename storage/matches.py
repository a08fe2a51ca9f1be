"""Matches: one row for an unordered pair of videos and an algorithm."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, Subquery, or_, select
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from storage import leanings, likenesses, pending
from storage.batches import MAX_BATCH, batches
from storage.fingerprints import algorithm_row_id
from storage.rows import lean_match, match_columns, match_from
from storage.tables import AlgorithmRow, MatchRow
from storage.videos import touch
from tracker.evidence.digests import match_digest
from tracker.model.ids import VideoId
from tracker.model.match import Match

_WITHOUT_PAIRS = (
    MatchRow.query,
    MatchRow.reference,
    MatchRow.score,
    MatchRow.segments,
    MatchRow.transformations,
    MatchRow.reverse_transformations,
    MatchRow.sound,
    MatchRow.laid,
    MatchRow.moment_told,
    MatchRow.moment_odds,
    MatchRow.instants,
)


@dataclass(frozen=True, slots=True)
class StoredMatch:
    """A kept match as it was found; ``None`` when the row cannot be read (it was tampered with)."""

    videos: frozenset[VideoId]
    algorithm_key: str
    match: Match | None


def save_match(s: Session, match: Match, algorithm_key: str, *, now: datetime) -> bool:
    """Keep what two videos have in common; return ``False`` when just that was held already.

    Which of the two is the query makes no difference. A different finding replaces the old
    one. When something changed, both videos are touched, so that their chains are made anew.
    Raises ``ValueError`` for a video matched with itself.
    """
    if match.query == match.reference:
        raise ValueError(f"a video is no match of itself: {match.query}")
    algorithm = algorithm_row_id(s, algorithm_key)
    columns = match_columns(match)
    row = s.exec(
        select_rows(MatchRow).where(
            MatchRow.algorithm_id == algorithm,
            MatchRow.query == columns["query"],
            MatchRow.reference == columns["reference"],
        )
    ).first()
    if row is not None and match_digest(match_from(row)) == match_digest(match):
        return False
    row = row or MatchRow(algorithm_id=algorithm, found_at=now, **columns)
    for name, value in columns.items():
        setattr(row, name, value)
    s.add(row)
    s.flush()
    likenesses.forget(s, match.query, match.reference)
    leanings.forget(s, match.query, match.reference)
    for video in (match.query, match.reference):
        touch(s, video)
    return True


def matches_of(s: Session, video: VideoId, algorithm_key: str) -> list[Match]:
    """Return every match of ``video``, which is the query in each, best first.

    Transformations are there where they describe ``video`` as the copy.
    """
    rows = s.exec(
        select_rows(MatchRow).where(
            MatchRow.algorithm_id == pending.algorithm_id(algorithm_key),
            or_(col(MatchRow.query) == video, col(MatchRow.reference) == video),
        )
    )
    found = [match_from(row, video) for row in rows]
    return sorted(found, key=lambda match: (-match.score, match.reference))


def matches_among(s: Session, videos: Collection[VideoId], algorithm_key: str) -> Iterator[Match]:
    """Yield each asserted match between two of ``videos`` once, without its frame pairs."""
    columns = tuple(col(column) for column in _WITHOUT_PAIRS)
    for batch in batches(sorted(videos)):
        rows = s.execute(
            select(*columns).where(
                col(MatchRow.algorithm_id) == pending.algorithm_id(algorithm_key),
                col(MatchRow.asserted),
                col(MatchRow.query).in_(batch),
            )
        )
        yield from (lean_match(*row) for row in rows if row[1] in videos)


def match_of(s: Session, video: VideoId, other: VideoId, algorithm_key: str) -> Match | None:
    """Return what ``video`` (the query) has in common with ``other``, or ``None``."""
    query, reference = sorted((video, other))
    row = s.exec(
        select_rows(MatchRow).where(
            MatchRow.algorithm_id == pending.algorithm_id(algorithm_key),
            MatchRow.query == query,
            MatchRow.reference == reference,
        )
    ).first()
    return None if row is None else match_from(row, video)


def component(s: Session, video: VideoId, algorithm_key: str) -> frozenset[VideoId]:
    """Return ``video`` and all videos that asserted matches lead to from it, by any number."""
    edges = _edges(algorithm_key)
    reached: set[str] = {video}
    waiting: list[str] = [video]
    while waiting:
        batch, waiting = waiting[:MAX_BATCH], waiting[MAX_BATCH:]
        steps = select(edges.c.b).where(edges.c.a.in_(batch)).distinct()
        found = set(s.scalars(steps)) - reached
        reached |= found
        waiting.extend(found)
    return frozenset(VideoId(i) for i in reached)


def all_matches(s: Session) -> Iterator[StoredMatch]:
    """Yield every kept match, in the order they were first found."""
    rows = s.exec(
        select_rows(MatchRow, AlgorithmRow.key)
        .join(AlgorithmRow, col(AlgorithmRow.id) == col(MatchRow.algorithm_id))
        .order_by(col(MatchRow.id))
        .execution_options(yield_per=500)
    )
    for row, key in rows:
        yield StoredMatch(
            frozenset((VideoId(row.query), VideoId(row.reference))), key, _match_or_none(row)
        )


def _match_or_none(row: MatchRow) -> Match | None:
    try:
        return match_from(row)
    except (ValueError, TypeError, RecursionError):
        return None


def _edges(algorithm_key: str) -> Subquery:
    """Every asserted match as a step from ``a`` to ``b``, once in each direction."""
    asserted = (
        col(MatchRow.algorithm_id) == pending.algorithm_id(algorithm_key),
        col(MatchRow.asserted),
    )
    query, reference = col(MatchRow.query), col(MatchRow.reference)
    there: Select[str, str] = select(query.label("a"), reference.label("b")).where(*asserted)
    back: Select[str, str] = select(reference.label("a"), query.label("b")).where(*asserted)
    return there.union_all(back).subquery()
