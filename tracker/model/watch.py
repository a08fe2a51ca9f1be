"""Standing orders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Watch:
    """An account, a search, a feed or a page that is polled on a schedule.

    ``depth`` is how many links are followed from what the poll lists (0: only the listed posts
    themselves); ``budget`` is the largest number of posts one poll may take in. ``back_to`` asks
    for everything since then, as far as the source goes back; without it a watch begins with what
    is listed at the first poll. ``cursor`` is the source's own note of what was listed so far.
    ``until`` is of a search made once and never kept: nothing later is wanted, and sources that can
    leave it out do so.
    """

    target: str  # canonical address
    interval_s: int
    depth: int
    budget: int
    paused: bool = False
    last_polled_at: datetime | None = None
    etag: str | None = None
    last_modified: str | None = None
    from_config: bool = False
    back_to: datetime | None = None
    cursor: str | None = None
    until: datetime | None = None
