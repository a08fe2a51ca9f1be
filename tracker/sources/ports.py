"""The two seams behind which every platform and format lives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from tracker.errors import TrackerError
from tracker.model.capture import Exchange, FetchedPost
from tracker.model.post import Post
from tracker.model.watch import Watch


@dataclass(frozen=True, slots=True)
class Polled:
    """What one look at a watched address listed.

    ``entries`` are posts as the list itself describes them: key, title, links, media and FEED
    claims; none of them was fetched. ``read`` are posts that the answers hold whole, each with the
    exchange it was read from: they need no fetch of their own. ``exchanges`` are the answers that
    belong to no single post. ``etag`` and ``last_modified`` go with the next poll, and so does
    ``cursor``, the source's own note of how far it has come (``None`` leaves the former).
    ``not_modified`` means the server said that nothing changed; then nothing is listed.
    ``interrupted`` is what ended the listing early: what is here counts all the same, and the
    cursor says where to go on.
    """

    entries: tuple[Post, ...]
    exchanges: tuple[Exchange, ...]
    etag: str | None = field(default=None)
    last_modified: str | None = field(default=None)
    not_modified: bool = False
    read: tuple[FetchedPost, ...] = ()
    cursor: str | None = None
    interrupted: TrackerError | None = None


class PostSource(Protocol):
    """A way to read one post."""

    def accepts(self, target: str) -> bool:
        """Tell from the form of ``target`` alone whether ``fetch`` is worth trying."""
        ...

    def fetch(self, target: str) -> FetchedPost:
        """Return the post at ``target``; raise an error of ``tracker.errors``."""
        ...


@runtime_checkable
class AsksForMany(Protocol):
    """A source that can ask for many posts at once when it knows which are wanted."""

    def expect(self, targets: Sequence[str]) -> None:
        """Take note of what will be asked for soon; asks for nothing by itself."""
        ...


class PlatformSource(PostSource, Protocol):
    """A platform asked through its own interface: single posts, accounts and searches.

    ``accepts`` is true of posts and of what can be listed; ``fetch`` returns the latter as a FEED.
    """

    def recent(self, watch: Watch, since: datetime | None) -> Polled:
        """Return what is new at what ``watch`` names, and no more posts than its budget.

        ``since`` is when it was last polled: a hint for sources that are billed by the item. A
        post that was back-dated or listed late must not be lost over it. ``UnsupportedSource``
        from either method leaves the address to the other ways of reading it.
        """
        ...
