"""Walks listings that come newest first, page by page: only what is new, and nothing twice.

What a poll leaves unread (its budget is spent, the platform asks to wait) is kept in the watch's
cursor as a stretch, and the next polls go on with it after what is newer still. So a burst larger
than one budget is taken in over several polls, and a back-fill is a stretch like any other.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from tracker.errors import TrackerError
from tracker.model.capture import Exchange, FetchedPost
from tracker.model.post import Post
from tracker.model.watch import Watch
from tracker.sources.ports import Polled

MAX_PAGES = 50
"""Pages of one poll; what is left then is the next poll's."""
_MAX_STRETCHES = 20
_MAX_TOKEN_CHARS = 2000


@dataclass(frozen=True, slots=True)
class Item:
    """A post on a page. ``order`` grows with time and is what the listing is sorted by."""

    order: int
    post: Post
    at: datetime | None = None  # when it was published, as the platform says


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of a listing; ``next`` leads to the older page, ``None`` at the end."""

    items: tuple[Item, ...]
    next: str | None
    exchanges: tuple[Exchange, ...]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the listing that is still to be read: from ``token`` on.

    Items of an order of ``below`` or above are taken already, those of ``until`` or below are
    known from a former poll.
    """

    token: str | None = None
    below: int | None = None
    until: int | None = None

    def holds(self, order: int) -> bool:
        """Tell whether an item of this order is still to be taken."""
        return (self.below is None or order < self.below) and (
            self.until is None or order > self.until
        )


@dataclass(frozen=True, slots=True)
class Position:
    """How far a watch has come; ``back_to`` is the back-fill that was begun."""

    newest: int | None = None
    stretches: tuple[Stretch, ...] = ()
    back_to: str | None = None

    def text(self) -> str:
        """Return the position as it is kept between polls."""
        rest = [[s.token, s.below, s.until] for s in self.stretches]
        return json.dumps({"newest": self.newest, "rest": rest, "back_to": self.back_to})


def position_from(cursor: str | None) -> Position:
    """Return the position a former poll left; the beginning where there is none to be read."""
    try:
        value = json.loads(cursor or "{}")
        stretches = tuple(Stretch(*rest) for rest in value.get("rest", ()))
        return Position(value.get("newest"), stretches, value.get("back_to"))
    except (ValueError, TypeError, AttributeError, RecursionError):
        return Position()


ReadPage = Callable[[str | None], Page]


def poll_pages(watch: Watch, read: ReadPage) -> Polled:
    """Return what is new in the listing that ``read`` gives page by page.

    The first poll takes one page, or everything back to ``watch.back_to``. Raises what ``read``
    raises when nothing was read before it.
    """
    former = position_from(watch.cursor)
    walk = _Walk(watch, read)
    begin = _begin(watch, former)
    rest: list[Stretch] = []
    for stretch in (begin, *former.stretches):
        left = walk.along(stretch, one_page=stretch is begin and _begins(watch, begin))
        rest += [left] if left is not None else []
    newest = max((item.order for item in walk.items), default=former.newest)
    if former.newest is not None and newest is not None:
        newest = max(newest, former.newest)
    back_to = watch.back_to.isoformat() if watch.back_to else former.back_to
    position = Position(newest, _bounded(rest), back_to)
    return walk.polled(position)


def _begin(watch: Watch, former: Position) -> Stretch:
    """What is newer than the newest known; all of it when a back-fill was asked for since."""
    asked = watch.back_to.isoformat() if watch.back_to else None
    deeper = asked is not None and (former.back_to is None or asked < former.back_to)
    return Stretch() if deeper else Stretch(until=former.newest)


def _begins(watch: Watch, begin: Stretch) -> bool:
    return begin.until is None and watch.back_to is None


class _Walk:
    """One poll's way through the listing: what it took, and what it may still take."""

    def __init__(self, watch: Watch, read: ReadPage) -> None:
        self._read = read
        self._left = watch.budget
        self._back_to = watch.back_to
        self._pages = MAX_PAGES
        self._taken: dict[str, FetchedPost] = {}
        self._exchanges: list[Exchange] = []
        self._error: TrackerError | None = None
        self.items: list[Item] = []

    def along(self, stretch: Stretch, *, one_page: bool) -> Stretch | None:
        """Take what the stretch holds; return what is left of it, ``None`` when nothing is."""
        while True:
            if self._error is not None or self._left <= 0 or self._pages <= 0:
                return stretch
            page = self._page(stretch)
            if page is None:
                return stretch
            if one_page and page.items:
                stretch = replace(stretch, until=min(item.order for item in page.items) - 1)
            wanted = self._wanted(page, stretch)
            self._take(page, wanted[: self._left])
            if len(wanted) > self._left:
                last = wanted[self._left - 1].order
                self._left = 0
                return replace(stretch, below=last)
            self._left -= len(wanted)
            if one_page or page.next is None or self._reached_end(page, stretch):
                return None
            below = min((item.order for item in wanted), default=stretch.below)
            stretch = replace(stretch, token=page.next[:_MAX_TOKEN_CHARS], below=below)

    def polled(self, position: Position) -> Polled:
        """Return the whole poll."""
        return Polled(
            entries=(),
            exchanges=tuple(self._exchanges),
            read=tuple(self._taken.values()),
            cursor=position.text(),
            interrupted=self._error,
        )

    def _page(self, stretch: Stretch) -> Page | None:
        try:
            page = self._read(stretch.token)
        except TrackerError as exc:
            if not self._exchanges and not self._taken:
                raise
            self._error = exc
            return None
        self._pages -= 1
        return page

    def _wanted(self, page: Page, stretch: Stretch) -> list[Item]:
        items = [item for item in page.items if stretch.holds(item.order)]
        fresh = [item for item in items if not self._too_old(item)]
        return sorted(fresh, key=lambda item: -item.order)

    def _too_old(self, item: Item) -> bool:
        return self._back_to is not None and item.at is not None and item.at < self._back_to

    def _reached_end(self, page: Page, stretch: Stretch) -> bool:
        if not page.items:
            return True
        last = page.items[-1]
        known = stretch.until is not None and last.order <= stretch.until
        return known or self._too_old(last)

    def _take(self, page: Page, items: Iterable[Item]) -> None:
        taken = list(items)
        self.items += taken
        for item in taken:
            self._taken.setdefault(item.post.key, FetchedPost(item.post, page.exchanges))
        if not taken:
            self._exchanges += page.exchanges


def _bounded(stretches: list[Stretch]) -> tuple[Stretch, ...]:
    """At most so many stretches: the two oldest are joined, which lists some posts again."""
    kept = list(stretches)
    while len(kept) > _MAX_STRETCHES:
        last, before = kept.pop(), kept.pop()
        kept.append(replace(before, until=last.until))
    return tuple(kept)
