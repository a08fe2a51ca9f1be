"""The schema.org objects in a page's JSON-LD scripts, found without trusting their shape."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tracker.sources.html_page import HtmlPage

_MAX_SCRIPTS = 50
_MAX_SCRIPT_CHARS = 2_000_000
_MAX_OBJECTS = 5000
_MAX_DEPTH = 12
# Where the page's own article and videos stand. Lists of other articles (itemListElement,
# mentions, comments, reviews) are left alone on purpose: their dates are not this page's.
_OWN = ("@graph", "mainEntity", "mainEntityOfPage", "subjectOf")
_HOLDS_VIDEO = (
    "video",
    "associatedMedia",
    "liveBlogUpdate",
    "sharedContent",
    "primaryVideo",
)
_JUNK = re.compile(r"\A\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[)|(?:-->|//\s*\]\]>|\]\]>)\s*;?\s*\Z")
_ARTICLE = re.compile(r"(?:Article|Posting|Report|Review|ClaimReview)\Z")


@dataclass(frozen=True, slots=True)
class JsonLd:
    """The objects of a page by what they are about.

    ``articles`` are the page's own (news article, blog posting …), ``pages`` its WebPage
    objects, ``videos`` the VideoObjects in or beside them.
    """

    articles: tuple[Mapping[str, object], ...]
    pages: tuple[Mapping[str, object], ...]
    videos: tuple[Mapping[str, object], ...]


def read_json_ld(page: HtmlPage) -> JsonLd:
    """Return the schema.org objects of ``page``; scripts that are no JSON are left out."""
    articles, pages, videos = [], [], []
    for item, own in _objects(page):
        kinds = types_of(item)
        if "VideoObject" in kinds:
            videos.append(item)
        elif own and any(_ARTICLE.search(kind) for kind in kinds):
            articles.append(item)
        elif own and any(kind.endswith("Page") for kind in kinds):
            pages.append(item)
    return JsonLd(tuple(articles), tuple(pages), tuple(videos))


def types_of(item: Mapping[str, object]) -> frozenset[str]:
    """Return the schema.org type names of ``item``, without their namespace."""
    value = item.get("@type")
    names = value if isinstance(value, list) else [value]
    return frozenset(re.split(r"[/#:]", name)[-1] for name in names if isinstance(name, str))


def texts(value: object) -> list[str]:
    """Return the strings in ``value``: itself, or the items of a list, or their names or urls."""
    items = value if isinstance(value, list) else [value]
    found = []
    for item in items[:50]:
        text = item
        if isinstance(item, dict):
            text = item.get("name") or item.get("url") or item.get("@id") or item.get("@value")
        if isinstance(text, str) and text.strip():
            found.append(text.strip())
    return found


def _objects(page: HtmlPage) -> Iterator[tuple[Mapping[str, object], bool]]:
    """Yield every object reached, and whether it may stand for the page itself."""
    scripts = page.tree.css('script[type*="ld+json" i]')
    count = 0
    for script in scripts[:_MAX_SCRIPTS]:
        for found in _walk(_loaded(script.text())):
            yield found
            count += 1
            if count >= _MAX_OBJECTS:
                return


def _loaded(text: str) -> object:
    if len(text) > _MAX_SCRIPT_CHARS:
        return None
    for candidate in (text, _JUNK.sub("", text).strip().rstrip(";")):
        try:
            # strict=False: many sites put raw line breaks into strings.
            return json.loads(candidate, strict=False)
        except (ValueError, RecursionError):
            continue
    return None


def _walk(root: object) -> Iterator[tuple[Mapping[str, object], bool]]:
    waiting: list[tuple[object, bool, int]] = [(root, True, 0)]
    while waiting:
        value, own, depth = waiting.pop()
        if depth > _MAX_DEPTH:
            continue
        if isinstance(value, list):
            waiting.extend((item, own, depth + 1) for item in reversed(value[:_MAX_OBJECTS]))
        elif isinstance(value, dict):
            yield value, own
            inner = [(value.get(name), False, depth + 1) for name in _HOLDS_VIDEO]
            inner += [(value.get(name), own, depth + 1) for name in _OWN]
            waiting.extend(entry for entry in reversed(inner) if entry[0] is not None)
