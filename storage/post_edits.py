"""Texts of posts that read otherwise than before: what changed, and between which two looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from storage import post_parts
from storage.columns import clean_text
from storage.tables import EditRow, PostRow, StatusRow
from tracker.model.post import Post
from tracker.model.status import PostStatus


@dataclass(frozen=True, slots=True)
class Edit:
    """One change: ``before`` was last seen then, ``after`` first seen then.

    ``edited_at`` is the platform's own word, where it gives one. The raw answers of both readings
    are kept with the post's captures.
    """

    field: str
    before: str
    after: str
    last_seen_at: datetime
    first_seen_at: datetime
    edited_at: datetime | None


def note_edits(s: Session, row: PostRow, post: Post, now: datetime) -> Sequence[Edit]:
    """Keep what a new reading of a fetched post says otherwise, and return it.

    What a reading leaves out is no change, nor is another spacing of the same words.
    """
    if row.fetched_at is None:
        return ()
    last_seen_at = _last_seen_at(s, row)
    found = []
    for field, before, after in (
        ("title", row.title, post.title),
        ("text", row.text, post.text),
    ):
        if before is None or after is None or _same(before, after):
            continue
        edit = Edit(field, before, clean_text(after), last_seen_at, now, post.edited_at)
        s.add(EditRow(post_id=post_parts.row_id(row), **_columns(edit)))
        found.append(edit)
    return found


def edits(s: Session, key: str) -> list[Edit]:
    """Return every change of a post's texts, oldest first; empty for an unknown post."""
    row = post_parts.find_post(s, key)
    if row is None:
        return []
    query = select(EditRow).where(EditRow.post_id == row.id).order_by(col(EditRow.id))
    return [
        Edit(r.field, r.before, r.after, r.last_seen_at, r.first_seen_at, r.edited_at)
        for r in s.exec(query)
    ]


def _columns(edit: Edit) -> dict[str, Any]:
    return {name: getattr(edit, name) for name in Edit.__dataclass_fields__}


def _same(before: str, after: str) -> bool:
    return clean_text(before).split() == clean_text(after).split()


def _last_seen_at(s: Session, row: PostRow) -> datetime:
    """When the post was last seen as it was: the last look that found it there."""
    query = (
        select(StatusRow)
        .where(StatusRow.post_id == row.id, StatusRow.status == PostStatus.LIVE.value)
        .order_by(col(StatusRow.id).desc())
    )
    last = s.exec(query).first()
    seen = (last.last_at or last.at) if last is not None else None
    return seen or row.fetched_at or row.first_observed_at
