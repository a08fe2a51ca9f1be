"""When a post was published, by all that is known: what it takes to work that out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from storage import post_parts
from storage.rows import published_from
from tracker.model.ids import PostKey
from tracker.model.time_claim import Published, TimeClaim


@dataclass(frozen=True, slots=True)
class PostDates:
    """A post's time claims in the order they came, and the interval it goes by at present."""

    first_observed_at: datetime
    claims: tuple[TimeClaim, ...]
    published: Published | None


def dates_of(s: Session, key: PostKey) -> PostDates | None:
    """Return what is known of when a post was published; ``None`` for no such post."""
    row = post_parts.find_post(s, key)
    if row is None:
        return None
    return PostDates(row.first_observed_at, post_parts.claims(s, row), published_from(row))
