"""Searches for earlier uploads: entered before they are made, so that a budget is never passed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from storage import pending
from storage.tables import ClipMemberRow, ClipRow, DiscoveryRow, MediaRow, PostRow
from tracker.model.discovery import Discovery
from tracker.model.ids import ClipId, Platform

DISCOVER = "discover"
_UNFINISHED = "the search was not finished"


def begin(s: Session, search: Discovery) -> int:
    """Enter a search that is about to be made; return the number to finish it by."""
    row = DiscoveryRow(
        clip=search.clip,
        platform=search.platform,
        query=search.query,
        target=search.target,
        until_at=search.until_at,
        searched_at=search.searched_at,
        error=search.error or _UNFINISHED,
    )
    s.add(row)
    s.flush()
    assert row.id is not None  # noqa: S101 - the flush has numbered it
    return row.id


def finish(s: Session, number: int, search: Discovery) -> None:
    """Enter what the search came to."""
    row = s.get_one(DiscoveryRow, number)
    row.hits, row.earlier, row.without_preview = search.hits, search.earlier, search.without_preview
    row.compared, row.likely, row.fetched = search.compared, search.likely, search.fetched
    row.error = search.error
    s.add(row)
    s.flush()


def count_since(s: Session, since: datetime) -> int:
    """Return how many searches were begun after ``since``, for whichever clip."""
    query = select(func.count()).where(
        col(DiscoveryRow.searched_at) > since, col(DiscoveryRow.target) != ""
    )
    return s.scalar(query) or 0


def of_clip(s: Session, clip: ClipId) -> list[Discovery]:
    """Return the searches made for the clip and those merged into it, the latest last."""
    query = (
        select_rows(DiscoveryRow)
        .where(col(DiscoveryRow.clip).in_(_names(clip)))
        .order_by(col(DiscoveryRow.searched_at), col(DiscoveryRow.id))
    )
    return [_discovery(row) for row in s.exec(query)]


def due_clips(
    s: Session, *, published_after: datetime, searched_before: datetime, now: datetime, limit: int
) -> list[ClipId]:
    """Return live clips seen in posts that are all recent and not searched for lately.

    The newest come first: there is the most to be gained from finding what came before them.
    """
    times = (PostRow.published_latest_at, PostRow.published_earliest_at, PostRow.first_observed_at)
    first_at = func.min(func.coalesce(*map(col, times)))
    query = (
        select(col(ClipRow.id))
        .join(ClipMemberRow, col(ClipMemberRow.clip) == col(ClipRow.id))
        .join(MediaRow, col(MediaRow.video) == col(ClipMemberRow.video))
        .join(PostRow, col(PostRow.id) == col(MediaRow.post_id))
        .where(col(ClipRow.id).in_(_recently_shown(published_after)))
        .where(col(ClipRow.retired_at).is_(None), ~_searched_after(searched_before))
        .where(pending.ready(DISCOVER, col(ClipRow.id), now))
        .group_by(col(ClipRow.id))
        .having(first_at >= published_after)
        .order_by(first_at.desc(), col(ClipRow.id))
    )
    return [ClipId(clip) for clip in s.scalars(query.limit(limit))]


def _recently_shown(since: datetime) -> Select[str]:
    """The clips of any post from ``since`` on: all that can have recent posts only.

    Asked of an index, so that the rest of the archive is not looked at.
    """
    latest, earliest = col(PostRow.published_latest_at), col(PostRow.published_earliest_at)
    recent = or_(
        latest >= since,
        and_(latest.is_(None), earliest >= since),
        and_(latest.is_(None), earliest.is_(None), col(PostRow.first_observed_at) >= since),
    )
    return (
        select(col(ClipMemberRow.clip))
        .join(MediaRow, col(MediaRow.video) == col(ClipMemberRow.video))
        .join(PostRow, col(PostRow.id) == col(MediaRow.post_id))
        .where(recent)
    )


def _searched_after(instant: datetime) -> ColumnElement[bool]:
    return exists().where(
        col(DiscoveryRow.clip) == col(ClipRow.id), col(DiscoveryRow.searched_at) > instant
    )


def _names(clip: ClipId) -> ColumnElement[str]:
    """The clip's own id and those of the clips that merged into it."""
    query = select(col(ClipRow.id)).where(
        or_(col(ClipRow.id) == clip, col(ClipRow.merged_into) == clip)
    )
    return query.scalar_subquery()


def _discovery(row: DiscoveryRow) -> Discovery:
    return Discovery(
        clip=ClipId(row.clip),
        platform=Platform(row.platform),
        query=row.query,
        target=row.target,
        until_at=row.until_at,
        searched_at=row.searched_at,
        hits=row.hits,
        earlier=row.earlier,
        without_preview=row.without_preview,
        compared=row.compared,
        likely=row.likely,
        fetched=row.fetched,
        error=row.error,
    )
