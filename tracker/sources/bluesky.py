"""Bluesky: posts, accounts and searches as the public AppView tells them.

A post's key holds the account's permanent name (DID), since handles change hands; the address
with the handle is another spelling. A repost is a record of its own and has no page: its key is
the sharer's profile with the record's name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

from tracker.errors import OutsideError, PostUnavailable, SourceError, UnsupportedSource
from tracker.model.capture import FetchedPost
from tracker.model.ids import Platform, PostKey
from tracker.model.post import LinkRelation, MediaRef, Post, PostKind, PostLink
from tracker.model.status import PostStatus
from tracker.model.time_claim import ClaimKind, ForgeableBy, TimeClaim, TimeInterval
from tracker.model.watch import Watch
from tracker.net.bluesky import BlueskyClient
from tracker.net.urls import canonical_url
from tracker.sources.clean import address_of, clean_account, clean_text
from tracker.sources.found import Found
from tracker.sources.json_values import Json, items_of, mapping
from tracker.sources.paging import Item, Page, poll_pages
from tracker.sources.ports import Polled
from tracker.timestamps.claims import parse_datetime_claim
from tracker.timestamps.ids import claims_from_address
from tracker.timestamps.snowflake import EPOCH

BLUESKY = Platform("bluesky")
POST = "app.bsky.feed.post"
REPOST = "app.bsky.feed.repost"
PAGE_SIZE = 50
INDEXING_LAG = timedelta(minutes=5)
"""Posts are indexed within a second or two; no measured one took longer than this."""

_AT_URI = re.compile(r"at://(did:[a-z0-9]+:[\w.:%-]{1,250})/([\w.]{1,250})/([\w.:~-]{1,250})\Z")
_CID = re.compile(r"[a-zA-Z0-9]{20,120}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Place:
    """What a Bluesky address names: one record, an account's feed, or a search."""

    account: str = ""
    collection: str = ""
    name: str = ""
    words: str = ""


class Bluesky:
    """Posts, accounts and searches of Bluesky, without an account."""

    def __init__(self, client: BlueskyClient) -> None:
        self._client = client

    def accepts(self, target: str) -> bool:
        """Tell whether ``target`` is a post, a repost, an account or a search."""
        return _place(target) is not None

    def fetch(self, target: str) -> FetchedPost:
        """Return the post at ``target``, or an account or search as a FEED of its newest posts.

        Raises ``PostUnavailable`` for what is gone, ``RateLimited``, and the network's errors.
        """
        place = _required(target)
        with self._client.door.recording() as exchanges:
            if not place.name:
                post = _feed_post(target, place, self._listing(place)(None))
            elif place.collection == REPOST:
                post = self._repost(place)
            else:
                post = self._post(place)
        asked = canonical_url(target)
        others = dict.fromkeys((*post.spellings, asked))
        spellings = tuple(url for url in others if url != post.key)
        return FetchedPost(replace(post, spellings=spellings), tuple(exchanges))

    def recent(self, watch: Watch, since: datetime | None) -> Polled:  # noqa: ARG002 - by position
        """Return what the account posted, or the search finds, since the last poll."""
        place = _required(watch.target)
        if place.name:
            raise UnsupportedSource(f"a single post lists nothing: {watch.target}")
        return poll_pages(watch, self._listing(place))

    def _post(self, place: _Place) -> Post:
        did = self._client.did(place.account)
        answer = self._client.posts([f"at://{did}/{POST}/{place.name}"])
        view = next(iter(items_of(answer.get("posts"), 25)), None)
        post = self._read(view) if view is not None else None
        if post is None:
            raise self._missing(did, place.name)
        return post

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
        shared = _key_of_uri(mapping(record.get("subject")).get("uri"))
        if shared is None:
            raise SourceError(f"the repost {place.name} of {did} names no post")
        handle = None if place.account.startswith("did:") else place.account
        return _share(did, handle, place.name, shared, _created(record))

    def _listing(self, place: _Place) -> Callable[[str | None], Page]:
        def read(cursor: str | None) -> Page:
            with self._client.door.recording() as exchanges:
                if place.words:
                    answer = self._client.search(place.words, cursor, PAGE_SIZE)
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
            yield Item(*_order(post), at=_listed_at(post))
            return
        share = _share_of(reason, post.key)
        at = _claimed_at(reason.get("indexedAt"))
        order = _microseconds(at) if at else _order(post)[0]
        if share is not None:
            yield Item(order, share, at)
        yield Item(order - 1, post, at)

    def _read(self, view: Json) -> Post | None:
        """The post that the AppView's view of it describes; ``None`` if it is none."""
        uri = _AT_URI.match(str(view.get("uri", "")))
        record = mapping(view.get("record"))
        if uri is None or uri[2] != POST:
            return None
        did, name = uri[1], uri[3]
        key = canonical_url(f"https://bsky.app/profile/{did}/post/{name}")
        handle = _handle(mapping(view.get("author")).get("handle"))
        spelling = canonical_url(f"https://bsky.app/profile/{handle}/post/{name}")
        return Post(
            key=key,
            platform=BLUESKY,
            kind=PostKind.POST,
            account=handle or did,
            text=clean_text(record.get("text")),
            status=PostStatus.LIVE,
            links=_links(record, key),
            media=tuple(self._media(did, record, view)),
            claims=(
                *claims_from_address(BLUESKY, name, key),
                *_created(record),
                *_indexed(view.get("indexedAt")),
            ),
            spellings=(spelling,) if handle and spelling != key else (),
        )

    def _media(self, did: str, record: Json, view: Json) -> Iterator[MediaRef]:
        """The video as it was uploaded, from the account's server; else the AppView's stream."""
        embed, shown = _video(record.get("embed")), _video(view.get("embed"))
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
    uri = _AT_URI.match(target)
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


def _required(target: str) -> _Place:
    place = _place(target)
    if place is None:
        raise UnsupportedSource(f"no post, account or search of Bluesky: {target[:200]}")
    return place


def _handle(value: object) -> str | None:
    handle = clean_account(value)
    return None if handle is None or handle == "handle.invalid" or " " in handle else handle


def _key_of_uri(uri: object) -> PostKey | None:
    found = _AT_URI.match(uri) if isinstance(uri, str) else None
    if found is None or found[2] != POST:
        return None
    return canonical_url(f"https://bsky.app/profile/{found[1]}/post/{found[3]}")


def _links(record: Json, key: PostKey) -> tuple[PostLink, ...]:
    found = Found(frozenset({key}))
    parent = mapping(mapping(record.get("reply")).get("parent"))
    found.add_post(_key_of_uri(parent.get("uri")), LinkRelation.REPLIES)
    for embed in _embeds(record.get("embed")):
        quoted = mapping(embed.get("record"))
        quoted = mapping(quoted.get("record")) or quoted  # recordWithMedia wraps it once more
        found.add_post(_key_of_uri(quoted.get("uri")), LinkRelation.QUOTES)
        found.add_mention(_text(mapping(embed.get("external")).get("uri")))
    for facet in items_of(record.get("facets"), 200):
        for feature in items_of(facet.get("features"), 20):
            found.add_mention(_text(feature.get("uri")))
    return found.links


def _embeds(value: object) -> tuple[Json, ...]:
    """An embed, and the media beside it where it quotes a post as well."""
    embed = mapping(value)
    media = mapping(embed.get("media"))
    return (embed, media) if media else (embed,)


def _video(value: object) -> Json:
    for embed in _embeds(value):
        if str(embed.get("$type", "")).startswith("app.bsky.embed.video"):
            return embed
    return {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _created(record: Json) -> tuple[TimeClaim, ...]:
    """What the uploader's own program wrote into the record."""
    claim = parse_datetime_claim(
        _text(record.get("createdAt")) or "",
        ClaimKind.PLATFORM_REPORTED,
        ForgeableBy.UPLOADER,
        "bluesky:createdAt",
    )
    return (claim,) if claim is not None else ()


def _indexed(value: object) -> tuple[TimeClaim, ...]:
    """When the AppView first saw it: an upper bound no uploader can move."""
    at = _claimed_at(value)
    if at is None:
        return ()
    interval = TimeInterval(at - INDEXING_LAG, at + timedelta(milliseconds=1))
    return (
        TimeClaim(ClaimKind.PLATFORM_REPORTED, interval, ForgeableBy.PLATFORM, "bluesky:indexedAt"),
    )


def _claimed_at(value: object) -> datetime | None:
    claim = parse_datetime_claim(
        _text(value) or "", ClaimKind.PLATFORM_REPORTED, ForgeableBy.PLATFORM, ""
    )
    return claim.interval.earliest_at if claim is not None else None


def _share_of(reason: Json, shared: PostKey) -> Post | None:
    uri = _AT_URI.match(str(reason.get("uri", "")))
    if uri is None or uri[2] != REPOST:
        return None
    handle = _handle(mapping(reason.get("by")).get("handle"))
    return _share(uri[1], handle, uri[3], shared, _indexed(reason.get("indexedAt")))


def _share(
    did: str, handle: str | None, name: str, shared: PostKey, claims: tuple[TimeClaim, ...]
) -> Post:
    key = canonical_url(f"https://bsky.app/profile/{did}?repost={name}")
    return Post(
        key=key,
        platform=BLUESKY,
        kind=PostKind.POST,
        account=handle or did,
        status=PostStatus.LIVE,
        links=(PostLink(shared, LinkRelation.SHARES),),
        claims=(*claims_from_address(BLUESKY, name, key), *claims),
    )


def _listed_at(post: Post) -> datetime | None:
    """The time feeds are sorted by: the claimed one, but never after the AppView saw the post."""
    claimed = [
        claim.interval.earliest_at
        for claim in post.claims
        if claim.source == "bluesky:createdAt" and claim.interval.earliest_at is not None
    ]
    seen = [
        claim.interval.latest_at - timedelta(milliseconds=1)
        for claim in post.claims
        if claim.source == "bluesky:indexedAt" and claim.interval.latest_at is not None
    ]
    return min((*claimed, *seen), default=None)


def _order(post: Post) -> tuple[int, Post]:
    at = _listed_at(post)
    return (_microseconds(at) if at is not None else 0), post


def _microseconds(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)


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
