"""Text from outside, made safe to show: no control, no direction tricks, no flood.

Escaping for HTML or a terminal is the printer's work; what is taken out here would do harm
after correct escaping as well, by reordering, hiding or drowning the words around it.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

MAX_COMBINING_MARKS = 4
"""More marks on one letter than any living script stacks are taken for a flood."""

# Direction overrides, embeddings, isolates and marks; byte-order mark; interlinear anchors;
# tags. The joiners U+200C and U+200D stay: Persian and emoji need them.
_INVISIBLE = re.compile(
    "[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_BLANKS = re.compile(r"[^\S\n]+")
_MANY_LINES = re.compile(r"\n\s*\n\s*")
# A terminal's own commands, taken out whole so that no "[31m" is left behind.
_ESCAPE_SEQUENCE = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b\\]|\x9d)[^\x07\x1b\x9c]*(?:\x07|\x1b\\\\|\x9c)?"
)


def clean_line(text: str, limit: int = 300) -> str:
    """Return ``text`` as one harmless line of at most ``limit`` characters."""
    return _shorten(" ".join(_harmless(text, limit).split()), limit)


def clean_block(text: str, limit: int = 1200) -> str:
    """Return ``text`` with its line breaks, harmless, at most ``limit`` characters."""
    harmless = _BLANKS.sub(" ", _harmless(text, limit))
    return _shorten(_MANY_LINES.sub("\n\n", harmless).strip(), limit)


def web_link(url: str) -> str | None:
    """Return ``url`` if a reader may follow it: a http or https address with a host."""
    if len(url) > 2000 or _harmless(url, 2000) != url or " " in url:
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return None
    return url if parts.scheme in {"http", "https"} and host else None


def file_name(path: str) -> str:
    """Return the last part of ``path``: a report tells nobody how a disk is laid out."""
    parts = [part for part in re.split(r"[/\\]", path) if part]
    return clean_line(parts[-1], 120) if parts else "unnamed"


def _harmless(text: str, limit: int) -> str:
    # Cut first: what is far beyond the limit need not be looked at at all.
    cut = text[: limit * 4 + 4000]
    if cut.isascii() and cut.isprintable():  # addresses, ids, most sentences of our own
        return cut
    cut = _ESCAPE_SEQUENCE.sub("", cut)
    return _thin_marks("".join(map(_replace, _INVISIBLE.sub("", cut))))


def _replace(char: str) -> str:
    if char in "\n\u2028\u2029":
        return "\n"
    category = unicodedata.category(char)
    if category == "Cc":
        return " " if char in "\t\r\v\f\x85" else ""
    return "\ufffd" if category in {"Cs", "Cn", "Co"} else char


def _thin_marks(text: str) -> str:
    kept: list[str] = []
    run = 0
    for char in text:
        run = run + 1 if unicodedata.category(char) in {"Mn", "Me"} else 0
        if run <= MAX_COMBINING_MARKS:
            kept.append(char)
    return "".join(kept)


def _shorten(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
