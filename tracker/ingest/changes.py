"""What a further look at a post found otherwise than the one before."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlmodel import Session

from storage import ledger, post_edits
from storage import posts as post_rows
from storage.posts import StoredPost
from tracker.model.ids import PostKey
from tracker.model.ledger import LedgerKind
from tracker.model.post import Post
from tracker.model.status import PostStatus


def note_changes(session: Session, former: PostStatus | None, key: PostKey, now: datetime) -> None:
    """Enter in the ledger what a further look found changed; ``former`` is None on the first."""
    if former is None:
        return
    status = post_rows.status_history(session, key)[-1:]
    if status and status[0].at == now and status[0].status is not former:
        body = {"post": key, "status": str(status[0].status)}
        ledger.append(session, LedgerKind.STATUS, body, at=now)
    for edit in post_edits.edits(session, key):
        if edit.first_seen_at == now:
            body = {
                "post": key,
                "edited": edit.field,
                "before_sha256": hashlib.sha256(edit.before.encode()).hexdigest(),
                "after_sha256": hashlib.sha256(edit.after.encode()).hexdigest(),
                "last_seen_at": edit.last_seen_at.isoformat(),
            }
            ledger.append(session, LedgerKind.STATUS, body, at=now)


def says_nothing_new(found: Post, url: str, depth: int, held: StoredPost) -> bool:
    """Tell whether everything a list says of a known post is kept: most lists repeat themselves."""
    names = {held.post.key, *held.post.spellings}
    return (
        {found.key, url} <= names
        and depth <= held.depth
        and set(found.claims) <= set(held.post.claims)
        and _media_names(found) <= _media_names(held.post)
        and found.account in {None, held.post.account}
    )


def tells_more(post: Post, held: StoredPost) -> bool:
    """Tell whether a reading, its links in one spelling, holds anything that is not kept yet."""
    return (
        bool({*post.links} - {*held.post.links})
        or bool(_media_names(post) - _media_names(held.post))
        or post.text not in {None, held.post.text}
        or post.status not in {PostStatus.UNKNOWN, held.post.status}
    )


def _media_names(post: Post) -> set[str]:
    """The post's videos by the platform's id: many addresses are signed anew each time."""
    return {ref.platform_media_id or ref.url for ref in post.media}
