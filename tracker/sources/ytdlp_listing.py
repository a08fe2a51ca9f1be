"""Channels, playlists and searches that yt-dlp can list, watched for what is new.

A list is read flat: nothing in it is opened, what is new is fetched later like any found address.
Channels show the newest first, so a poll ends where it meets what the last one saw. Playlists and
searches have no such order and are read as a whole, known entries being passed over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from tracker.errors import TrackerError
from tracker.model.post import Post
from tracker.model.watch import Watch
from tracker.net.ytdlp import Listing, YtDlp
from tracker.net.ytdlp_listing import name_of
from tracker.sources.json_values import number_of
from tracker.sources.ports import Polled
from tracker.sources.ytdlp_page import entries_of, listed_posts

_UNORDERED = re.compile(
    r"[?&]list=|/playlists?/|/playlist\?|/sets/|/albums?/|/showcase/|/collections?/|/results\?"
    r"|/search(?:[/?]|\Z)|[?&](?:q|search_query)=",
    re.IGNORECASE,
)
FIRST_LOOK = 30
"""What the first poll of a channel takes where no back-fill is asked for."""
MAX_AT_ONCE = 500
MAX_NAMES_OF_A_CHANNEL = 300
MAX_NAMES = 5000


@dataclass(frozen=True, slots=True)
class Position:
    """How far a watch has come in a list.

    ``names`` are entries already listed, newest first. ``gap`` is the entry at which a burst
    larger than the budget broke off, ``fill`` the one at which a back-fill goes on; both count
    from 1 and move down as newer entries come above them.
    """

    names: tuple[str, ...] = ()
    gap: int | None = None
    fill: int | None = None
    back_to: str | None = None

    def text(self) -> str:
        """Return the position as it is kept between polls."""
        return json.dumps(
            {"names": self.names, "gap": self.gap, "fill": self.fill, "back_to": self.back_to}
        )


def position_from(cursor: str | None) -> Position:
    """Return the position a former poll left; the beginning where there is none to be read."""
    try:
        value = json.loads(cursor or "{}")
        names = tuple(name for name in value.get("names", ()) if isinstance(name, str))
        back_to = value.get("back_to")
        return Position(
            names,
            number_of(value.get("gap")),
            number_of(value.get("fill")),
            back_to if isinstance(back_to, str) else None,
        )
    except (ValueError, TypeError, AttributeError, RecursionError):
        return Position()


def poll_listing(ytdlp: YtDlp, watch: Watch) -> Polled:
    """Return what is new in the list at ``watch.target``, and what its back-fill comes to.

    Raises what yt-dlp raises when nothing was read before it.
    """
    return _Poll(ytdlp, watch).run()


class _Poll:
    """One look at a list."""

    def __init__(self, ytdlp: YtDlp, watch: Watch) -> None:
        self._ytdlp = ytdlp
        self._watch = watch
        self._newest_first = _UNORDERED.search(watch.target) is None
        self._position = position_from(watch.cursor)
        self._left = watch.budget
        self._listings: list[Listing] = []
        self._error: TrackerError | None = None

    def run(self) -> Polled:
        """Read what is on top, then what was left of a burst, then the back-fill."""
        former = self._position
        begun = bool(former.names)
        first_look = self._newest_first and not begun and self._watch.back_to is None
        head = self._list(1, FIRST_LOOK if first_look else MAX_AT_ONCE, self._newest_first)
        position = self._after_head(former, head, begun=begun)
        if self._newest_first:
            position = self._go_on(position)
        entries: dict[str, Post] = {}
        for listing in self._listings:
            entries.update({post.key: post for post in listed_posts(listing.info)})
        return Polled(
            tuple(entries.values()),
            tuple(listing.exchange for listing in self._listings),
            cursor=replace(position, names=self._names()).text(),
            interrupted=self._error,
        )

    def _after_head(self, former: Position, head: Listing, *, begun: bool) -> Position:
        new = len(entries_of(head.info))
        gap = None if former.gap is None else former.gap + new
        fill = None if former.fill is None else former.fill + new
        asked = self._watch.back_to.isoformat() if self._watch.back_to else None
        if asked is not None and (former.back_to is None or asked < former.back_to):
            fill = 1 + head.read if not self._reached(head) else None
        elif not head.ended and begun:
            gap = 1 + head.read
        return Position(former.names, gap, fill, asked or former.back_to)

    def _go_on(self, position: Position) -> Position:
        if position.gap is not None:
            listing = self._read(position.gap, newest_first=True)
            if listing is not None:
                rest = None if listing.ended else position.gap + listing.read
                position = replace(position, gap=rest)
        if position.fill is not None and position.gap is None:
            listing = self._read(position.fill, newest_first=False)
            if listing is not None:
                over = listing.ended or self._reached(listing)
                rest = None if over else position.fill + listing.read
                position = replace(position, fill=rest)
        return position

    def _read(self, start: int, *, newest_first: bool) -> Listing | None:
        if self._left <= 0 or self._error is not None:
            return None
        try:
            return self._list(start, MAX_AT_ONCE, newest_first)
        except TrackerError as exc:
            self._error = exc
            return None

    def _list(self, start: int, limit: int, newest_first: bool) -> Listing:
        listing = self._ytdlp.listing(
            self._watch.target,
            known={*self._position.names, *self._names()},
            start=start,
            limit=min(self._left, limit),
            newest_first=newest_first,
        )
        self._listings.append(listing)
        self._error = listing.interrupted
        self._left -= len(entries_of(listing.info))
        return listing

    def _reached(self, listing: Listing) -> bool:
        """Tell whether the last entry is older than the back-fill goes."""
        entries = entries_of(listing.info)
        at = _time_of(entries[-1]) if entries else None
        back_to = self._watch.back_to
        return at is not None and back_to is not None and at < back_to.timestamp()

    def _names(self) -> tuple[str, ...]:
        """The names of all that was listed, newest first, and no more than are of use."""
        fresh = (name_of(entry) for listing in self._listings for entry in entries_of(listing.info))
        names = dict.fromkeys((*(name for name in fresh if name), *self._position.names))
        return tuple(names)[: MAX_NAMES_OF_A_CHANNEL if self._newest_first else MAX_NAMES]


def _time_of(entry: Mapping[str, object]) -> float | None:
    """An entry's time as the list tells it, if only roughly: never later than the truth.

    "Two years ago" is reckoned from now, and the entry is as old as that or older.
    """
    for name in ("timestamp", "approximate_timestamp"):
        value = entry.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    return None
