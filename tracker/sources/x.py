"""X by its API: single posts (a hundred to a request), accounts, searches, and quotes of a post.

Reads are billed, so every post of an answer is kept for a quarter of an hour for whoever asks for
it next: what a post shares, quotes or replies to comes with it, and posts that are known to be
wanted soon (``expect``) are asked for together.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import unquote

from tracker.clock import Clock
from tracker.errors import NetworkError, PostUnavailable, SourceError, UnsupportedSource
from tracker.model.capture import Exchange, FetchedPost
from tracker.model.ids import PostKey
from tracker.model.post import LinkRelation, Post, PostKind, PostLink
from tracker.model.status import PostStatus
from tracker.model.time_claim import ClaimKind
from tracker.model.watch import Watch
from tracker.net.x_api import MAX_IDS, MAX_PAGE, PageOf, XAnswer, XApi
from tracker.sources.clean import address_of
from tracker.sources.json_values import items_of, mapping, number_of
from tracker.sources.paging import Item, Page, poll_pages, position_from
from tracker.sources.ports import Polled
from tracker.sources.x_posts import Unavailable, X, XPosts, post_key, read_posts, unavailable
from tracker.timestamps.snowflake import X as X_IDS

KEPT_FOR = timedelta(minutes=15)
MAX_KEPT = 2000
MAX_EXPECTED = 10_000
LARGEST_ID = 2**63 - 1
RECENT_SEARCH_REACH = timedelta(days=7) - timedelta(minutes=5)
"""Recent search refuses anything older than seven days."""
MAX_EMPTY_PAGES = 10
_FEED_POSTS = 20

_SEARCH = re.compile(r"https://x\.com/search\?q=([^&]+)\Z")
_QUOTES = re.compile(r"https://x\.com/i/status/(\d{1,19})/quotes\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Place:
    """What an address of X names: one of the four is given."""

    key: PostKey
    post: str | None = None
    account: str | None = None
    query: str | None = None
    quoted: str | None = None


class XSource:
    """Posts and listings of X. Safe to use from several threads.

    With ``full_archive`` searches reach all posts instead of those of seven days; X allows that
    to some accounts only.
    """

    def __init__(self, api: XApi, clock: Clock, *, full_archive: bool = False) -> None:
        self._api = api
        self._clock = clock
        self._full_archive = full_archive
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[datetime, FetchedPost | PostUnavailable]] = {}
        self._expected: dict[str, None] = {}

    def accepts(self, target: str) -> bool:
        """Tell whether ``target`` is a post, an account, a search or the quotes of a post on X."""
        return place_of(target) is not None

    def expect(self, targets: Sequence[str]) -> None:
        """Say which posts will be asked for soon, so that one request may ask for many."""
        places = (place_of(target) for target in targets)
        ids = [place.post for place in places if place is not None and place.post is not None]
        ids = [number for number in ids if int(number) <= LARGEST_ID]
        with self._lock:
            self._expected.update(dict.fromkeys(ids))
            for old in list(self._expected)[:-MAX_EXPECTED]:
                del self._expected[old]

    def fetch(self, target: str) -> FetchedPost:
        """Return the post at ``target``; a listing becomes a FEED of its newest posts.

        Raises ``PostUnavailable`` for a post or account that is deleted, protected or suspended,
        and the errors of ``XApi``.
        """
        place = _required(target)
        if place.post is None:
            return self._feed(place)
        number = place.post
        if int(number) > LARGEST_ID:
            raise PostUnavailable(f"no post of X has the id {number}", status=PostStatus.UNKNOWN)
        found = self._take(number) or self._asked(number)
        if isinstance(found, PostUnavailable):
            raise found
        return found

    def recent(self, watch: Watch, since: datetime | None) -> Polled:  # noqa: ARG002 - by position
        """Return the posts that are newer than those of the last poll, or back to a date."""
        place = _required(watch.target)
        if place.post is not None:
            raise UnsupportedSource(f"a single post lists nothing: {watch.target}")
        newest = position_from(watch.cursor).newest
        return poll_pages(watch, lambda token: self._page(place, token, watch, newest))

    def _feed(self, place: Place) -> FetchedPost:
        answer = self._listed(place, PageOf(_FEED_POSTS))
        found = self._keep(answer)
        links = tuple(PostLink(post_key(n), LinkRelation.LISTS) for n in found.asked)
        feed = Post(place.key, X, PostKind.FEED, place.account, status=PostStatus.LIVE, links=links)
        return FetchedPost(feed, (answer.exchange,))

    def _asked(self, number: str) -> FetchedPost | PostUnavailable:
        """Ask for the post, and in the same request for others that are expected."""
        with self._lock:
            self._expected.pop(number, None)
            others = [n for n in self._expected if n not in self._kept][: MAX_IDS - 1]
        try:
            answer, asked = self._api.posts((number, *others))
        except SourceError:
            if not others:
                raise
            answer, asked = self._api.posts((number,))  # one id X refuses spoils all of them
        self._keep(answer)
        with self._lock:
            for other in asked:
                self._expected.pop(other, None)
        found = self._take(number)
        if found is None:
            raise NetworkError(f"X said nothing about the post {number}")
        return found

    def _take(self, number: str) -> FetchedPost | PostUnavailable | None:
        """Hand out what an answer told of the post, once: whoever asks again wants it anew."""
        oldest = self._clock.now() - KEPT_FOR
        with self._lock:
            found = self._kept.pop(number, None)
        return found[1] if found is not None and found[0] > oldest else None

    def _keep(self, answer: XAnswer) -> XPosts:
        found = read_posts(answer.document)
        now, exchanges = self._clock.now(), (answer.exchange,)
        told: dict[str, FetchedPost | PostUnavailable] = {
            number: _error(missing, exchanges) for number, missing in found.unavailable.items()
        }
        told |= {number: FetchedPost(post, exchanges) for number, post in found.posts.items()}
        with self._lock:
            for number, value in told.items():
                self._kept.pop(number, None)
                self._kept[number] = (now, value)
            for old in list(self._kept)[:-MAX_KEPT]:
                del self._kept[old]
        return found

    def _listed(self, place: Place, page: PageOf) -> XAnswer:
        if place.account is not None:
            answer = self._api.timeline(self._api.account_id(place.account), page)
        elif place.query is not None:
            page = page if self._full_archive else self._within_reach(page)
            answer = self._api.search(place.query, page, full_archive=self._full_archive)
        else:
            answer = self._api.quotes(place.quoted or "", page)
        _refuse_hidden(answer)
        return answer

    def _within_reach(self, page: PageOf) -> PageOf:
        earliest = self._clock.now() - RECENT_SEARCH_REACH
        if page.since_id is not None and X_IDS.at(page.since_id) < earliest:
            page = replace(page, since_id=None, start_at=earliest)
        if page.start_at is not None and page.start_at < earliest:
            page = replace(page, start_at=earliest)
        return page

    def _page(self, place: Place, token: str | None, watch: Watch, newest: int | None) -> Page:
        read = self._read(place, _Spot.read(token) if token else _first_spot(watch, newest), watch)
        items = read.items[: watch.budget]
        with self._lock:
            for item in items:  # the listing hands them out itself
                self._kept.pop(str(item.order), None)
        at = replace(read.at, lowest=min((i.order for i in items), default=read.at.lowest))
        older = None
        if len(read.items) > len(items):  # X lists no fewer than five or ten: the rest comes later
            same = at.token if place.quoted is not None else None  # others go on below an id
            older = replace(at, token=same).text()
        elif read.following is not None:
            older = replace(at, token=read.following).text()
        return Page(items, older, read.exchanges)

    def _read(self, place: Place, at: _Spot, watch: Watch) -> _Read:
        """Ask for the page at ``at``, or for the next that is not empty: X lists such."""
        exchanges: list[Exchange] = []
        while True:
            answer = self._listed_from(place, at, watch)
            exchanges.append(answer.exchange)
            found = self._keep(answer)
            below = [n for n in found.asked if at.lowest is None or int(n) < at.lowest]
            token = mapping(answer.document.get("meta")).get("next_token")
            following = token if isinstance(token, str) else None
            if below or following is None or len(exchanges) >= MAX_EMPTY_PAGES:
                items = tuple(_item(n, found.posts[n]) for n in below)
                return _Read(at, items, following, tuple(exchanges))
            at = replace(at, token=following)

    def _listed_from(self, place: Place, at: _Spot, watch: Watch) -> XAnswer:
        start_at = None if at.since_id is not None else watch.back_to
        end_at = watch.until if place.query is not None else None
        asked = PageOf(min(watch.budget, MAX_PAGE), at.token, at.since_id, None, start_at, end_at)
        by_id = replace(asked, token=None, until_id=at.lowest)
        if at.token is None:
            return self._listed(place, by_id)
        try:
            return self._listed(place, asked)
        except SourceError:
            if at.lowest is None:
                raise
            # The page's own token is no longer good: the posts below the last one are the same.
            return self._listed(place, by_id)


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where a page of a listing begins; X wants the same bounds with every page."""

    token: str | None = None
    since_id: int | None = None
    lowest: int | None = None

    def text(self) -> str:
        return json.dumps([self.token, self.since_id, self.lowest])

    @classmethod
    def read(cls, text: str) -> _Spot:
        try:
            token, since_id, lowest = json.loads(text)
        except (ValueError, TypeError, RecursionError):
            return cls()
        return cls(
            token if isinstance(token, str) else None, number_of(since_id), number_of(lowest)
        )


@dataclass(frozen=True, slots=True)
class _Read:
    """What was listed from ``at`` on, and the token of the page that follows."""

    at: _Spot
    items: tuple[Item, ...]
    following: str | None
    exchanges: tuple[Exchange, ...]


def _first_spot(watch: Watch, newest: int | None) -> _Spot:
    """Only what is newer than the last poll's newest, unless a back-fill was asked for since."""
    asked = watch.back_to.isoformat() if watch.back_to else None
    begun = position_from(watch.cursor).back_to
    deeper = asked is not None and (begun is None or asked < begun)
    return _Spot() if deeper else _Spot(since_id=newest)


def place_of(target: str) -> Place | None:
    """Return what ``target`` names on X, ``None`` if it is nothing that X's API can be asked."""
    address = address_of(target)
    if address is None or address.platform != X:
        return None
    if address.is_post and address.post_id is not None:
        return Place(address.key, post=address.post_id)
    if quotes := _QUOTES.match(address.key):
        return Place(address.key, quoted=quotes[1])
    if search := _SEARCH.match(address.key):
        return Place(address.key, query=unquote(search[1]))
    if address.account is not None and not address.is_post:
        return Place(address.key, account=address.account)
    return None


def _required(target: str) -> Place:
    place = place_of(target)
    if place is None:
        raise UnsupportedSource(f"nothing that the API of X can be asked: {target[:200]}")
    return place


def _item(number: str, post: Post) -> Item:
    stated = [c for c in post.claims if c.kind is ClaimKind.PLATFORM_REPORTED]
    return Item(int(number), post, stated[0].interval.earliest_at if stated else None)


def _error(missing: Unavailable, exchanges: tuple[Exchange, ...]) -> PostUnavailable:
    return PostUnavailable(missing.reason, status=missing.status, exchanges=exchanges)


def _refuse_hidden(answer: XAnswer) -> None:
    """Raise what X says of an account whose posts it does not list."""
    if "data" in answer.document or "meta" in answer.document:
        return
    problems = items_of(answer.document.get("errors"), 10)
    if problems:
        raise _error(unavailable(problems[0]), (answer.exchange,))
