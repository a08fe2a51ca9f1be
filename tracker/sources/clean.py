"""Texts and addresses from outside, bounded and freed of what must not reach a terminal.

Everything the sources read passes through here before it becomes part of a value.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urljoin, urlsplit

from tracker.errors import UnsupportedSource
from tracker.net.urls import Address, parse_address

MAX_TITLE_CHARS = 500
MAX_TEXT_CHARS = 100_000
MAX_ACCOUNT_CHARS = 200
MAX_URL_CHARS = 4096

# C0 and C1 controls except tab and newline, lone surrogates, bidirectional overrides (which make
# a text read differently from what it says), and the byte order mark.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufeff]"
)
_MANY_BLANK_LINES = re.compile(r"\n\s*\n\s*")
_URL_NOISE = re.compile(r"[\t\r\n]")
_TEXT_URL = re.compile(r"https?://[^\s<>\"'`{}|\\^]{4,4096}", re.IGNORECASE)
_TRAILING = ".,;:!?)]}»”’…'\"*_"


def words(text: str) -> frozenset[str]:
    """Return the space-separated words of ``text``: how the tables here are written."""
    return frozenset(text.split())


def clean_line(value: object, limit: int = MAX_TITLE_CHARS) -> str | None:
    """Return ``value`` as one line of at most ``limit`` characters; ``None`` if nothing is left."""
    if not isinstance(value, str):
        return None
    text = " ".join(_FORBIDDEN.sub(" ", value[: 4 * limit]).split())
    return text[:limit].rstrip() or None


def clean_account(value: object) -> str | None:
    """Return ``value`` as an account name without ``@`` or ``/u/`` in front; ``None`` if empty."""
    text = clean_line(value, MAX_ACCOUNT_CHARS)
    return (text.removeprefix("/u/").removeprefix("@").strip() or None) if text else None


def clean_text(value: object, limit: int = MAX_TEXT_CHARS) -> str | None:
    """Return ``value`` with its lines kept, at most ``limit`` characters; ``None`` if empty."""
    if not isinstance(value, str):
        return None
    text = value[: 2 * limit].replace("\r\n", "\n").replace("\r", "\n")
    text = _MANY_BLANK_LINES.sub("\n\n", _FORBIDDEN.sub("", text)).strip()
    return text[:limit].rstrip() or None


def web_url(value: object, base: str = "") -> str | None:
    """Return ``value`` as an absolute http(s) address, resolved against ``base``, or ``None``."""
    if not isinstance(value, str) or len(value) > MAX_URL_CHARS:
        return None
    text = _URL_NOISE.sub("", value).strip()
    if not text or text.startswith("#") or _FORBIDDEN.search(text):
        return None
    if text.startswith("//") and not base.startswith("http"):
        text = f"https:{text}"
    try:
        url = urljoin(base, text)
        split = urlsplit(url)
    except ValueError:
        return None
    is_web = split.scheme in {"http", "https"} and bool(split.netloc)
    return url if is_web and len(url) <= MAX_URL_CHARS else None


@lru_cache(maxsize=4096)  # one page names one address in several places
def address_of(url: str) -> Address | None:
    """Return what the form of ``url`` tells, or ``None`` if it is no address we go to."""
    if len(url) > MAX_URL_CHARS:
        return None
    try:
        return parse_address(url)
    except UnsupportedSource:
        return None


def urls_in_text(text: str) -> list[str]:
    """Return the http(s) addresses written out in ``text``, in order, without end punctuation."""
    return [_without_trailing(found[0]) for found in _TEXT_URL.finditer(text)]


def _without_trailing(url: str) -> str:
    while url and url[-1] in _TRAILING:
        if url[-1] == ")" and "(" in url:  # a bracket that belongs to the address
            break
        url = url[:-1]
    return url
