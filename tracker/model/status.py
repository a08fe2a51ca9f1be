"""What is known about whether a post can still be seen."""

from __future__ import annotations

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
