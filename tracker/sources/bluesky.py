"""Bluesky: posts, accounts and searches as the public AppView tells them.

A post's key holds the account's permanent name (DID), since handles change hands; the address
with the handle is another spelling. A repost is a record of its own and has no page: its key is
the sharer's profile with the record's name.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

from tracker.errors import OutsideError, PostUnavailable, SourceError, UnsupportedSource
from tracker.model.capture import Exchange, FetchedPost
from tracker.model.post import LinkRelation, MediaRef, Post, PostKind, PostLink
from tracker.model.status import PostStatus
from tracker.model.watch import Watch
from tracker.net.bluesky import POSTS_PER_CALL, BlueskyClient
from tracker.net.urls import canonical_url
from tracker.sources.bluesky_posts import (
    AT_URI,
    BLUESKY,
    POST,
    REPOST,
    claimed_at,
    created_claims,
    handle_of,
    indexed_claims,
    key_of_uri,
    links_of,
    listed_at,
    microseconds,
    order_of,
    previews_of,
    share_of,
    share_post,
    video_of,
)
from tracker.sources.clean import address_of, clean_text
from tracker.sources.json_values import Json, items_of, mapping
from tracker.sources.paging import Item, Page, poll_pages
from tracker.sources.ports import Polled
from tracker.timestamps.ids import claims_from_address

PAGE_SIZE = 50
MAX_EXPECTED = 10_000
KEPT_FOR = timedelta(minutes=15)
_CID = re.compile(r"[a-zA-Z0-9]{20,120}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Place:
    """What a Bluesky address names: one record, an account's feed, or a search."""

    account: str = ""
    collection: str = ""
    name: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class _Kept:
    """A view that was asked for with another post; ``None`` where the AppView has none."""

    at: datetime
    view: Json | None
    exchanges: tuple[Exchange, ...]


class Bluesky:
    """Posts, accounts and searches of Bluesky, without an account."""

    def __init__(self, client: BlueskyClient) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._expected: dict[str, None] = {}
        self._kept: dict[str, _Kept] = {}

    def expect(self, targets: Sequence[str]) -> None:
        """Take note of posts that will be asked for soon: they are asked for 25 at a time."""
        places = (_place(target) for target in targets)
        with self._lock:
            for place in places:
                if place is not None and place.collection == POST and _is_did(place.account):
                    self._expected[f"at://{place.account}/{POST}/{place.name}"] = None
            while len(self._expected) > MAX_EXPECTED:
                del self._expected[next(iter(self._expected))]

    def accepts(self, target: str) -> bool:
        """Tell whether ``target`` is a post, a repost, an account or a search."""
        return _place(target) is not None

    def fetch(self, target: str) -> FetchedPost:
        """Return the post at ``target``, or an account or search as a FEED of its newest posts.

        Raises ``PostUnavailable`` for what is gone, ``RateLimited``, and the network's errors.
        """
        place = _required(target)
        with self._client.door.recording() as exchanges:
            try:
                post = self._found(place, target, exchanges)
            except PostUnavailable as exc:
                exc.exchanges = tuple(exchanges)
                raise
        asked = canonical_url(target)
        others = dict.fromkeys((*post.spellings, asked))
        spellings = tuple(url for url in others if url != post.key)
        return FetchedPost(replace(post, spellings=spellings), tuple(exchanges))

    def recent(self, watch: Watch, since: datetime | None) -> Polled:  # noqa: ARG002 - by position
        """Return what the account posted, or the search finds, since the last poll."""
        place = _required(watch.target)
        if place.name:
            raise UnsupportedSource(f"a single post lists nothing: {watch.target}")
        return poll_pages(watch, self._listing(place, watch.until))

    def _found(self, place: _Place, target: str, exchanges: list[Exchange]) -> Post:
        if not place.name:
            page = self._listing(place)(None)
            exchanges += page.exchanges
            return _feed_post(target, place, page)
        return self._repost(place) if place.collection == REPOST else self._post(place, exchanges)

    def _post(self, place: _Place, exchanges: list[Exchange]) -> Post:
        did = self._client.did(place.account)
        uri = f"at://{did}/{POST}/{place.name}"
        view = self._view(uri, exchanges)
        post = self._read(view) if view is not None else None
        if post is None or AT_URI.match(uri) is None:
            raise self._missing(did, place.name)
        return post

    def _view(self, uri: str, exchanges: list[Exchange]) -> Json | None:
        """The AppView's view of a post, asked for together with others that are expected."""
        now = self._client.clock.now()
        with self._lock:
            kept = self._kept.pop(uri, None)
            self._expected.pop(uri, None)
            if kept is not None and now - kept.at <= KEPT_FOR:
                exchanges += kept.exchanges
                return kept.view
            others = list(self._expected)[: POSTS_PER_CALL - 1]
            for other in others:
                del self._expected[other]
        before = len(exchanges)
        answer = self._client.posts([uri, *others])
        views = {str(view.get("uri")): view for view in items_of(answer.get("posts"), 100)}
        with self._lock:
            self._forget(now)
            for other in others:
                self._kept[other] = _Kept(now, views.get(other), tuple(exchanges[before:]))
        return views.get(uri)

    def _forget(self, now: datetime) -> None:
        for uri in [uri for uri, kept in self._kept.items() if now - kept.at > KEPT_FOR]:
            del self._kept[uri]

    def _missing(self, did: str, name: str) -> PostUnavailable:
        """The AppView leaves out what it has not: deleted, unless its own server still has it."""
        try:
            self._client.record(did, POST, name)
        except (PostUnavailable, SourceError, OutsideError):
            return PostUnavailable(
                f"Bluesky has no post {name} of {did}", status=PostStatus.DELETED
            )
        return PostUnavailable(
            f"Bluesky does not show the post {name} of {did}, though its own server still has it",
            status=PostStatus.UNKNOWN,
        )

    def _repost(self, place: _Place) -> Post:
        did = self._client.did(place.account)
        record = mapping(self._client.record(did, REPOST, place.name).get("value"))
        shared = key_of_uri(mapping(record.get("subject")).get("uri"))
        if shared is None:
            raise SourceError(f"the repost {place.name} of {did} names no post")
        handle = None if place.account.startswith("did:") else place.account
        return share_post(did, handle, place.name, shared, created_claims(record))

    def _listing(
        self, place: _Place, until: datetime | None = None
    ) -> Callable[[str | None], Page]:
        def read(cursor: str | None) -> Page:
            with self._client.door.recording() as exchanges:
                if place.words:
                    answer = self._client.search(place.words, cursor, PAGE_SIZE, until)
                    views: list[Json] = [
                        {"post": view} for view in items_of(answer.get("posts"), 100)
                    ]
                else:
                    answer = self._client.author_feed(place.account, cursor, PAGE_SIZE)
                    views = items_of(answer.get("feed"), 100)
                items = [item for view in views for item in self._items(view)]
            following = answer.get("cursor")
            return Page(
                tuple(items),
                following if isinstance(following, str) and following and items else None,
                tuple(exchanges),
            )

        return read

    def _items(self, view: Json) -> Iterator[Item]:
        """One entry of a feed: a post, or a repost together with the post it shares."""
        post = self._read(mapping(view.get("post")))
        if post is None:
            return
        reason = mapping(view.get("reason"))
        if not str(reason.get("$type", "")).endswith("#reasonRepost"):
            yield Item(*order_of(post), at=listed_at(post))
            return
        share = share_of(reason, post.key)
        at = claimed_at(reason.get("indexedAt"))
        order = microseconds(at) if at else order_of(post)[0]
        if share is not None:
            yield Item(order, share, at)
        yield Item(order - 1, post, at)

    def _read(self, view: Json) -> Post | None:
        """The post that the AppView's view of it describes; ``None`` if it is none."""
        uri = AT_URI.match(str(view.get("uri", "")))
        record = mapping(view.get("record"))
        if uri is None or uri[2] != POST:
            return None
        did, name = uri[1], uri[3]
        key = canonical_url(f"https://bsky.app/profile/{did}/post/{name}")
        handle = handle_of(mapping(view.get("author")).get("handle"))
        spelling = canonical_url(f"https://bsky.app/profile/{handle}/post/{name}")
        return Post(
            key=key,
            platform=BLUESKY,
            kind=PostKind.POST,
            account=handle or did,
            text=clean_text(record.get("text")),
            status=PostStatus.LIVE,
            links=links_of(record, key),
            media=tuple(self._media(did, record, view)),
            claims=(
                *claims_from_address(BLUESKY, name, key),
                *created_claims(record),
                *indexed_claims(view.get("indexedAt")),
            ),
            spellings=(spelling,) if handle and spelling != key else (),
            previews=previews_of(view),
        )

    def _media(self, did: str, record: Json, view: Json) -> Iterator[MediaRef]:
        """The video as it was uploaded, from the account's server; else the AppView's stream."""
        embed, shown = video_of(record.get("embed")), video_of(view.get("embed"))
        cid = mapping(mapping(embed.get("video")).get("ref")).get("$link") or shown.get("cid")
        if not isinstance(cid, str) or not _CID.match(cid):
            return
        media_id = f"bluesky:{cid}"
        try:
            yield MediaRef(self._client.blob_url(did, cid), "http", media_id)
        except (SourceError, OutsideError):
            playlist = shown.get("playlist")
            if isinstance(playlist, str) and address_of(playlist) is not None:
                yield MediaRef(playlist, "ytdlp", media_id)


def _place(target: str) -> _Place | None:
    uri = AT_URI.match(target)
    if uri is not None and uri[2] in {POST, REPOST}:
        return _Place(uri[1], uri[2], uri[3])
    address = address_of(target)
    if address is None or address.platform != BLUESKY:
        return None
    if address.account is not None:
        if not address.is_post:
            return _Place(address.account)
        is_repost = "?repost=" in address.key
        return _Place(address.account, REPOST if is_repost else POST, address.post_id or "")
    words = _words(address.key)
    return _Place(words=words) if words else None


def _words(url: str) -> str | None:
    """What a search page or a hashtag's page looks for."""
    split = urlsplit(url)
    if split.path.rstrip("/") == "/search":
        return (parse_qs(split.query).get("q") or [""])[0].strip()[:300] or None
    tag = split.path.removeprefix("/hashtag/")
    return f"#{unquote(tag).strip('/')}"[:100] if tag != split.path and tag.strip("/") else None


def _is_did(account: str) -> bool:
    return account.startswith("did:")


def _required(target: str) -> _Place:
    place = _place(target)
    if place is None:
        raise UnsupportedSource(f"no post, account or search of Bluesky: {target[:200]}")
    return place


def _feed_post(target: str, place: _Place, page: Page) -> Post:
    return Post(
        key=canonical_url(target),
        platform=BLUESKY,
        kind=PostKind.FEED,
        account=place.account or None,
        title=clean_text(place.words),
        status=PostStatus.LIVE,
        links=tuple(PostLink(item.post.key, LinkRelation.LISTS) for item in page.items),
    )
