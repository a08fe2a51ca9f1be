"""Captures: which address answered with which bytes, and the media still to be fetched."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select
from sqlmodel import Session, col, select

from storage import pending
from storage.post_parts import find_post, require_post, row_id
from storage.rows import json_text, media_ref_from
from storage.tables import CaptureRow, PostRow
from tracker.model.capture import Exchange
from tracker.model.ids import PostKey, VideoId
from tracker.model.post import MediaRef


@dataclass(frozen=True, slots=True)
class PendingMedia:
    """A place from which a post's video was not fetched yet.

    ``str(id)`` is the item by which attempts of the stage ``capture`` know it.
    """

    id: int
    post: PostKey
    ref: MediaRef


@dataclass(frozen=True, slots=True)
class Capture:
    """A kept exchange. Its raw bytes are in the media store under ``body_sha256``."""

    id: int
    post: PostKey | None
    exchange: Exchange  # without the body
    body_sha256: str | None
    video: VideoId | None


def save_exchange(
    s: Session,
    exchange: Exchange,
    *,
    post: PostKey | None,
    body_sha256: str | None,
    video: VideoId | None,
) -> int:
    """Keep one request and its answer; return the row's id. Never merged with another."""
    row = CaptureRow(
        post_id=None if post is None else row_id(require_post(s, post)),
        requested_url=exchange.requested_url,
        final_url=exchange.final_url,
        status_code=exchange.status_code,
        content_type=exchange.content_type,
        started_at=exchange.started_at,
        finished_at=exchange.finished_at,
        body_sha256=body_sha256,
        video=video,
        redirects=json_text(list(exchange.redirects)),
        tools=json_text([list(tool) for tool in exchange.tools]),
    )
    s.add(row)
    s.flush()
    return row.id or 0


def pending_media(s: Session, *, now: datetime, limit: int) -> list[PendingMedia]:
    """Return media references whose video is not held, without those held back until later."""
    query = pending.media_query().where(pending.ready(pending.CAPTURE, pending.media_item(), now))
    return [
        PendingMedia(row.id or 0, PostKey(key), media_ref_from(row))
        for row, key in s.execute(query.limit(limit))
    ]


def captures_of_post(s: Session, key: PostKey) -> list[Capture]:
    """Return every exchange made for the post, oldest first."""
    post = find_post(s, key)
    return _captures(s, _query().where(col(CaptureRow.post_id) == (post.id if post else None)))


def captures_of_video(s: Session, video: VideoId) -> list[Capture]:
    """Return every exchange that served the video, oldest first."""
    return _captures(s, _query().where(col(CaptureRow.video) == video))


def captures_where(s: Session, condition: ColumnElement[bool]) -> list[Capture]:
    """Return the exchanges that meet a condition on them or on their posts, oldest first."""
    return _captures(s, _query().where(condition))


def body_digests(s: Session) -> set[str]:
    """Return the SHA-256 of every raw answer that is kept."""
    query = select(CaptureRow.body_sha256).where(col(CaptureRow.body_sha256).is_not(None))
    return {digest for digest in s.exec(query.distinct()) if digest}


def _query() -> Select[CaptureRow, str | None]:
    return (
        select(CaptureRow, PostRow.key)
        .join(PostRow, col(PostRow.id) == col(CaptureRow.post_id), isouter=True)
        .order_by(col(CaptureRow.id))
    )


def _captures(s: Session, query: Select[CaptureRow, str | None]) -> list[Capture]:
    return [_capture(row, key) for row, key in s.execute(query)]


def _capture(row: CaptureRow, key: str | None) -> Capture:
    exchange = Exchange(
        requested_url=row.requested_url,
        final_url=row.final_url,
        status_code=row.status_code,
        content_type=row.content_type,
        started_at=row.started_at,
        finished_at=row.finished_at,
        redirects=tuple(json.loads(row.redirects)),
        tools=tuple((name, version) for name, version in json.loads(row.tools)),
    )
    return Capture(
        id=row.id or 0,
        post=PostKey(key) if key is not None else None,
        exchange=exchange,
        body_sha256=row.body_sha256,
        video=VideoId(row.video) if row.video else None,
    )
