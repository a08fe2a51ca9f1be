"""Pages for the tests of the parsers."""

from __future__ import annotations

from tracker.model.post import Post
from tracker.net.urls import canonical_url
from tracker.sources.article import read_article

URL = "https://news.example/2024/story"


def page(body: str, head: str = "") -> str:
    """Return a whole page around ``body``."""
    return f"<!doctype html><html><head>{head}</head><body><article>{body}</article></body></html>"


def read(html: str, url: str = URL) -> Post:
    """Return the post that ``html`` makes."""
    return read_article(html.encode(), url, "text/html; charset=utf-8")


def links_of(body: str) -> list[tuple[str, str]]:
    """Return key and relation of every link in a page around ``body``."""
    return [(canonical_url(link.url), link.relation.value) for link in read(page(body)).links]
