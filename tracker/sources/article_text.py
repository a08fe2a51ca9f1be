"""The readable text of a page, paragraph by paragraph, without navigation and embeds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from selectolax.lexbor import LexborNode

from tracker.sources.clean import MAX_TEXT_CHARS, clean_line, words
from tracker.sources.html_page import HtmlPage

_BLOCKS = words(
    "address article aside blockquote body br caption dd details div dl dt fieldset figcaption "
    "figure footer form h1 h2 h3 h4 h5 h6 header hr html li main nav ol p pre section summary "
    "table tbody td tfoot th thead tr ul"
)
_SILENT = words(
    "script style noscript template head svg math button select option textarea iframe object "
    "video audio canvas nav footer form label"
)
_MAIN = ("article", "main", "[role=main]", "[itemprop=articleBody]")
_MIN_MAIN_CHARS = 200
_MAX_DEPTH = 200
_MAX_PARAGRAPHS = 5000

# Class names and ids of blocks that stand on every page of a site, or invite to share this one.
_CHROME = re.compile(
    r"(?:^|[\s_-])(?:share|sharing|sharebar|sharethis|addtoany|follow|followus|nav|navbar|"
    r"navigation|menu|breadcrumbs?|footer|site-footer|social-(?:links|icons|media|nav|buttons)|"
    r"cookie-(?:banner|notice|consent))(?=$|[\s_-])",
    re.IGNORECASE,
)
_EMBED_CLASS = re.compile(
    r"(?:^|[\s_-])(?:twitter-(?:tweet|video)|instagram-media|tiktok-embed|bluesky-embed|"
    r"mastodon-embed|reddit-(?:embed-bq|card)|text-post-media|fb-(?:post|video)|"
    r"wp-embedded-content|telegram-post|truthsocial-embed|gab-embed)(?=$|[\s_-])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One block of text. ``hrefs`` are the raw targets of the links inside it.

    ``embed`` is True for the empty paragraph that stands where a post or player was embedded;
    ``hrefs`` then holds what its element names.
    """

    text: str
    hrefs: tuple[str, ...] = ()
    embed: bool = False


def is_chrome(node: LexborNode) -> bool:
    """Tell whether ``node`` itself is navigation, a footer or a row of share buttons."""
    if node.tag in {"nav", "footer"}:
        return True
    attributes = node.attributes
    if attributes.get("role") in {"navigation", "contentinfo"}:
        return True
    names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}"
    # <body class="has-navigation">: says what the page has, not what this is.
    return node.tag not in {"html", "body", "main", "article"} and bool(_CHROME.search(names))


def is_embed_block(node: LexborNode) -> bool:
    """Tell whether ``node`` is the stand-in that a platform's embed code leaves in a page."""
    return bool(_EMBED_CLASS.search(node.attributes.get("class") or ""))


def paragraphs_of(page: HtmlPage) -> tuple[Paragraph, ...]:
    """Return the paragraphs of the page's main part, in order, in bounded number and length."""
    body = page.tree.body
    for selector in _MAIN:
        node = page.tree.css_first(selector)
        if node is not None:
            found = _collect(node)
            if sum(len(paragraph.text) for paragraph in found) >= _MIN_MAIN_CHARS:
                return found
    return _collect(body) if body is not None else ()


def _collect(root: LexborNode) -> tuple[Paragraph, ...]:
    found: list[Paragraph] = []
    chars = 0
    for paragraph in _Walk().paragraphs(root):
        found.append(paragraph)
        chars += len(paragraph.text)
        if chars > MAX_TEXT_CHARS or len(found) >= _MAX_PARAGRAPHS:
            break
    return tuple(found)


class _Walk:
    """Goes through the tree once with its own stack, so that depth costs no recursion."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._hrefs: list[str] = []

    def paragraphs(self, root: LexborNode) -> Iterator[Paragraph]:
        """Yield a paragraph whenever a block begins or ends."""
        stack: list[tuple[LexborNode | None, int]] = [(root, 0)]
        while stack:
            node, depth = stack.pop()
            if node is None:  # the end of a block
                yield from self._flush()
                continue
            if node.tag == "-text":
                self._pieces.append(node.text_content or "")
                continue
            if self._embeds(node):
                yield from self._flush()
                yield Paragraph("", _targets(node), embed=True)
                continue
            if self._is_silent(node) or depth > _MAX_DEPTH:
                continue
            if node.tag in _BLOCKS:
                yield from self._flush()
                stack.append((None, depth))
            self._note_link(node)
            stack.extend((child, depth + 1) for child in reversed(_children(node)))
        yield from self._flush()

    def _embeds(self, node: LexborNode) -> bool:
        return node.tag == "iframe" or (node.tag != "-text" and is_embed_block(node))

    def _is_silent(self, node: LexborNode) -> bool:
        tag = node.tag or "-"
        return tag.startswith("-") or tag in _SILENT or is_chrome(node)

    def _note_link(self, node: LexborNode) -> None:
        href = node.attributes.get("href") if node.tag == "a" else None
        if href:
            self._hrefs.append(href)

    def _flush(self) -> Iterator[Paragraph]:
        text = clean_line("".join(self._pieces), MAX_TEXT_CHARS)
        if text:
            yield Paragraph(text, tuple(self._hrefs))
        self._pieces, self._hrefs = [], []


def _children(node: LexborNode) -> list[LexborNode]:
    return list(node.iter(include_text=True))


def _targets(node: LexborNode) -> tuple[str, ...]:
    values = [node.attributes.get(name) for name in ("src", "data-src", "cite", "data-href")]
    values += [anchor.attributes.get("href") for anchor in node.css("a[href]")]
    values += [node.attributes.get("data-instgrm-permalink")]
    return tuple(value for value in values if value)
