"""Telegram's public channels, by the pages the service shows to everybody.

A post is read from its embed page, a channel from its preview (``/s/NAME``), twenty posts a page,
newest last. Only what a channel shows publicly is seen: no private channels, no groups, no
comments, and no video over the size the preview plays.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

from selectolax.lexbor import LexborNode

from tracker.errors import HttpStatusError, PostUnavailable, UnsupportedSource
from tracker.model.capture import Exchange, FetchedPost
from tracker.model.ids import Platform, PostKey
from tracker.model.post import LinkRelation, MediaRef, Post, PostKind, PostLink
from tracker.model.status import PostStatus
from tracker.model.time_claim import ClaimKind, ForgeableBy, TimeClaim
from tracker.model.watch import Watch
from tracker.net.http import HttpClient
from tracker.net.urls import Address, canonical_url
from tracker.sources.clean import address_of, clean_account, clean_text, web_url
from tracker.sources.found import Found
from tracker.sources.html_page import HtmlPage, read_html
from tracker.sources.paging import Item, Page, poll_pages
from tracker.sources.ports import Polled
from tracker.timestamps.claims import parse_datetime_claim

TELEGRAM = Platform("telegram")
_MESSAGE = ".tgme_widget_message[data-post]"
_DATA_POST = re.compile(r"([A-Za-z]\w{3,31})/(\d{1,15})\Z", re.ASCII)
_CHANNEL = re.compile(r"[a-z]\w{3,31}\Z", re.ASCII)
_MAX_MESSAGES = 100
_MOST_TEXTS = 50
_MOST_NESTED = 500
"""A page nested ten thousand deep took minutes: each text asked for all that it is in."""

_MAX_VIDEOS = 20


class Telegram:
    """Posts and channels of Telegram. ``host`` is where its pages are asked for."""

    def __init__(self, http: HttpClient, *, host: str = "https://t.me") -> None:
        self._http = http
        self._host = host.rstrip("/")

    def accepts(self, target: str) -> bool:
        """Tell whether ``target`` is a post of a named channel, or such a channel."""
        return _place(target) is not None

    def fetch(self, target: str) -> FetchedPost:
        """Return the post at ``target``, or its channel as a FEED of the newest posts.

        Raises ``PostUnavailable`` for a post or channel that is gone or has no public page, and
        the errors of the network.
        """
        channel, post_id = _required(target)
        if post_id is None:
            listing = self._listing(channel, None)
            return FetchedPost(_channel_post(channel, listing), listing.exchanges)
        url = f"{self._host}/{channel}/{post_id}?embed=1&mode=tme"
        exchange = self._http.get(url).exchange
        page = read_html(exchange.body, exchange.final_url, exchange.content_type)
        try:
            post = _single(page, target)
        except PostUnavailable as exc:
            exc.exchanges = (exchange,)
            raise
        return FetchedPost(post, (exchange,))

    def recent(self, watch: Watch, since: datetime | None) -> Polled:  # noqa: ARG002 - by position
        """Return the channel's posts that are newer than those of the last poll."""
        channel, post_id = _required(watch.target)
        if post_id is not None:
            raise UnsupportedSource(f"a single post lists nothing: {watch.target}")
        return poll_pages(watch, lambda token: self._listing(channel, token))

    def _listing(self, channel: str, before: str | None) -> Page:
        url = f"{self._host}/s/{channel}" + (f"?before={before}" if before else "")
        try:
            exchange = self._http.get(url).exchange
        except HttpStatusError as exc:
            if exc.status_code != 404:
                raise
            raise _gone(f"there is no Telegram channel {channel}") from exc
        if not _is_preview(exchange, channel):
            raise PostUnavailable(
                f"the Telegram channel {channel} shows no public preview", status=PostStatus.UNKNOWN
            )
        page = read_html(exchange.body, exchange.final_url, exchange.content_type)
        posts = [p for node in _messages(page) if (p := _message_post(node)) is not None]
        items = sorted(map(_item, posts), key=lambda item: -item.order)
        return Page(tuple(items), _older(page, items), (exchange,))


def _place(target: str) -> tuple[str, int | None] | None:
    """The channel's name and the post's number (``None`` for the channel itself)."""
    address = address_of(target)
    if address is None or address.platform != TELEGRAM or address.account is None:
        return None
    channel = address.account.lower()
    if not _CHANNEL.match(channel):
        return None
    if not address.is_post:
        return channel, None
    number = address.post_id or ""
    return (channel, int(number)) if number.isdecimal() and len(number) <= 15 else None


def _required(target: str) -> tuple[str, int | None]:
    place = _place(target)
    if place is None:
        raise UnsupportedSource(f"no public Telegram post or channel: {target[:200]}")
    return place


def _is_preview(exchange: Exchange, channel: str) -> bool:
    """Channels without a preview send on to their page for the app, which shows no posts."""
    return urlsplit(exchange.final_url).path.lower().rstrip("/").endswith(f"/s/{channel}")


def _gone(text: str) -> PostUnavailable:
    return PostUnavailable(text, status=PostStatus.DELETED)


def _single(page: HtmlPage, target: str) -> Post:
    error = page.tree.css_first(".tgme_widget_message_error")
    node = next(iter(_messages(page)), None)
    if node is None:
        reason = clean_text(error.text(), 200) if error is not None else None
        if reason and "not found" in reason.lower():
            raise _gone(f"Telegram says: {reason} ({target[:200]})")
        raise UnsupportedSource(f"Telegram shows no post at {target[:200]}")
    post = _message_post(node)
    if post is None:
        raise UnsupportedSource(f"Telegram shows no post at {target[:200]}")
    asked = canonical_url(target)
    others = (*post.spellings, asked) if asked != post.key else post.spellings
    return replace(post, spellings=tuple(dict.fromkeys(others)))


def _messages(page: HtmlPage) -> list[LexborNode]:
    return page.tree.css(_MESSAGE)[:_MAX_MESSAGES]


def _message_post(node: LexborNode) -> Post | None:
    found = _DATA_POST.match(node.attributes.get("data-post") or "")
    address = address_of(f"https://t.me/{found[1]}/{found[2]}") if found else None
    if address is None or not address.is_post:
        return None
    links = _links(node, address)
    return Post(
        key=address.key,
        platform=TELEGRAM,
        kind=PostKind.POST,
        account=address.account,
        text=_text(node),
        status=PostStatus.LIVE,
        links=links,
        media=_videos(node),
        claims=_claims(node),
        spellings=_album(node, address),
    )


def _text(node: LexborNode) -> str | None:
    texts = node.css(".tgme_widget_message_text")[:_MOST_TEXTS]
    own = next((text for text in texts if not _inside_reply(text)), None)
    if own is None:
        return None
    for line_break in own.css("br"):
        line_break.replace_with("\n")
    return clean_text(own.text())


def _inside_reply(node: LexborNode) -> bool:
    """Tell whether a text is quoted from the post that is replied to, or nested beyond reason."""
    parent = node.parent
    for _ in range(_MOST_NESTED):
        if parent is None:
            return False
        if "tgme_widget_message_reply" in (parent.attributes.get("class") or ""):
            return True
        parent = parent.parent
    return True


def _links(node: LexborNode, address: Address) -> tuple[PostLink, ...]:
    found = Found(frozenset({address.key}))
    for selector, relation in (
        ("a.tgme_widget_message_forwarded_from_name[href]", LinkRelation.SHARES),
        ("a.tgme_widget_message_reply[href]", LinkRelation.REPLIES),
    ):
        for link in node.css(selector)[:5]:
            found.add_post(link.attributes.get("href"), relation)
    written = ".tgme_widget_message_text a[href], a.tgme_widget_message_link_preview[href]"
    for link in node.css(written)[:200]:
        found.add_mention(link.attributes.get("href"))
    return found.links


def _videos(node: LexborNode) -> tuple[MediaRef, ...]:
    """The files the page plays; their addresses are signed anew each time, their names are not."""
    refs: dict[str, MediaRef] = {}
    for video in node.css("video[src]")[:_MAX_VIDEOS]:
        url = web_url(video.attributes.get("src"))
        name = urlsplit(url).path.rpartition("/")[2] if url and address_of(url) else ""
        if url and name:
            refs.setdefault(name, MediaRef(url, "http", f"telegram:{name[:200]}"))
    return tuple(refs.values())


def _claims(node: LexborNode) -> tuple[TimeClaim, ...]:
    times = node.css(".tgme_widget_message_date time[datetime]")
    written = times[0].attributes.get("datetime") if times else None
    claim = parse_datetime_claim(
        written or "", ClaimKind.PLATFORM_REPORTED, ForgeableBy.PLATFORM, "telegram:datetime"
    )
    return (claim,) if claim is not None else ()


def _album(node: LexborNode, address: Address) -> tuple[str, ...]:
    """The pictures and videos of one post have numbers of their own, which lead to it as well."""
    keys: dict[PostKey, None] = {}
    for link in node.css(".tgme_widget_message_grouped_wrap a[href]")[:_MAX_VIDEOS]:
        other = address_of(link.attributes.get("href") or "")
        own_channel = address.key.rpartition("/")[0]
        if other is not None and other.is_post and other.key.rpartition("/")[0] == own_channel:
            keys[other.key] = None
    return tuple(key for key in keys if key != address.key)


def _item(post: Post) -> Item:
    claim = next(iter(post.claims), None)
    at = claim.interval.earliest_at if claim is not None else None
    return Item(int(post.key.rpartition("/")[2]), post, at)


def _older(page: HtmlPage, items: list[Item]) -> str | None:
    """The number below which older posts are listed, if the page says that there are any."""
    more = page.tree.css_first("a.tme_messages_more[data-before]")
    before = (more.attributes.get("data-before") or "") if more is not None else ""
    if not before.isdecimal() or len(before) > 15 or not items:
        return None
    return before if int(before) <= items[-1].order + 1 else None


def _channel_post(channel: str, page: Page) -> Post:
    return Post(
        key=canonical_url(f"https://t.me/s/{channel}"),
        platform=TELEGRAM,
        kind=PostKind.FEED,
        account=clean_account(channel),
        status=PostStatus.LIVE,
        links=tuple(PostLink(item.post.key, LinkRelation.LISTS) for item in page.items),
    )
