"""What is known about whether a post can still be seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class PostStatus(StrEnum):
    """A post's visibility when last looked at.

    ``UNKNOWN`` also stands for posts that only a local file or sidecar told us about.
    """

    LIVE = "live"
    DELETED = "deleted"
    PRIVATE = "private"
    SUSPENDED = "suspended"  # the account, by the platform
    LOGIN_REQUIRED = "login_required"
    GEO_BLOCKED = "geo_blocked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class StatusChange:
    """What a post's visibility was found to be from ``at`` on, and still was at ``last_at``.

    So a post that is gone was last seen at the ``last_at`` of the step before, and first seen
    gone at the ``at`` of this one.
    """

    status: PostStatus
    at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Visibility:
    """A post's visibility over all looks at it.

    ``since_at`` and ``last_look_at`` are the first and the last look that found it as it is now.
    ``last_seen_at`` is the last look at which it could be seen, ``first_gone_at`` the first one
    after the last such spell, or before the present one, at which it could not.
    """

    status: PostStatus
    since_at: datetime
    last_look_at: datetime
    last_seen_at: datetime | None = None
    first_gone_at: datetime | None = None
    gone_as: PostStatus | None = None


def visibility_of(steps: Sequence[StatusChange]) -> Visibility | None:
    """Return what the steps, oldest first, come to; ``None`` without any."""
    if not steps:
        return None
    spells = [i for i, step in enumerate(steps) if step.status is PostStatus.LIVE]
    gone = _gone(steps, spells)
    return Visibility(
        status=steps[-1].status,
        since_at=steps[-1].at,
        last_look_at=steps[-1].last_at,
        last_seen_at=steps[spells[-1]].last_at if spells else None,
        first_gone_at=gone.at if gone else None,
        gone_as=gone.status if gone else None,
    )


def _gone(steps: Sequence[StatusChange], spells: Sequence[int]) -> StatusChange | None:
    """The first step of the last time it was gone; ``spells`` are the steps that were live."""
    last = spells[-1] if spells else -1
    if last < len(steps) - 1:
        return steps[last + 1]
    former = spells[-2] if len(spells) > 1 else -1
    return steps[former + 1] if former + 1 < last else None
