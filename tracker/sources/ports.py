"""The two seams behind which every platform and format lives."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from tracker.model.capture import Exchange, FetchedPost
from tracker.model.post import Post
from tracker.model.watch import Watch


@dataclass(frozen=True, slots=True)
class Polled:
    """What one look at a watched address listed.

    ``entries`` are posts as the list itself describes them: key, title, links, media and FEED
    claims; none of them was fetched. ``etag`` and ``last_modified`` go with the next poll.
    ``not_modified`` means the server said that nothing changed; then ``entries`` is empty.
    """

    entries: tuple[Post, ...]
    exchanges: tuple[Exchange, ...]
    etag: str | None = field(default=None)
    last_modified: str | None = field(default=None)
    not_modified: bool = False


class PostSource(Protocol):
    """A way to read one post."""

    def accepts(self, target: str) -> bool:
        """Tell from the form of ``target`` alone whether ``fetch`` is worth trying."""
        ...

    def fetch(self, target: str) -> FetchedPost:
        """Return the post at ``target``; raise an error of ``tracker.errors``."""
        ...


class PostFeed(Protocol):
    """A way to list what is new at an address."""

    def accepts(self, target: str) -> bool:
        """Tell from the form of ``target`` alone whether ``recent`` is worth trying."""
        ...

    def recent(self, watch: Watch, since: datetime | None) -> Polled:
        """Return what ``watch`` lists now.

        ``since`` spares sources that are billed by the item from listing what is known. It is a
        hint: a post that was back-dated or listed late must not be lost over it.
        """
        ...
