"""What a failed look at a post says about the post."""

from __future__ import annotations

from tracker.errors import HttpStatusError, PostUnavailable, TrackerError
from tracker.model.capture import Exchange
from tracker.model.status import PostStatus

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
