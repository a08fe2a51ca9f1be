"""Mastodon and what speaks its interface: posts, accounts, hashtags and searches of any server.

A post is told by the server it was published on: an address on another server leads there, since
ids, times and files of a copy are the copy's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import parse_qs, quote, unquote, urlsplit

from selectolax.lexbor import LexborHTMLParser

from tracker.errors import OutsideError, PostUnavailable, SourceError, UnsupportedSource
from tracker.model.capture import Exchange, FetchedPost
from tracker.model.ids import Platform, PostKey
from tracker.model.post import LinkRelation, MediaRef, Post, PostKind, PostLink
from tracker.model.status import PostStatus
from tracker.model.time_claim import ClaimKind, ForgeableBy, TimeClaim
from tracker.model.watch import Watch
from tracker.net.mastodon import MastodonAnswer, MastodonClient
from tracker.net.urls import WEB, canonical_url
from tracker.sources.clean import address_of, clean_account, clean_text, web_url
from tracker.sources.found import Found
from tracker.sources.html_page import parse_html
from tracker.sources.json_values import Json, is_one_of, items_of, mapping, number_of
from tracker.sources.paging import Item, Page, poll_pages
from tracker.sources.ports import Polled
from tracker.timestamps.claims import parse_datetime_claim
from tracker.timestamps.ids import claims_from_address
from tracker.timestamps.snowflake import EPOCH

MASTODON = Platform("mastodon")
FAMILY = frozenset({MASTODON, Platform("truthsocial"), Platform("gab")})
PAGE_SIZE = 40
"""The most a server gives at once. Source: docs.joinmastodon.org/methods/accounts."""
SEARCH_PAGE_SIZE = 20

_ACCOUNT_PATH = re.compile(r"/@([\w.-]{1,64}(?:@[\w.:-]{1,253})?)/?\Z", re.ASCII)
_STATUS_ID = re.compile(r"[0-9A-Za-z]{1,40}\Z", re.ASCII)
_HIDDEN = frozenset({"private", "direct"})
_MOVING = frozenset({"video", "gifv"})


@dataclass(frozen=True, slots=True)
class _Place:
    """What an address names on a server: a post, an account, a hashtag or a search."""

    server: str
    post_id: str = ""
    account: str = ""
    tag: str = ""
    words: str = ""


class Mastodon:
    """Posts and listings of Mastodon's family, without an account.

    ``servers`` are hosts that are known to speak the interface: there, hashtags and searches can
    be watched as well. An account or a post is asked for wherever its address has the form.
    """

    def __init__(self, client: MastodonClient, *, servers: tuple[str, ...] = ()) -> None:
        self._client = client
        self._servers = frozenset(server.lower() for server in servers)

    def accepts(self, target: str) -> bool:
        """Tell whether ``target`` has the form of a post, an account, a hashtag or a search."""
        return self._place(target) is not None

    def fetch(self, target: str) -> FetchedPost:
        """Return the post at ``target``, or a listing as a FEED of its newest posts.

        Raises ``UnsupportedSource`` where no such server answers, ``PostUnavailable`` for what is
        gone, ``RateLimited``, and the network's errors.
        """
        place = self._required(target)
        if place.post_id:
            return self._post(place, target)
        page = self._listing(place)(None)
        return FetchedPost(_feed_post(target, place, page), page.exchanges)

    def recent(self, watch: Watch, since: datetime | None) -> Polled:  # noqa: ARG002 - by position
        """Return what was posted since the last poll."""
        place = self._required(watch.target)
        if place.post_id:
            raise UnsupportedSource(f"a single post lists nothing: {watch.target}")
        return poll_pages(watch, self._listing(place))

    def _post(self, place: _Place, target: str) -> FetchedPost:
        answer = self._client.status(place.server, place.post_id)
        status = mapping(answer.value)
        exchanges = answer.exchanges
        origin = _origin(status, place.server)
        if origin is not None:
            status, place, exchanges = self._at_origin(status, place, exchanges, origin)
        post = _read(status, place.server)
        if post is None:
            raise UnsupportedSource(f"{place.server} answered with no post: {target[:200]}")
        post, more = self._with_parent(post, status, place.server)
        others = dict.fromkeys((*post.spellings, canonical_url(target)))
        spellings = tuple(url for url in others if url != post.key)
        return FetchedPost(replace(post, spellings=spellings), (*exchanges, *more))

    def _at_origin(
        self, copy: Json, place: _Place, exchanges: tuple[Exchange, ...], origin: _Place
    ) -> tuple[Json, _Place, tuple[Exchange, ...]]:
        """The post as its own server tells it; the copy where that one cannot be asked."""
        try:
            answer = self._client.status(origin.server, origin.post_id)
        except (UnsupportedSource, OutsideError):
            return copy, place, exchanges
        return mapping(answer.value), origin, (*exchanges, *answer.exchanges)

    def _with_parent(
        self, post: Post, status: Json, server: str
    ) -> tuple[Post, tuple[Exchange, ...]]:
        """Add the post this one replies to: the interface gives its id, not its address."""
        parent_id = status.get("in_reply_to_id")
        named = any(link.relation is LinkRelation.REPLIES for link in post.links)
        if named or not isinstance(parent_id, str) or not _STATUS_ID.match(parent_id):
            return post, ()
        try:
            answer = self._client.status(server, parent_id)
        except (SourceError, OutsideError):
            return post, ()
        key = _key(mapping(answer.value), server)
        if key is None:
            return post, ()
        reply = PostLink(key, LinkRelation.REPLIES)
        return replace(post, links=(reply, *post.links)), answer.exchanges

    def _listing(self, place: _Place) -> Callable[[str | None], Page]:
        account_id = ""

        def read(token: str | None) -> Page:
            nonlocal account_id
            if place.account and not account_id:
                account_id = self._account_id(place)
            if place.account:
                answer = self._client.account_posts(place.server, account_id, token, PAGE_SIZE)
            elif place.tag:
                answer = self._client.hashtag_posts(place.server, place.tag, token, PAGE_SIZE)
            else:
                return self._found(place, token)
            return _page(answer, items_of(answer.value, 100), place.server)

        return read

    def _account_id(self, place: _Place) -> str:
        account_id = mapping(self._client.account(place.server, place.account).value).get("id")
        if not isinstance(account_id, str) or not _STATUS_ID.match(account_id):
            raise UnsupportedSource(f"{place.server} has no account {place.account}")
        return account_id

    def _found(self, place: _Place, token: str | None) -> Page:
        offset = number_of(token) or 0
        try:
            answer = self._client.search(place.server, place.words, offset, SEARCH_PAGE_SIZE)
        except PostUnavailable as exc:
            raise SourceError(
                f"{place.server} answers searches to accounts only: watch a hashtag or an account"
            ) from exc
        page = _page(answer, items_of(mapping(answer.value).get("statuses"), 100), place.server)
        following = str(offset + SEARCH_PAGE_SIZE) if page.items else None
        return replace(page, next=following)

    def _place(self, target: str) -> _Place | None:
        address = address_of(target)
        if address is None:
            return None
        split = urlsplit(address.key)
        server = f"{split.scheme}://{split.netloc}"
        if address.platform in FAMILY:
            is_id = address.post_id is not None and _STATUS_ID.match(address.post_id)
            return _Place(server, post_id=address.post_id or "") if is_id else None
        if address.platform != WEB:
            return None
        account = _ACCOUNT_PATH.match(split.path)
        if account is not None and not split.query:
            return _Place(server, account=account[1])
        return self._known_server_place(server, split.netloc, split.path, split.query)

    def _known_server_place(self, server: str, host: str, path: str, query: str) -> _Place | None:
        if host.lower() not in self._servers:
            return None
        tag = path.removeprefix("/tags/")
        if tag != path and tag.strip("/"):
            return _Place(server, tag=unquote(tag.strip("/"))[:100])
        words = (parse_qs(query).get("q") or [""])[0].strip()
        is_search = path.rstrip("/") == "/search" and words
        return _Place(server, words=words[:300]) if is_search else None

    def _required(self, target: str) -> _Place:
        place = self._place(target)
        if place is None:
            raise UnsupportedSource(f"no post, account or hashtag of a server: {target[:200]}")
        return place


def _origin(status: Json, server: str) -> _Place | None:
    """Where the post was published, if that is another server; ``None`` where it is this one."""
    acct = mapping(status.get("account")).get("acct")
    if not isinstance(acct, str) or "@" not in acct:
        return None
    address = address_of(str(status.get("url", "")))
    if address is None or address.platform not in FAMILY or address.post_id is None:
        return None
    split = urlsplit(address.key)
    origin = f"{split.scheme}://{split.netloc}"
    return _Place(origin, post_id=address.post_id) if origin != server else None


def _page(answer: MastodonAnswer, statuses: list[Json], server: str) -> Page:
    if not isinstance(answer.value, list | dict):
        raise UnsupportedSource(f"{server} does not speak Mastodon's interface")
    found = [(status, post) for status in statuses if (post := _read(status, server)) is not None]
    items = tuple(_item(status, post) for status, post in found)
    last = statuses[-1].get("id") if statuses else None
    is_id = isinstance(last, str) and _STATUS_ID.match(last)
    return Page(items, str(last) if is_id and items else None, answer.exchanges)


def _item(status: Json, post: Post) -> Item:
    """Ids of Mastodon grow with time; servers with other ids are ordered by their own clock."""
    claim = _created(status)
    at = claim[0].interval.earliest_at if claim else None
    number = number_of(status.get("id"))
    if number is None:
        number = (at - EPOCH) // timedelta(microseconds=1) if at is not None else 0
    return Item(number, post, at)


def _read(status: Json, server: str) -> Post | None:
    """The post that a server's JSON describes; ``None`` if it is none."""
    key = _key(status, server)
    address = address_of(key) if key is not None else None
    if key is None or address is None:
        return None
    shared = mapping(status.get("reblog"))
    id_claims = (
        claims_from_address(address.platform, address.post_id, key)
        if key.startswith(f"{server}/")
        else ()
    )
    return Post(
        key=key,
        platform=address.platform if address.platform in FAMILY else MASTODON,
        kind=PostKind.POST,
        account=_account(status, server),
        text=None if shared else _text(status),
        status=PostStatus.PRIVATE
        if is_one_of(status.get("visibility"), _HIDDEN)
        else PostStatus.LIVE,
        links=_links(status, shared, key, server),
        media=() if shared else _media(status, server),
        claims=(*id_claims, *_created(status)),
        edited_at=_instant(status.get("edited_at")),
        previews=() if shared else _previews(status),
    )


def _visibility(status: Json) -> PostStatus:
    hidden = is_one_of(status.get("visibility"), _HIDDEN)
    return PostStatus.PRIVATE if hidden else PostStatus.LIVE


def _key(status: Json, server: str) -> PostKey | None:
    """The post's address on the server it was published on, as far as the JSON tells."""
    status_id, account = status.get("id"), mapping(status.get("account"))
    acct = clean_account(account.get("acct"))
    if not isinstance(status_id, str) or not _STATUS_ID.match(status_id):
        return None
    stated = address_of(web_url(status.get("url")) or "")
    if stated is not None and stated.platform in FAMILY and stated.is_post:
        return stated.key
    if acct is None:
        return None
    address = address_of(f"{server}/@{quote(acct, safe='@._-')}/{status_id}")
    return address.key if address is not None else None


def _account(status: Json, server: str) -> str | None:
    """``user@host``, as addresses of the family name accounts."""
    acct = clean_account(mapping(status.get("account")).get("acct"))
    if acct is None:
        return None
    host = urlsplit(server).netloc
    is_whole = "@" in acct or host in {"gab.com", "truthsocial.com"}
    return clean_account(acct if is_whole else f"{acct}@{host}")


def _text(status: Json) -> str | None:
    """The content as plain text, after the warning it is folded behind."""
    warning = clean_text(status.get("spoiler_text"))
    tree = _content(status)
    if tree is None:
        return warning
    for node in tree.css("br"):
        node.replace_with("\n")
    paragraphs = [node.text() for node in tree.css("p")] or [tree.root.text() if tree.root else ""]
    text = clean_text("\n\n".join(paragraphs))
    return clean_text("\n\n".join(part for part in (warning, text) if part))


def _content(status: Json) -> LexborHTMLParser | None:
    """Return what the post says as a tree; ``None`` for markup built to exhaust a parser, too."""
    content = status.get("content")
    if not isinstance(content, str):
        return None
    with suppress(SourceError):
        return parse_html(content[:200_000], "").tree
    return None


def _links(status: Json, shared: Json, key: PostKey, server: str) -> tuple[PostLink, ...]:
    found = Found(frozenset({key}))
    if shared:
        found.add_post(_key(shared, server), LinkRelation.SHARES)
        return found.links
    found.add_post(_parent(status, server), LinkRelation.REPLIES)
    quoted = mapping(status.get("quote"))
    quoted = mapping(quoted.get("quoted_status")) or quoted
    found.add_post(_key(quoted, server), LinkRelation.QUOTES)
    if (content := _content(status)) is not None:
        for node in content.css("a[href]")[:200]:
            if not {"mention", "hashtag"} & {*(node.attributes.get("class") or "").split()}:
                found.add_mention(node.attributes.get("href"))
    found.add_mention(web_url(mapping(status.get("card")).get("url")))
    return found.links


def _parent(status: Json, server: str) -> str | None:
    """The address of the post this one replies to, if the JSON names whose post that is."""
    parent, owner = status.get("in_reply_to_id"), status.get("in_reply_to_account_id")
    if not isinstance(parent, str) or not _STATUS_ID.match(parent) or not isinstance(owner, str):
        return None
    known = (mapping(status.get("account")), *items_of(status.get("mentions"), 100))
    acct = next((person.get("acct") for person in known if person.get("id") == owner), None)
    return f"{server}/@{acct}/{parent}" if isinstance(acct, str) and "@" not in acct else None


def _media(status: Json, server: str) -> tuple[MediaRef, ...]:
    refs: dict[str, MediaRef] = {}
    for item in items_of(status.get("media_attachments"), 20):
        url = web_url(item.get("url")) or web_url(item.get("remote_url"))
        if is_one_of(item.get("type"), _MOVING) and url is not None:
            number = item.get("id")
            named = isinstance(number, str) and _STATUS_ID.match(number)
            media_id = f"mastodon:{urlsplit(server).netloc}/{number}" if named else None
            refs.setdefault(url, MediaRef(url, "http", media_id))
    return tuple(refs.values())


def _previews(status: Json) -> tuple[str, ...]:
    items = items_of(status.get("media_attachments"), 20)
    moving = (item for item in items if is_one_of(item.get("type"), _MOVING))
    urls = (web_url(item.get("preview_url")) for item in moving)
    return tuple(dict.fromkeys(url for url in urls if url is not None))


def _instant(value: object) -> datetime | None:
    claim = parse_datetime_claim(
        value if isinstance(value, str) else "",
        ClaimKind.PLATFORM_REPORTED,
        ForgeableBy.PLATFORM,
        "mastodon:edited_at",
    )
    return claim.interval.earliest_at if claim is not None else None


def _created(status: Json) -> tuple[TimeClaim, ...]:
    created = status.get("created_at")
    claim = parse_datetime_claim(
        created if isinstance(created, str) else "",
        ClaimKind.PLATFORM_REPORTED,
        ForgeableBy.PLATFORM,
        "mastodon:created_at",
    )
    return (claim,) if claim is not None else ()


def _feed_post(target: str, place: _Place, page: Page) -> Post:
    return Post(
        key=canonical_url(target),
        platform=MASTODON,
        kind=PostKind.FEED,
        account=f"{place.account}@{urlsplit(place.server).netloc}" if place.account else None,
        title=clean_text(place.words or place.tag),
        status=PostStatus.LIVE,
        links=tuple(PostLink(item.post.key, LinkRelation.LISTS) for item in page.items),
    )
