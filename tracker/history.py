"""Use case: what became of a post since it was first seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage import post_edits, posts
from storage.post_edits import Edit
from tracker.errors import UnknownSubject, UnsupportedSource
from tracker.ingest.stage import Archive
from tracker.model.ids import PostKey
from tracker.model.status import StatusChange
from tracker.net.urls import canonical_url


@dataclass(frozen=True, slots=True)
class PostHistory:
    """A post's steps of visibility and its edits, oldest first.

    ``edited_at`` is the last change by the platform's own word, seen or not.
    """

    key: PostKey
    platform: str
    account: str | None
    first_observed_at: datetime
    edited_at: datetime | None
    statuses: tuple[StatusChange, ...]
    edits: tuple[Edit, ...]


def post_history(archive: Archive, url: str) -> PostHistory:
    """Return what is known of the post at ``url``, under any spelling.

    Raises ``UnknownSubject`` for one that is not held.
    """
    with archive.database.read() as session:
        stored = posts.get_post(session, _key(url)) or posts.get_post(session, url)
        if stored is None:
            raise UnknownSubject(f"no post {url} is held")
        key = stored.post.key
        return PostHistory(
            key,
            stored.post.platform,
            stored.post.account,
            stored.first_observed_at,
            stored.post.edited_at,
            tuple(posts.status_history(session, key)),
            tuple(post_edits.edits(session, key)),
        )


def _key(url: str) -> str:
    try:
        return canonical_url(url)
    except UnsupportedSource:
        return url
