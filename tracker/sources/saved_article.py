"""A page somebody saved: an .html or .txt file, under the page's own address where it says so."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from tracker.errors import SourceError
from tracker.model.ids import Platform, PostKey
from tracker.model.post import LinkRelation, Post, PostKind
from tracker.model.status import PostStatus
from tracker.net.urls import canonical_url
from tracker.sources.article import article_post, leads_of, text_of
from tracker.sources.article_facts import canonical_urls
from tracker.sources.article_text import Paragraph
from tracker.sources.clean import MAX_TEXT_CHARS, clean_line, urls_in_text, web_url
from tracker.sources.found import Found, is_media_path
from tracker.sources.html_page import MAX_HTML_BYTES, HtmlPage, decode_html, read_html

HTML_SUFFIXES = frozenset({".html", ".htm", ".xhtml", ".shtml"})
TEXT_SUFFIXES = frozenset({".txt", ".text", ".md"})
# What browsers and SingleFile write at the top of a page they save.
_SAVED_FROM = re.compile(
    r"saved (?:from url=\(\d{1,6}\)|with SingleFile\s+url:\s*)(https?://[^\s<>\"]{4,4000})"
)
_HEAD_CHARS = 5000
_MAX_PARAGRAPHS = 5000


def read_saved(path: Path, uri: str) -> tuple[Post, bytes]:
    """Return the post in a saved page, and the file's bytes.

    Raises ``SourceError`` for a file that is too large or cannot be read.
    """
    body = _read(path)
    if path.suffix.lower() in TEXT_SUFFIXES:
        return read_saved_text(body, uri), body
    return read_saved_html(body, uri), body


def read_saved_html(body: bytes, uri: str) -> Post:
    """Return the post of a saved page; its key is the page's own address, else ``uri``."""
    page = read_html(body, uri)
    original = _saved_from(body) or next(iter(canonical_urls(page)), None)
    if original is None:
        return replace(article_post(page, PostKey(uri)), status=PostStatus.UNKNOWN)
    base = page.base if page.base.startswith("http") else original
    home = HtmlPage(page.tree, original, base)
    post = article_post(home, canonical_url(original))
    return replace(post, status=PostStatus.UNKNOWN)


def read_saved_text(body: bytes, uri: str) -> Post:
    """Return the post of an article saved as plain text, named by ``uri``.

    Addresses written in it become links (posts) and media (video files); accounts it only
    names become leads.
    """
    paragraphs = _paragraphs(decode_html(body))
    found = Found()
    for paragraph in paragraphs:
        for url in urls_in_text(paragraph.text):
            if not found.add_post(url, LinkRelation.LINKS) and is_media_path(url):
                found.add_video(url)
    return Post(
        key=PostKey(uri),
        platform=Platform("web"),
        kind=PostKind.ARTICLE,
        title=clean_line(paragraphs[0].text) if paragraphs else None,
        text=text_of(paragraphs),
        links=found.links,
        media=found.media,
        leads=leads_of(paragraphs, uri, (), found),
    )


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            body = file.read(MAX_HTML_BYTES + 1)
    except OSError as exc:
        raise SourceError(f"cannot read {path}: {exc.strerror}") from exc
    if len(body) > MAX_HTML_BYTES:
        raise SourceError(f"{path} is larger than {MAX_HTML_BYTES // 1_000_000} MB")
    return body


def _saved_from(body: bytes) -> str | None:
    found = _SAVED_FROM.search(body[:_HEAD_CHARS].decode("utf-8", "replace"))
    url = web_url(found[1]) if found else None
    try:
        return url if url is not None and canonical_url(url) else None
    except SourceError:
        return None


def _paragraphs(text: str) -> tuple[Paragraph, ...]:
    """Every line a paragraph: saved pages keep no others, and leads are found in sentences."""
    lines = (clean_line(line, MAX_TEXT_CHARS) for line in text.splitlines())
    return tuple(Paragraph(line) for line in lines if line)[:_MAX_PARAGRAPHS]
