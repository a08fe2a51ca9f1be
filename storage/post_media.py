"""The media of posts: where they can be fetched, and which video they turned out to be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from storage import post_parts
from storage.captures import PendingMedia
from storage.columns import clean_text
from storage.rows import media_ref_from, post_key
from storage.tables import MediaRow
from tracker.model.ids import PostKey, VideoId
from tracker.model.post import MediaRef
from tracker.model.time_claim import TimeClaim

MAX_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class PostMedia:
    """One media address of a post; ``video`` is ``None`` until it was captured."""

    pending: PendingMedia
    video: VideoId | None


def add_claims(s: Session, key: PostKey, claims: Iterable[TimeClaim]) -> None:
    """Add time claims to a stored post; those already held stay as they are."""
    post_parts.add_claims(s, post_parts.require_post(s, key), claims)


def add_media(s: Session, key: PostKey, refs: Iterable[MediaRef]) -> None:
    """Add media addresses to a stored post; those already held stay as they are."""
    post_parts.add_media(s, post_parts.require_post(s, key), refs)


def link_video(s: Session, key: PostKey, ref: MediaRef, video: VideoId) -> VideoId | None:
    """Say that ``ref`` of the post turned out to be ``video``; return what it was before.

    The reference is found by what it says: its row may be another one since two posts were
    found to be one. Raises ``UnknownSubject`` for no such post.
    """
    post = post_parts.require_post(s, key)
    row = post_parts.media_row(s, post, ref)
    former = VideoId(row.video) if row.video else None
    row.video = video
    s.add(row)
    s.flush()
    return former


def media_of_post(s: Session, key: PostKey) -> list[PostMedia]:
    """Return the media addresses of a post in the order they were found; empty if unknown."""
    post = post_parts.find_post(s, key)
    if post is None:
        return []
    rows = s.exec(select(MediaRow).where(MediaRow.post_id == post.id).order_by(col(MediaRow.id)))
    return [
        PostMedia(
            PendingMedia(row.id or 0, post_key(post), media_ref_from(row)),
            VideoId(row.video) if row.video else None,
        )
        for row in rows
    ]


def same_upload(s: Session, ref: MediaRef) -> VideoId | None:
    """Return the video that this very file already turned out to be in another post.

    That is: the same address of the platform, with the same media id.
    """
    if ref.platform_media_id is None or ref.via != "http":
        return None
    query = select(MediaRow.video).where(
        MediaRow.platform_media_id == ref.platform_media_id,
        MediaRow.url == clean_text(ref.url),
        MediaRow.via == ref.via,
        col(MediaRow.video).is_not(None),
    )
    found = s.exec(query).first()
    return VideoId(found) if found else None


def videos_of_post(s: Session, key: PostKey) -> list[VideoId]:
    """Return the distinct videos that a post served, in the order they were found."""
    found = (media.video for media in media_of_post(s, key))
    return list(dict.fromkeys(video for video in found if video is not None))


def media_at(s: Session, url: str) -> list[str]:
    """Return the names by which attempts know the media at an address: their ids as text."""
    return [str(number) for number in s.exec(select(MediaRow.id).where(MediaRow.url == url))]


def media_addresses(s: Session, media_ids: Sequence[str]) -> dict[str, str]:
    """Return the addresses of media rows by their ids as text (as attempts name them).

    For people: a row number says nothing to them. Ids of no row are left out.
    """
    numbers = [int(name) for name in media_ids if name.isdecimal()]
    found: dict[str, str] = {}
    for start in range(0, len(numbers), MAX_AT_ONCE):
        batch = numbers[start : start + MAX_AT_ONCE]
        query = select(MediaRow.id, MediaRow.url).where(col(MediaRow.id).in_(batch))
        found |= {str(number): url for number, url in s.exec(query)}
    return found
