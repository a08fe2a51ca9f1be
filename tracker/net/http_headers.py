"""What the headers of an HTTP answer say about its text and about waiting."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
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
_LIMIT_PREFIXES = (
    "x-rate-limit",
    "x-ratelimit",
    "ratelimit",
    "x-app-limit-24hour",
    "x-user-limit-24hour",
)
_LEFT = re.compile(r"(?:;\s*r|\bremaining)\s*=\s*(\d{1,12})")
_RESET = re.compile(r"(?:;\s*t|\breset)\s*=\s*(\d{1,12})")
_NUMBER = re.compile(r"\d{1,11}(?:\.\d{1,6})?\Z", re.ASCII)
_EPOCHS_ABOVE = 1e9  # a smaller number is a duration


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
        at = _in_utc(parsedate_to_datetime(text))
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(at, now), now + _MAX_WAIT)


def _in_utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def named_wait(headers: Mapping[str, str], now: datetime) -> tuple[datetime | None, bool]:
    """Return until when an answer wants us to wait, and whether it says that a limit is used up.

    ``headers`` have lower-case names. ``Retry-After`` goes before the reset of a limit; of several
    limits that of the last to end counts. ``None`` where no time is named that can be believed.
    Source: RFC 9110 §10.2.3, draft-ietf-httpapi-ratelimit-headers, and the platforms' own names.
    """
    ends: list[datetime] = []
    used_up = False
    for remaining, reset in _limits(headers):
        spent = remaining.partition(".")[0].strip() == "0"
        used_up |= spent
        at = _reset_at(reset.strip(), now)
        if at is not None and (spent or not remaining):
            ends.append(at)
    return retry_at(headers.get("retry-after"), now) or max(ends, default=None), used_up


def _limits(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What is left of each limit, and when it begins anew; empty where it is not said."""
    for prefix in _LIMIT_PREFIXES:
        if f"{prefix}-reset" in headers:
            yield headers.get(f"{prefix}-remaining", ""), headers[f"{prefix}-reset"]
    for policy in headers.get("ratelimit", "")[:1000].split(","):
        left, reset = _LEFT.search(policy), _RESET.search(policy)
        if left and reset:
            yield left[1], reset[1]


def _reset_at(text: str, now: datetime) -> datetime | None:
    """Read an epoch time, a number of seconds, or a date; nothing beyond the longest wait."""
    at: datetime | None = None
    if _NUMBER.match(text):
        number = float(text)
        at = now + timedelta(seconds=number) if number < _EPOCHS_ABOVE else None
        at = at or datetime.fromtimestamp(number, UTC)
    else:
        try:
            at = _in_utc(datetime.fromisoformat(text))
        except (ValueError, OverflowError):
            at = retry_at(text, now)
    if at is None:
        return None
    return at if now < at <= now + _MAX_WAIT else None


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
