"""A page that is watched for what it lists: a section front, a channel's page, a live blog."""

from __future__ import annotations

from urllib.parse import urlsplit

from tracker.model.ids import PostKey
from tracker.model.post import Post, PostKind
from tracker.sources.article import read_links
from tracker.sources.article_text import is_chrome
from tracker.sources.clean import address_of, clean_line
from tracker.sources.found import is_media_path
from tracker.sources.html_page import HtmlPage, ancestors, read_html

MAX_ENTRIES = 200
_MAX_ANCHORS = 5000
_MIN_HEADLINE_WORDS = 4


def listed_by_page(body: bytes, url: str, content_type: str | None = None) -> tuple[Post, ...]:
    """Return the posts a page lists: those it embeds or links, then its own site's articles.

    An article is told by its headline, a link of at least four words outside navigation.
    Raises ``SourceError`` for a page that cannot be read.
    """
    page = read_html(body, url, content_type)
    own = address_of(url)
    found = read_links(page)
    posts: dict[PostKey, Post] = {}
    for url in (*(link.url for link in found.links), *(ref.url for ref in found.media)):
        _add(posts, url, None)
    for href, headline in _headlines(page):
        _add(posts, href, headline)
    if own is not None:
        posts.pop(own.key, None)
    return tuple(posts.values())[:MAX_ENTRIES]


def _headlines(page: HtmlPage) -> list[tuple[str, str]]:
    host = urlsplit(page.url).netloc
    found = []
    for node in page.tree.css("a[href]")[:_MAX_ANCHORS]:
        url = page.resolve(node.attributes.get("href"))
        text = clean_line(node.text())
        if url is None or text is None or urlsplit(url).netloc != host:
            continue
        if len(text.split()) < _MIN_HEADLINE_WORDS or urlsplit(url).path in {"", "/"}:
            continue
        if not any(is_chrome(parent) for parent in ancestors(node)):
            found.append((url, text))
    return found


def _add(posts: dict[PostKey, Post], url: str, title: str | None) -> None:
    address = address_of(url)
    if address is None:
        return
    is_single = address.is_post or is_media_path(url)
    kind = PostKind.POST if is_single else PostKind.ARTICLE
    listed = Post(address.key, address.platform, kind, account=address.account, title=title)
    posts.setdefault(address.key, listed)
