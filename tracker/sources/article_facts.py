"""What a page says about itself: title, publisher, dates, other addresses, declared videos."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from selectolax.lexbor import LexborNode

from tracker.model.post import LinkRelation
from tracker.model.time_claim import ClaimKind, ForgeableBy, TimeClaim, TimeInterval
from tracker.sources.article_text import is_embed_block
from tracker.sources.clean import address_of, clean_account, clean_line
from tracker.sources.found import Found
from tracker.sources.html_page import HtmlPage, ancestors
from tracker.sources.json_ld import JsonLd, texts
from tracker.timestamps.claims import parse_datetime_claim

_MAX_CLAIMS = 20
_PUBLISHED_META = (
    "article:published_time",
    "og:article:published_time",
    "datepublished",
    "date",
    "dc.date",
    "dc.date.issued",
    "dcterms.created",
    "dcterms.issued",
    "dcterms.date",
    "parsely-pub-date",
    "sailthru.date",
    "pubdate",
    "publishdate",
    "publish-date",
    "publication_date",
    "cxenseparse:recs:publishtime",
    "video:release_date",
    "ya:ovs:upload_date",
)
_MODIFIED_META = (
    "article:modified_time",
    "og:updated_time",
    "datemodified",
    "dcterms.modified",
    "last-modified",
    "lastmod",
)
_VIDEO_META = ("og:video:secure_url", "og:video:url", "og:video", "twitter:player:stream")
_PLAYER_META = ("twitter:player",)
_TIME_CLASS = re.compile(r"publish|pubdate|posted|entry-date|dateline|timestamp", re.IGNORECASE)
_IDENTITY_PARAMETER = re.compile(r"(?:[a-z_]*id|p|v|n|no|article|story|item|news)\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What the page's metadata says. ``canonical`` are its own other addresses."""

    title: str | None
    account: str | None
    canonical: tuple[str, ...]
    claims: tuple[TimeClaim, ...]


def read_facts(page: HtmlPage, data: JsonLd) -> PageFacts:
    """Return what ``page`` says about itself; ``data`` is its JSON-LD."""
    meta = meta_of(page)
    canonical = canonical_urls(page)
    articles = _own_articles(data, page, canonical)
    return PageFacts(
        title=_title(page, meta, articles),
        account=_account(meta, articles, () if articles else data.videos),
        canonical=canonical,
        claims=tuple(_distinct(_claims(page, meta, articles, data)))[:_MAX_CLAIMS],
    )


def meta_of(page: HtmlPage) -> Mapping[str, tuple[str, ...]]:
    """Return the contents of the page's ``<meta>`` elements by lower-case name or property."""
    found: dict[str, tuple[str, ...]] = {}
    for node in page.tree.css("meta[content]")[:2000]:
        attributes = node.attributes
        content = (attributes.get("content") or "").strip()
        for kind in ("property", "name", "itemprop"):
            name = (attributes.get(kind) or "").strip().lower()
            if name and content and len(found.get(name, ())) < 20:
                found[name] = (*found.get(name, ()), content)
    return found


def canonical_urls(page: HtmlPage) -> tuple[str, ...]:
    """Return the addresses the page gives as its own, as far as they may be believed.

    Only those on the page's own host count, and none that points at the front page or drops a
    parameter that tells pages apart: both are common mistakes that would make many pages one.
    """
    stated = page.attributes('link[rel~="canonical" i]', "href")[:2]
    stated += page.attributes('meta[property="og:url" i]', "content")[:2]
    stated += page.attributes('link[rel~="shortlink" i]', "href")[:1]
    urls = (page.resolve(value) for value in stated)
    return tuple(dict.fromkeys(url for url in urls if url and _is_same_page(url, page.url)))


def _is_same_page(stated: str, url: str) -> bool:
    if address_of(stated) is None:
        return False
    theirs, ours = urlsplit(stated), urlsplit(url)
    if ours.scheme == "file":
        return len(theirs.path) > 1 or bool(theirs.query)
    if _bare_host(theirs.hostname) != _bare_host(ours.hostname) or theirs.port != ours.port:
        return False
    if theirs.path in {"", "/"} and not theirs.query:
        return ours.path in {"", "/"} and not ours.query
    return _identity(theirs.query) == _identity(ours.query) or theirs.path != ours.path


def _bare_host(host: str | None) -> str:
    return (host or "").removeprefix("www.").removeprefix("m.").removeprefix("amp.")


def _identity(query: str) -> frozenset[tuple[str, str]]:
    pairs = parse_qsl(query, max_num_fields=None) if query.count("&") < 200 else []
    return frozenset(pair for pair in pairs if _IDENTITY_PARAMETER.match(pair[0]))


def _own_articles(
    data: JsonLd, page: HtmlPage, canonical: tuple[str, ...]
) -> tuple[Mapping[str, object], ...]:
    """The objects about this very page: those that name its address, else the first one."""
    own = {_key(url) for url in (page.url, *canonical)} - {None}
    named = [
        item
        for item in data.articles
        if any(
            _key(page.resolve(text)) in own
            for name in ("url", "@id", "mainEntityOfPage")
            for text in texts(item.get(name))
        )
    ]
    return tuple(named or data.articles[:1])


def _key(url: str | None) -> str | None:
    address = address_of(url) if url else None
    return address.key if address else None


def _title(
    page: HtmlPage, meta: Mapping[str, tuple[str, ...]], articles: tuple[Mapping[str, object], ...]
) -> str | None:
    stated = [text for item in articles for text in texts(item.get("headline"))]
    stated += [*meta.get("og:title", ()), *meta.get("twitter:title", ())]
    stated += [node.text() for node in page.tree.css("head > title, h1")[:2]]
    return next((line for text in stated if (line := clean_line(text))), None)


def _account(
    meta: Mapping[str, tuple[str, ...]],
    articles: tuple[Mapping[str, object], ...],
    videos: tuple[Mapping[str, object], ...],
) -> str | None:
    """The publisher, for an article's upload is its publisher's; failing that, the author.

    On a page that is no article but shows one video, whoever the video names as its author.
    """
    stated = [
        text
        for item in (videos if len(videos) == 1 else ())
        for role in ("author", "creator", "contributor")
        for text in texts(item.get(role))
    ]
    stated += [text for item in articles for text in texts(item.get("publisher"))]
    stated += [*meta.get("og:site_name", ()), *meta.get("twitter:site", ())]
    stated += [text for item in articles for text in texts(item.get("author"))]
    stated += [*meta.get("author", ()), *meta.get("article:author", ())]
    names = (clean_account(text) for text in stated if not text.startswith(("http", "#")))
    return next((name for name in names if name), None)


def _claims(
    page: HtmlPage,
    meta: Mapping[str, tuple[str, ...]],
    articles: tuple[Mapping[str, object], ...],
    data: JsonLd,
) -> Iterator[TimeClaim | None]:
    published = list(_published(meta, articles or data.pages[:1]))
    yield from published
    yield from _modified(meta, articles or data.pages[:1])
    if published:
        return
    # Of several videos nothing tells which is the page's own; of one, its date is better than none.
    if len(data.videos) == 1:
        for text in texts(data.videos[0].get("uploadDate"))[:1]:
            yield _claim(text, "jsonld:uploadDate")
    yield _time_element(page)


def _published(
    meta: Mapping[str, tuple[str, ...]], objects: tuple[Mapping[str, object], ...]
) -> Iterator[TimeClaim]:
    stated = [
        (text, "jsonld:datePublished")
        for item in objects
        for text in texts(item.get("datePublished") or item.get("dateCreated"))[:1]
    ]
    stated += [
        (text, f"meta:{name}") for name in _PUBLISHED_META for text in meta.get(name, ())[:1]
    ]
    claims = (_claim(text, source) for text, source in stated)
    yield from (claim for claim in claims if claim is not None)


def _modified(
    meta: Mapping[str, tuple[str, ...]], objects: tuple[Mapping[str, object], ...]
) -> Iterator[TimeClaim | None]:
    for item in objects:
        for text in texts(item.get("dateModified"))[:1]:
            yield _upper_bound(_claim(text, "jsonld:dateModified"))
    for name in _MODIFIED_META:
        for text in meta.get(name, ())[:1]:
            yield _upper_bound(_claim(text, f"meta:{name}"))


def _claim(text: str, source: str) -> TimeClaim | None:
    kind, forger = ClaimKind.PAGE_METADATA, ForgeableBy.PLATFORM
    return parse_datetime_claim(text[:100], kind, forger, source)


def _upper_bound(claim: TimeClaim | None) -> TimeClaim | None:
    """A page that was changed at a time was published by then; since when, it does not say."""
    if claim is None:
        return None
    interval = TimeInterval(None, claim.interval.latest_at)
    return TimeClaim(claim.kind, interval, claim.forgeable_by, claim.source)


def _time_element(page: HtmlPage) -> TimeClaim | None:
    """The ``<time>`` of the article's head. Those of comments and lists of others do not count."""
    marked = page.tree.css('time[itemprop="datePublished"][datetime], time[pubdate][datetime]')
    for node in (*marked[:3], *page.tree.css("article time[datetime], main time[datetime]")[:10]):
        names = f"{node.attributes.get('class') or ''} {node.attributes.get('itemprop') or ''}"
        is_own = bool(_TIME_CLASS.search(names)) or _in_head_of_article(node)
        if is_own and not any(is_embed_block(parent) for parent in ancestors(node, 8)):
            return _claim(node.attributes.get("datetime") or "", "html:time")
    return None


def _in_head_of_article(node: LexborNode) -> bool:
    return any(parent.tag in {"header", "h1"} for parent in ancestors(node, 6))


def _distinct(claims: Iterator[TimeClaim | None]) -> Iterator[TimeClaim]:
    """Leave out what says the same: sites repeat one date in five places."""
    seen: set[TimeInterval] = set()
    for claim in claims:
        if claim is not None and claim.interval not in seen:
            seen.add(claim.interval)
            yield claim


def collect_declared_videos(page: HtmlPage, data: JsonLd, found: Found) -> None:
    """Add the videos that the page's metadata names as its own."""
    for item in data.videos:
        _video_object(page, item, found)
    _microdata_videos(page, found)
    _meta_videos(page, meta_of(page), found)


def _video_object(page: HtmlPage, item: Mapping[str, object], found: Found) -> None:
    files = [page.resolve(text) for text in texts(item.get("contentUrl"))]
    taken = [found.add_video(url) for url in files if url]
    players = [page.resolve(text) for text in texts(item.get("embedUrl"))]
    for url in players:
        if url and not found.add_post(url, LinkRelation.EMBEDS) and not any(taken):
            found.add_page(url, LinkRelation.EMBEDS)


def _microdata_videos(page: HtmlPage, found: Found) -> None:
    for scope in page.tree.css('[itemtype*="schema.org/VideoObject" i]')[:50]:
        item: dict[str, list[str]] = {"contentUrl": [], "embedUrl": []}
        for node in scope.css('[itemprop="contentUrl" i], [itemprop="embedUrl" i]')[:20]:
            names = node.attributes
            value = names.get("content") or names.get("href") or names.get("src")
            name = "contentUrl" if (names.get("itemprop") or "").lower()[0] == "c" else "embedUrl"
            if value:
                item[name].append(value)
        _video_object(page, item, found)


def _meta_videos(page: HtmlPage, meta: Mapping[str, tuple[str, ...]], found: Found) -> None:
    kinds = " ".join(meta.get("og:video:type", ())).lower()
    is_player = "html" in kinds and "mp4" not in kinds
    for name in _VIDEO_META:
        for text in meta.get(name, ()):
            url = page.resolve(text)
            if url is None or ".swf" in url.lower():
                continue
            if is_player and name.startswith("og:"):
                found.add_page(url, LinkRelation.EMBEDS)
            else:
                found.add_video(url)
    for name in _PLAYER_META:
        for text in meta.get(name, ()):
            found.add_post(page.resolve(text), LinkRelation.EMBEDS)
