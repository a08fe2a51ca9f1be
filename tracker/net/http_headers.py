"""What the headers of an HTTP answer say about its text and about waiting."""

from __future__ import annotations

import codecs
import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx

_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_XML_ENCODING = re.compile(rb"\A\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_PRESCAN_BYTES = 2048
# Python's own codecs that no web page is written in; some take quadratic time.
_NOT_FOR_PAGES = frozenset(
    {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined"}
)
_MAX_WAIT = timedelta(days=30)


def lower_case_headers(headers: httpx.Headers) -> dict[str, str]:
    """Return the headers by lower-case name, without cookies."""
    return {name: value for name, value in headers.items() if name != "set-cookie"}


def retry_at(value: str | None, now: datetime) -> datetime | None:
    """Return the instant that ``Retry-After`` names: seconds or a date. Source: RFC 9110 §10.2.3.

    ``None`` if there is none or it is not readable; never more than 30 days ahead.
    """
    if value is None:
        return None
    text = value.strip()
    if text.isdecimal():
        seconds = int(text) if len(text) < 9 else 10**9
        return now + min(timedelta(seconds=seconds), _MAX_WAIT)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return min(max(at, now), now + _MAX_WAIT)


def decode_text(body: bytes, content_type: str | None) -> str:
    """Return ``body`` as text; bytes that fit no character become U+FFFD."""
    for bom, name in _BOMS:
        if body.startswith(bom):
            return body.decode(name, errors="replace")
    return body.decode(_codec(body, content_type or ""), errors="replace")


def _codec(body: bytes, content_type: str) -> str:
    head = body[:_PRESCAN_BYTES]
    inside = _META_CHARSET.search(head) or _XML_ENCODING.search(head)
    named = _CHARSET.search(content_type)
    if named is not None:
        return _known_codec(named[1])
    codec = _known_codec(inside[1].decode("ascii", "replace")) if inside else "utf-8"
    # A page whose own word could be read as ASCII is not in UTF-16, whatever that word is.
    return "utf-8" if codec.startswith(("utf-16", "utf-32")) else codec


def _known_codec(name: str) -> str:
    """Return a codec that decodes ``name``; browsers read Latin-1 as Windows-1252."""
    try:
        found = codecs.lookup(name)
        "".encode(found.name)  # refuses codecs that are not for text
    except (LookupError, ValueError):
        return "utf-8"
    if found.name in _NOT_FOR_PAGES:
        return "utf-8"
    return "cp1252" if found.name in {"iso8859-1", "ascii"} else found.name
