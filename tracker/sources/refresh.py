"""Pages that only send their reader on, by a ``<meta http-equiv="refresh">`` and no redirect.

Link shorteners answer browsers that way, and so do mirrors of posts.
"""

from __future__ import annotations

import html
import re

from tracker.sources.clean import web_url

_HEAD_BYTES = 8192
_META = re.compile(r"<meta\b[^>]{0,2000}>", re.IGNORECASE)
_REFRESH = re.compile(r"http-equiv\s*=\s*[\"']?refresh\b", re.IGNORECASE)
_CONTENT = re.compile(r"content\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))", re.IGNORECASE)
# Source: HTML Living Standard, "shared declarative refresh steps".
_TARGET = re.compile(r"\s*(\d{1,9})(?:\.[\d.]*)?\s*[;,]\s*(?:url\s*=\s*)?(.+)", re.IGNORECASE)
_LONGEST_PAUSE_S = 10  # what comes later reloads a page that is there to be read


def refresh_target(body: bytes, url: str) -> str | None:
    """Return where the page at ``url`` sends its reader within ten seconds, if it does."""
    for meta in _META.finditer(body[:_HEAD_BYTES].decode("utf-8", "replace")):
        if not _REFRESH.search(meta[0]):
            continue
        content = _CONTENT.search(meta[0])
        value = next((part for part in content.groups() if part), "") if content else ""
        named = _TARGET.match(html.unescape(value))
        if named is not None and int(named[1]) <= _LONGEST_PAUSE_S:
            return web_url(named[2].strip().strip("\"'"), url)
    return None
