"""An HTML page in, a post out: what it shows, links, says about itself and attributes to others.

Pure functions from bytes to values; the network is the registry's.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from urllib.parse import urlsplit

from tracker.model.ids import Platform, PostKey
from tracker.model.post import Lead, LinkRelation, Post, PostKind
from tracker.model.status import PostStatus
from tracker.model.time_claim import TimeClaim
from tracker.net.urls import Address, canonical_url
from tracker.sources.article_facts import PageFacts, collect_declared_videos, read_facts
from tracker.sources.article_text import Paragraph, paragraphs_of
from tracker.sources.clean import address_of, clean_text, urls_in_text
from tracker.sources.embeds import collect_embeds, collect_video_tags
from tracker.sources.found import Found
from tracker.sources.html_page import HtmlPage, read_html
from tracker.sources.json_ld import read_json_ld
from tracker.sources.leads import find_leads

_MIN_ARTICLE_CHARS = 200


def read_article(
    body: bytes, url: str, content_type: str | None = None, *, requested_url: str | None = None
) -> Post:
    """Return the post that the page in ``body``, found at the http(s) address ``url``, makes.

    ``requested_url`` is where the reader was sent from, if that was another address. Raises
    ``SourceError`` for a page that cannot be read at all.
    """
    page = read_html(body, url, content_type)
    return article_post(page, canonical_url(url), requested_url=requested_url)


def article_post(page: HtmlPage, key: PostKey, *, requested_url: str | None = None) -> Post:
    """Return the post that a parsed page makes, under the name ``key``."""
    data = read_json_ld(page)
    facts = read_facts(page, data)
    spellings = _spellings(page.url, key, requested_url, facts.canonical)
    paragraphs = paragraphs_of(page)
    found = Found(_keys((page.url, *spellings)))
    collect_declared_videos(page, data, found)
    collect_video_tags(page, found)
    collect_embeds(page, found)
    _collect_written(paragraphs, found)
    return _post(key, spellings, page, facts, paragraphs, found)


def read_links(page: HtmlPage, own: frozenset[PostKey] = frozenset()) -> Found:
    """Return what a piece of HTML without a head of its own shows and links, save ``own``."""
    found = Found(own)
    collect_video_tags(page, found)
    collect_embeds(page, found)
    _collect_written(paragraphs_of(page), found)
    return found


def _post(
    key: PostKey,
    spellings: tuple[str, ...],
    page: HtmlPage,
    facts: PageFacts,
    paragraphs: tuple[Paragraph, ...],
    found: Found,
) -> Post:
    address = address_of(page.url)
    is_post = address is not None and address.is_post
    return Post(
        key=key,
        platform=address.platform if address else Platform("web"),
        kind=PostKind.POST if is_post else PostKind.ARTICLE,
        account=(address.account if address and is_post else None) or facts.account,
        title=facts.title,
        text=text_of(paragraphs),
        status=PostStatus.LIVE,
        links=found.links,
        media=found.media,
        claims=facts.claims,
        leads=leads_of(paragraphs, key, facts.claims, found),
        spellings=spellings,
    )


def has_content(post: Post) -> bool:
    """Tell whether a page said anything: a video, a pointer, a lead, or text to read."""
    shows = post.media or post.links or post.leads
    return bool(shows) or len(post.text or "") >= _MIN_ARTICLE_CHARS


def text_of(paragraphs: tuple[Paragraph, ...]) -> str | None:
    """Return the paragraphs as one text, an empty line between them."""
    return clean_text("\n\n".join(part.text for part in paragraphs if part.text))


def leads_of(
    paragraphs: tuple[Paragraph, ...],
    source_url: str,
    claims: tuple[TimeClaim, ...],
    found: Found,
) -> tuple[Lead, ...]:
    """Return what the text attributes to accounts, without what the page itself links or shows."""
    linked = {
        (address.platform, (address.account or "").casefold())
        for link in found.links
        if (address := address_of(link.url)) is not None and address.is_post
    }
    leads = find_leads(text_of(paragraphs) or "", source_url, published_day(claims))
    shown = list(_shown(paragraphs))
    return tuple(
        lead
        for lead in leads
        if (lead.platform, lead.account.removeprefix("@").casefold()) not in linked
        and not any(
            lead.platform in platforms and lead.text[:100] in text for text, platforms in shown
        )
    )


def _shown(paragraphs: tuple[Paragraph, ...]) -> Iterable[tuple[str, frozenset[Platform]]]:
    """Each paragraph with the platforms of the posts it links or that are embedded right below."""
    for index, paragraph in enumerate(paragraphs):
        hrefs = list(paragraph.hrefs)
        for after in paragraphs[index + 1 : index + 2]:
            hrefs += after.hrefs if after.embed else ()
        addresses = (address_of(href) for href in (*hrefs, *urls_in_text(paragraph.text)))
        platforms = frozenset(a.platform for a in addresses if a is not None and a.is_post)
        if platforms:
            yield paragraph.text, platforms


def published_day(claims: tuple[TimeClaim, ...]) -> date | None:
    """Return the day the page was published, from its first claim with a beginning."""
    for claim in claims:
        interval = claim.interval
        if interval.earliest_at is not None and interval.latest_at is not None:
            return (interval.earliest_at + (interval.latest_at - interval.earliest_at) / 2).date()
    return None


def _collect_written(paragraphs: tuple[Paragraph, ...], found: Found) -> None:
    """Posts whose address is written out in the text, with no link behind it."""
    for paragraph in paragraphs:
        if "http" in paragraph.text:
            for url in urls_in_text(paragraph.text):
                found.add_post(url, LinkRelation.LINKS)


def _spellings(
    url: str, key: PostKey, requested_url: str | None, canonical: tuple[str, ...]
) -> tuple[str, ...]:
    """Other addresses of the page. One that was sent on to a front page is none of them."""
    others = [url, *canonical] if url.startswith("http") else []
    if requested_url is not None and not _gone_to_front_page(requested_url, url):
        others.insert(0, requested_url)
    return tuple(dict.fromkeys(other for other in others if other != key))


def _gone_to_front_page(requested_url: str, url: str) -> bool:
    return urlsplit(url).path in {"", "/"} and urlsplit(requested_url).path not in {"", "/"}


def _keys(urls: Iterable[str]) -> frozenset[PostKey]:
    addresses: Iterable[Address | None] = (address_of(url) for url in urls)
    return frozenset(address.key for address in addresses if address is not None)
