"""Whether and when a post could be seen, in words for people."""

from __future__ import annotations

from tracker.model.clip import PostSummary
from tracker.model.status import PostStatus, StatusChange
from tracker.reports.wording import moment_words, status_words

_FOUND = {
    PostStatus.LIVE: "visible",
    PostStatus.DELETED: "deleted",
    PostStatus.PRIVATE: "private",
    PostStatus.SUSPENDED: "its account suspended",
    PostStatus.LOGIN_REQUIRED: "behind a login",
    PostStatus.GEO_BLOCKED: "blocked in this region",
    PostStatus.UNKNOWN: "not known whether visible",
}


def step_words(step: StatusChange) -> str:
    """Return one step of a post's history: between which looks it was found how."""
    first, last = moment_words(step.at), moment_words(step.last_at)
    times = first if first == last else f"{first} to {last}"
    return f"{times}: {_FOUND[step.status]}"


def visibility_words(post: PostSummary) -> str:
    """Return whether and when the post could be seen, as one phrase without a full stop."""
    seen = post.visibility
    if seen is None or post.status is PostStatus.UNKNOWN:
        return status_words(post.status)
    words = f"{status_words(post.status)}, {moment_words(seen.last_look_at)}"
    if seen.gone_as is None or seen.first_gone_at is None:
        return words
    first_gone = moment_words(seen.first_gone_at)
    if post.status is PostStatus.LIVE:
        gone_as = seen.gone_as.value.replace("_", " ")
        return f"{words}; back again, it was found gone ({gone_as}) first {first_gone}"
    if seen.last_seen_at is None:
        return f"{words}; never seen by this archive, first looked for {first_gone}"
    return f"{words}; last seen {moment_words(seen.last_seen_at)}, first seen gone {first_gone}"
