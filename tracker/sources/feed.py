"""RSS, Atom and RDF: a list of posts with the dates the feed gives them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO

import feedparser

from tracker.errors import SourceError
from tracker.model.capture import Exchange
from tracker.model.ids import PostKey
from tracker.model.post import LinkRelation, MediaRef, Post, PostKind, PostLink
from tracker.model.status import PostStatus
from tracker.model.time_claim import ClaimKind, ForgeableBy, TimeClaim, TimeInterval
from tracker.net.http import Response
from tracker.net.urls import WEB, canonical_url
from tracker.sources.article import read_links
from tracker.sources.clean import address_of, clean_account, clean_line, clean_text, web_url
from tracker.sources.found import MEDIA_PATH, Found, path_of
from tracker.sources.html_page import parse_html
from tracker.sources.ports import Polled
from tracker.timestamps.claims import parse_datetime_claim

MAX_ENTRIES = 500
MAX_FEED_BYTES = 20_000_000
_MAX_CONTENT_CHARS = 300_000
_MAX_URLS_AN_ENTRY = 20
_FEED_START = re.compile(rb"<(?:rss|feed|rdf:RDF|[a-z]{1,10}:feed)[\s>]", re.IGNORECASE)
_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/rdf+xml")
_HTML_START = re.compile(rb"\A\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE)

Entry = Mapping[str, object]


def is_feed(body: bytes, content_type: str | None) -> bool:
    """Tell from the first bytes and the content type whether an answer is a feed."""
    head = body[:4096]
    if _HTML_START.match(head):
        return False
    kind = (content_type or "").lower()
    return kind.startswith(_FEED_TYPES) or bool(_FEED_START.search(head))


def polled_feed(answer: Response) -> Polled:
    """Return what the feed in ``answer`` lists; nothing for an answer "not modified"."""
    headers = answer.headers
    entries: tuple[Post, ...] = ()
    if not answer.not_modified:
        entries = feed_entries(read_feed(answer.exchange), answer.exchange.final_url)
    return Polled(
        entries=entries,
        exchanges=(answer.exchange,),
        etag=headers.get("etag"),
        last_modified=headers.get("last-modified"),
        not_modified=answer.not_modified,
    )


def feed_post(exchange: Exchange) -> Post:
    """Return the feed itself as a post that lists its entries."""
    parsed = read_feed(exchange)
    entries = feed_entries(parsed, exchange.final_url)
    feed = parsed.get("feed")
    facts = feed if isinstance(feed, Mapping) else {}
    links = (PostLink(entry.key, LinkRelation.LISTS) for entry in entries)
    return Post(
        key=canonical_url(exchange.final_url),
        platform=WEB,
        kind=PostKind.FEED,
        account=clean_account(facts.get("author")),
        title=clean_line(facts.get("title")),
        status=PostStatus.LIVE,
        links=tuple(links),
        spellings=_other(exchange.requested_url, exchange.final_url),
    )


def read_feed(exchange: Exchange) -> Entry:
    """Return feedparser's reading of an answer; raise ``SourceError`` if it is no feed.

    A feed that is broken somewhere yields what can be read of it.
    """
    body = exchange.body
    if len(body) > MAX_FEED_BYTES:
        raise SourceError(f"the feed is larger than {MAX_FEED_BYTES // 1_000_000} MB")
    headers = {"content-type": exchange.content_type or "application/xml"}
    try:
        # A stream, never a string: feedparser would open a string as an address or a file.
        parsed = feedparser.parse(
            BytesIO(body),
            response_headers=headers,
            resolve_relative_uris=False,
            sanitize_html=False,  # it would take the embeds out; nothing of it is ever shown
        )
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as exc:
        raise SourceError(f"the feed cannot be read: {exchange.final_url}") from exc
    if not parsed.get("version") and not parsed.get("entries"):
        raise SourceError(f"not an RSS or Atom feed: {exchange.final_url}")
    return dict(parsed)


def feed_entries(parsed: Entry, base: str) -> tuple[Post, ...]:
    """Return the posts a feed lists, in its order, each address once."""
    posts: dict[PostKey, Post] = {}
    for entry in _mappings(parsed.get("entries"))[:MAX_ENTRIES]:
        # As a plain dict: feedparser's own answers `updated` with `published` and stumbles
        # over an enclosure without a relation.
        post = _entry_post(dict(entry.items()), base)
        if post is not None:
            posts.setdefault(post.key, post)
    return tuple(posts.values())


def _entry_post(entry: Entry, base: str) -> Post | None:
    media = _enclosures(entry, base)
    urls = [*_entry_urls(entry, base), *(ref.url for ref in media)]
    address = next((known for url in urls if (known := address_of(url))), None)
    if address is None:
        return None
    content = _content(entry)
    found = _content_links(content, urls[0], address.key)
    files = {canonical_url(ref.url): ref for ref in (*media, *found.media)}
    return Post(
        key=address.key,
        platform=address.platform,
        kind=PostKind.POST if address.is_post else PostKind.ARTICLE,
        account=address.account or clean_account(entry.get("author")),
        title=clean_line(entry.get("title")),
        text=clean_text(_plain(content)),
        links=tuple(link for link in found.links if _key(link.url) != address.key),
        media=tuple(files.values()),
        claims=tuple(_claims(entry)),
        spellings=_other(urls[0], address.key),
    )


def _entry_urls(entry: Entry, base: str) -> list[str]:
    """The entry's own address: its link, else a guid that is one."""
    stated: list[object] = [entry.get("feedburner_origlink"), entry.get("link")]
    stated += [
        link.get("href")
        for link in _mappings(entry.get("links"))
        if link.get("rel") in {"alternate", None}
    ]
    guid = entry.get("id")
    if isinstance(guid, str) and guid.startswith(("http://", "https://")):
        stated.append(guid)
    urls = (web_url(value, base) for value in stated)
    return list(dict.fromkeys(url for url in urls if url))[:_MAX_URLS_AN_ENTRY]


def _enclosures(entry: Entry, base: str) -> list[MediaRef]:
    links = _mappings(entry.get("links"))
    listed = [link for link in links if link.get("rel") == "enclosure"]
    listed += _mappings(entry.get("media_content"))
    refs: dict[PostKey, MediaRef] = {}
    for item in listed[:_MAX_URLS_AN_ENTRY]:
        url = web_url(item.get("href") or item.get("url"), base)
        address = address_of(url) if url else None
        if url is None or address is None or address.is_post:
            continue
        kind = str(item.get("type") or item.get("medium") or "").lower()
        if kind.startswith("video") or (not kind and MEDIA_PATH.search(path_of(address))):
            refs.setdefault(address.key, MediaRef(url, "http"))
    return list(refs.values())


def _content(entry: Entry) -> str:
    pieces = [item.get("value") for item in _mappings(entry.get("content"))]
    pieces.append(entry.get("summary"))
    texts = [piece for piece in pieces if isinstance(piece, str)]
    return max(texts, key=len, default="")[:_MAX_CONTENT_CHARS]


def _content_links(html: str, url: str, key: PostKey) -> Found:
    if "<" not in html and "http" not in html:
        return Found()
    try:
        return read_links(parse_html(html, url), frozenset({key}))
    except SourceError:  # built to exhaust a parser: the entry itself still counts
        return Found()


def _plain(html: str) -> str | None:
    if "<" not in html:
        return html
    try:
        body = parse_html(html, "").tree.body
    except SourceError:
        return None
    return body.text(separator=" ") if body is not None else None


def _claims(entry: Entry) -> Iterator[TimeClaim]:
    for name in ("published", "updated"):
        text = entry.get(name)
        if not isinstance(text, str):
            continue
        claim = parse_datetime_claim(
            text[:100], ClaimKind.FEED, ForgeableBy.PLATFORM, f"feed:{name}"
        )
        if claim is not None and name == "updated":
            upper = TimeInterval(None, claim.interval.latest_at)
            claim = TimeClaim(claim.kind, upper, claim.forgeable_by, claim.source)
        if claim is not None:
            yield claim


def _mappings(value: object) -> list[Entry]:
    items: Iterable[object] = value if isinstance(value, list) else ()
    return [item for item in items if isinstance(item, Mapping)]


def _key(url: str) -> PostKey | None:
    address = address_of(url)
    return address.key if address is not None else None


def _other(url: str, known: str) -> tuple[str, ...]:
    return (url,) if url != known else ()
