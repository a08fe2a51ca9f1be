"""What a failed look at a post says about the post."""

from __future__ import annotations

from urllib.parse import urlsplit

from sqlmodel import Session

from storage import posts as post_rows
from tracker.errors import HttpStatusError, PostUnavailable, TrackerError, UnsupportedSource
from tracker.model.capture import Exchange
from tracker.model.ids import PostKey
from tracker.model.status import PostStatus
from tracker.net.urls import canonical_url

_STATUS_OF_HTTP = {
    401: PostStatus.LOGIN_REQUIRED,
    403: PostStatus.LOGIN_REQUIRED,
    404: PostStatus.DELETED,
    410: PostStatus.DELETED,
    451: PostStatus.GEO_BLOCKED,
}


def answers_of(error: TrackerError) -> tuple[Exchange, ...]:
    """Return the answers that said why the post cannot be seen, where they are kept."""
    return error.exchanges if isinstance(error, PostUnavailable) else ()


def status_of(error: TrackerError) -> PostStatus | None:
    """Return what a failed look says about the post; None when it says nothing about it."""
    if isinstance(error, PostUnavailable):
        return error.status
    if isinstance(error, HttpStatusError):
        return _STATUS_OF_HTTP.get(error.status_code)
    return None


def post_answered_for(session: Session, target: str) -> PostKey | None:
    """Return the known post of which an answer of ``target`` tells something; None for none.

    Its own site must have answered: a dead short link or mirror says nothing about the post.
    """
    try:
        address = canonical_url(target)
    except UnsupportedSource:
        return None
    known = post_rows.resolve(session, address) or post_rows.resolve(session, target)
    same_site = known is not None and urlsplit(known).netloc == urlsplit(address).netloc
    return known if same_site else None
