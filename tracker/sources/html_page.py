"""Bytes in, HTML tree out: character set, base address, and bounds against hostile pages."""

from __future__ import annotations

import re
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from tracker.errors import SourceError
from tracker.net.http_headers import decode_text
from tracker.sources.clean import web_url, words

MAX_HTML_BYTES = 20_000_000
MAX_NESTING = 2000
MAX_ATTRIBUTES = 1000
_UTF8_DECLARED = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?\s*utf-?8", re.IGNORECASE)
_SNIFF_BYTES = 4096


@dataclass(frozen=True, slots=True)
class HtmlPage:
    """A parsed page. ``url`` is where it was found; ``base`` is what its links are relative to."""

    tree: LexborHTMLParser
    url: str
    base: str

    def resolve(self, value: object) -> str | None:
        """Return an address found in the page as an absolute one, or ``None``."""
        return web_url(value, self.base)

    def attribute(self, selector: str, name: str) -> str | None:
        """Return attribute ``name`` of the first element that matches and has it."""
        return next((value for value in self.attributes(selector, name)), None)

    def attributes(self, selector: str, name: str) -> list[str]:
        """Return the non-empty values of attribute ``name`` of all elements that match."""
        values = (node.attributes.get(name) for node in self.tree.css(selector))
        return [value.strip() for value in values if value and value.strip()]


def read_html(body: bytes, url: str, content_type: str | None = None) -> HtmlPage:
    """Return the page in ``body``, found at ``url`` (an http(s) address or a file URI).

    Raises ``SourceError`` for a page that is too large or built to exhaust a parser.
    """
    if len(body) > MAX_HTML_BYTES:
        raise SourceError(f"the page is larger than {MAX_HTML_BYTES // 1_000_000} MB: {url}")
    return parse_html(decode_html(body, content_type), url)


def parse_html(text: str, url: str) -> HtmlPage:
    """Return the page in ``text``; raise ``SourceError`` if it is built to exhaust a parser."""
    _check_shape(text, url)
    tree = LexborHTMLParser(text.replace("\x00", ""))
    base_node = tree.css_first("base[href]")
    href = base_node.attributes.get("href") if base_node else None
    return HtmlPage(tree, url, web_url(href, url) or url)


def decode_html(body: bytes, content_type: str | None = None) -> str:
    """Return ``body`` as text by its declared character set, else UTF-8, else Windows-1252.

    Bytes that fit no character become U+FFFD.
    """
    text = decode_text(body, content_type)
    if "\ufffd" not in text or text != body.decode("utf-8", "replace"):
        return text
    declared = (content_type or "").encode("utf-8", "replace") + b" " + body[:_SNIFF_BYTES]
    return text if _UTF8_DECLARED.search(declared) else body.decode("cp1252", "replace")


# The HTML algorithm takes time quadratic in the depth of open elements and in the attributes of
# one tag. No page people write comes near these bounds.
_ELEMENT = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]{0,30})(?=[\s/>])")
_SCRIPT_OR_COMMENT = re.compile(r"<script\b.*?</script|<!--.*?-->", re.DOTALL | re.IGNORECASE)
_LONG_TAG = re.compile(r"<[a-zA-Z](?:[^<>\"']|\"[^\"]*\"|'[^']*'){4000,}+")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_ATTRIBUTE = re.compile(r"[\s/\"'][^\s/\"'>=]")
_NOT_NESTING = words(
    "area base br col embed hr img input link meta param source track wbr p li dt dd tr td th "
    "thead tbody tfoot option optgroup a html head body path circle rect line polygon use "
    "stop image g"
)
_SMALL_PAGE_CHARS = 20_000


def _check_shape(text: str, url: str) -> None:
    if len(text) <= _SMALL_PAGE_CHARS:
        return
    if _is_harmless(text) or _is_harmless(_SCRIPT_OR_COMMENT.sub(" ", text)):
        return
    raise SourceError(f"the page is built to exhaust a parser and was not read: {url}")


def _is_harmless(text: str) -> bool:
    return _deepest(text) <= MAX_NESTING and _most_attributes(text) <= MAX_ATTRIBUTES


def _deepest(text: str) -> int:
    depth = deepest = 0
    for found in _ELEMENT.finditer(text):
        if found[2].lower() in _NOT_NESTING:
            continue
        depth = max(0, depth - 1) if found[1] else depth + 1
        deepest = max(deepest, depth)
    return deepest


def _most_attributes(text: str) -> int:
    return max(
        (
            len(_ATTRIBUTE.findall(_QUOTED.sub('""', found[0])))
            for found in _LONG_TAG.finditer(text)
        ),
        default=0,
    )


def ancestors(node: LexborNode, limit: int = 60) -> list[LexborNode]:
    """Return the elements around ``node``, nearest first, at most ``limit``."""
    found: list[LexborNode] = []
    parent = node.parent
    while parent is not None and len(found) < limit:
        found.append(parent)
        parent = parent.parent
    return found
