"""Finds the posts and videos that a page shows or links, in every form sites embed them.

The elements are visited once, in the page's order. Whether an address is a post is told by its
form (``tracker.net.urls``); this module only knows where pages hide addresses.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping

from selectolax.lexbor import LexborNode

from tracker.errors import SourceError
from tracker.model.post import LinkRelation
from tracker.sources.article_text import is_chrome, is_embed_block
from tracker.sources.clean import urls_in_text
from tracker.sources.found import Found, is_media_path
from tracker.sources.html_page import HtmlPage, ancestors, parse_html
from tracker.sources.players import looks_like_player

_EMBEDS = LinkRelation.EMBEDS
_LINKS = LinkRelation.LINKS

# Attributes that name one post, and how its address is made of their value. Lazy loaders,
# consent walls and AMP keep them where the plain embed had a src.
_ATTRIBUTE_FORMS: Mapping[str, str] = {
    "data-instgrm-permalink": "{}",
    "data-bluesky-uri": "{}",
    "data-embed-url": "{}",
    "data-oembed-url": "{}",
    "data-text-post-permalink": "{}",
    "data-post-url": "{}",
    "data-tweet-url": "{}",
    "data-telegram-post": "https://t.me/{}",
    "data-tweet-id": "https://x.com/i/status/{}",
    "data-tweetid": "https://x.com/i/status/{}",
    "data-youtube-id": "https://www.youtube.com/watch?v={}",
    "data-youtube": "https://www.youtube.com/watch?v={}",
    "data-vimeo-id": "https://vimeo.com/{}",
}
# The same for attributes whose meaning hangs on the element they stand on.
_TAG_FORMS: Mapping[tuple[str, str], str] = {
    ("amp-youtube", "data-videoid"): "https://www.youtube.com/watch?v={}",
    ("amp-vimeo", "data-videoid"): "https://vimeo.com/{}",
    ("amp-dailymotion", "data-videoid"): "https://www.dailymotion.com/video/{}",
    ("amp-instagram", "data-shortcode"): "https://www.instagram.com/p/{}/",
    ("amp-facebook", "data-href"): "{}",
    ("amp-reddit", "data-src"): "{}",
    ("amp-tiktok", "data-src"): "{}",
    ("amp-bluesky", "data-uri"): "{}",
    ("amp-iframe", "src"): "{}",
    ("amp-video-iframe", "src"): "{}",
    ("lite-youtube", "videoid"): "https://www.youtube.com/watch?v={}",
    ("lite-vimeo", "videoid"): "https://vimeo.com/{}",
    ("youtube-video", "src"): "{}",
    ("vimeo-video", "src"): "{}",
    ("oembed", "url"): "{}",
    ("embed", "src"): "{}",
    ("object", "data"): "{}",
}
_FRAME_SOURCES = (
    "src",
    "data-src",
    "data-lazy-src",
    "data-lazyload",
    "data-original",
    "data-url",
    "data-iframe-src",
    "data-cookieblock-src",
    "data-src-cmplz",
    "data-cmplz-src",
    "data-litespeed-src",
    "data-consent-src",
    "data-cmp-src",
    "data-embed-src",
)
_FRAGMENTS = ("srcdoc", "data-embed-html", "data-oembed-html", "data-html", "data-embed-code")
_VK_POST = re.compile(r"vk_post_(-?\d{1,20})_(\d{1,20})")
_DIGITS = re.compile(r"\d{5,25}\Z")
_MARKUP = re.compile(r"<(?:iframe|blockquote|video|amp-)", re.IGNORECASE)

_SELECTOR = ", ".join(
    [
        "a[href], iframe, amp-iframe, amp-video-iframe, blockquote, figure, script, template",
        "[class*=wp-block-embed], [class*=fb-post], [class*=fb-video], [id^=vk_post_], amp-tiktok",
        *(f"[{name}]" for name in (*_ATTRIBUTE_FORMS, *_FRAGMENTS)),
        *(f"{tag}[{name}]" for tag, name in _TAG_FORMS),
    ]
)
_MAX_ELEMENTS = 50_000
_MAX_FRAGMENT_CHARS = 200_000
_MAX_FRAGMENTS = 50
_MAX_FRAGMENT_DEPTH = 2


def collect_embeds(page: HtmlPage, found: Found) -> None:
    """Add to ``found`` every post and player that ``page`` embeds or links."""
    _Reader(page, found, depth=0).read()


class _Reader:
    """Visits one page, or a piece of one that was kept in an attribute."""

    def __init__(self, page: HtmlPage, found: Found, depth: int) -> None:
        self._page = page
        self._found = found
        self._depth = depth
        self._fragments = 0
        self._chrome: dict[int, bool] = {}
        self._readers: Mapping[str, Callable[[LexborNode], None]] = {
            "a": self._anchor,
            "iframe": self._frame,
            "amp-iframe": self._frame,
            "amp-video-iframe": self._frame,
            "blockquote": self._quotation,
            "figure": self._citation,
            "script": self._script,
            "template": self._template,
        }

    def read(self) -> None:
        """Visit every element that may point at a post."""
        for count, node in enumerate(self._page.tree.css(_SELECTOR)):
            if count >= _MAX_ELEMENTS:
                break
            tag = node.tag
            if tag is None:
                continue
            self._named(node)
            if reader := self._readers.get(tag):
                reader(node)

    def _named(self, node: LexborNode) -> None:
        """Addresses in attributes, whatever the element."""
        attributes = node.attributes
        for name, value in attributes.items():
            if not value:
                continue
            form = _ATTRIBUTE_FORMS.get(name) or _TAG_FORMS.get((str(node.tag), name))
            if form is not None:
                self._found.add_post(self._filled(form, value.strip()), _EMBEDS)
            elif name in _FRAGMENTS:
                self._fragment(value)
        self._by_class(node, attributes)

    def _by_class(self, node: LexborNode, attributes: Mapping[str, str | None]) -> None:
        names = attributes.get("class") or ""
        if "fb-post" in names or "fb-video" in names:
            self._found.add_post(self._page.resolve(attributes.get("data-href")), _EMBEDS)
        if "wp-block-embed" in names and not node.css_first("a, iframe, blockquote"):
            for url in urls_in_text(node.text()[:2000])[:1]:
                self._found.add_post(url, _EMBEDS)
        if vk_post := _VK_POST.match(attributes.get("id") or ""):
            self._found.add_post(f"https://vk.com/wall{vk_post[1]}_{vk_post[2]}", _EMBEDS)
        if node.tag == "amp-tiktok" and _DIGITS.match(attributes.get("data-src") or ""):
            self._tiktok(attributes.get("data-src"))

    def _filled(self, form: str, value: str) -> str | None:
        if form != "{}":
            return form.format(value) if re.fullmatch(r"[\w./:@-]{1,200}", value) else None
        return value if value.startswith("at://") else self._page.resolve(value)

    def _tiktok(self, video_id: str | None) -> None:
        if video_id and _DIGITS.match(video_id):
            self._found.add_post(f"https://www.tiktok.com/embed/v2/{video_id}", _EMBEDS)

    def _anchor(self, node: LexborNode) -> None:
        url = self._page.resolve(node.attributes.get("href"))
        if url is None or self._in_chrome(node):
            return
        if not self._found.add_post(url, _LINKS) and is_media_path(url):
            self._found.add_page(url, _LINKS)

    def _in_chrome(self, node: LexborNode) -> bool:
        path: list[int] = []
        answer = False
        for parent in (node, *ancestors(node)):
            known = self._chrome.get(parent.mem_id)
            if known is not None:
                answer = known
                break
            path.append(parent.mem_id)
            if is_chrome(parent):
                answer = True
                break
        self._chrome.update(dict.fromkeys(path, answer))
        return answer

    def _frame(self, node: LexborNode) -> None:
        attributes = node.attributes
        urls = [self._page.resolve(attributes.get(name)) for name in _FRAME_SOURCES]
        known = [url for url in urls if url]
        if any(self._found.add_post(url, _EMBEDS) for url in known):
            return
        for url in known:
            if looks_like_player(url, attributes):
                self._found.add_page(url, _EMBEDS)
                return

    def _quotation(self, node: LexborNode) -> None:
        """A platform's stand-in for a post, or words cited from a page."""
        if not is_embed_block(node):
            self._citation(node)
            return
        attributes = node.attributes
        if self._found.add_post(self._page.resolve(attributes.get("cite")), _EMBEDS):
            return
        if any(self._names_post(attributes, name) for name in _ATTRIBUTE_FORMS):
            return
        for url in reversed(list(self._targets(node))):  # a post's own link stands last
            if self._found.add_post(url, _EMBEDS):
                return
        if "wp-embedded-content" in (attributes.get("class") or ""):
            self._found.add_page(next(self._targets(node), None), _EMBEDS)
        elif "tiktok-embed" in (attributes.get("class") or ""):
            self._tiktok(attributes.get("data-video-id"))

    def _names_post(self, attributes: Mapping[str, str | None], name: str) -> bool:
        value = attributes.get(name)
        url = self._filled(_ATTRIBUTE_FORMS[name], value.strip()) if value else None
        return self._found.add_post(url, _EMBEDS)

    def _citation(self, node: LexborNode) -> None:
        self._found.add_page(self._page.resolve(node.attributes.get("cite")), _EMBEDS)

    def _targets(self, node: LexborNode) -> Iterator[str]:
        for anchor in node.css("a[href]"):
            url = self._page.resolve(anchor.attributes.get("href"))
            if url is not None:
                yield url

    def _script(self, node: LexborNode) -> None:
        """Embed code that waits for consent inside a script of no programming language."""
        kind = (node.attributes.get("type") or "").lower()
        if kind.startswith("text/") and "javascript" not in kind:
            self._fragment(node.text())

    def _template(self, node: LexborNode) -> None:
        html = node.html or ""
        self._fragment(html[html.find(">") + 1 : html.rfind("</template")])

    def _fragment(self, html: str) -> None:
        too_deep = self._depth >= _MAX_FRAGMENT_DEPTH or self._fragments >= _MAX_FRAGMENTS
        if too_deep or len(html) > _MAX_FRAGMENT_CHARS:
            return
        text = _unquoted(html)
        if not _MARKUP.search(text):
            return
        self._fragments += 1
        try:
            piece = parse_html(text, self._page.base)
        except SourceError:
            return
        collect_fragment(piece, self._found, self._depth + 1)


def collect_fragment(page: HtmlPage, found: Found, depth: int) -> None:
    """Read a piece of markup that was kept inside another page."""
    _Reader(page, found, depth).read()
    collect_video_tags(page, found)


def _unquoted(html: str) -> str:
    """Markup kept as a JSON string loses its quotes."""
    if html.startswith('"'):
        try:
            value = json.loads(html)
        except ValueError:
            return html
        return value if isinstance(value, str) else html
    return html


_VIDEO_SOURCES = ("src", "data-src", "data-video-src", "data-lazy-src", "data-mp4", "data-hls")
_NUMBER = re.compile(r"\d{3,4}")


def collect_video_tags(page: HtmlPage, found: Found) -> None:
    """Add the best file of every ``<video>``; ``<embed>`` and ``<object>`` of a film too."""
    for node in page.tree.css("video, amp-video")[:200]:
        best = max(_files(page, node), key=lambda file: file[0], default=None)
        if best is not None:
            found.add_video(best[1])
    for node in page.tree.css("embed[src], object[data]")[:200]:
        value = node.attributes.get("src") or node.attributes.get("data")
        url = page.resolve(value)
        if url is not None and is_media_path(url):
            found.add_video(url)


def _files(page: HtmlPage, video: LexborNode) -> Iterator[tuple[tuple[int, int, int], str]]:
    """The files of one player, with a rank: plain files first, then tall ones, then early ones."""
    for position, node in enumerate((video, *video.css("source"))[:50]):
        attributes = node.attributes
        for name in _VIDEO_SOURCES:
            url = page.resolve(attributes.get(name))
            if url is None:
                continue
            kind = (attributes.get("type") or "").lower()
            if kind.startswith(("image/", "audio/", "text/")):
                continue
            playlist = "mpegurl" in kind or "dash" in kind or ".m3u8" in url or ".mpd" in url
            yield (int(not playlist), _height(attributes), -position), url


def _height(attributes: Mapping[str, str | None]) -> int:
    for name in ("size", "res", "label", "data-quality", "data-res"):
        if number := _NUMBER.search(attributes.get(name) or ""):
            return int(number[0])
    return 0
