"""Times inside general-purpose ids: hints for a person, never applied by themselves.

Such an id was made by some program for some purpose; that it was made when a post was
published is a guess. Each function returns ``None`` for a text that is not of its kind.
"""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta

from tracker.timestamps.snowflake import EPOCH

_GREGORIAN = datetime(1582, 10, 15, tzinfo=UTC)
_KSUID_EPOCH_S = 1_400_000_000
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_KSUID_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_OBJECT_ID = re.compile(r"[0-9a-f]{24}\Z", re.IGNORECASE)
_ULID = re.compile(rf"[0-7][{_CROCKFORD}]{{25}}\Z")
_KSUID = re.compile(r"[0-9A-Za-z]{27}\Z", re.ASCII)


def object_id_at(text: str) -> datetime | None:
    """Return the second in a MongoDB ObjectID (its first eight hex digits)."""
    return EPOCH + timedelta(seconds=int(text[:8], 16)) if _OBJECT_ID.match(text) else None


def uuid_at(text: str) -> datetime | None:
    """Return the time in a UUID of version 1 (100 ns) or 7 (1 ms). Source: RFC 9562."""
    try:
        value = uuid.UUID(text)
    except ValueError:
        return None
    if value.version == 1:
        return _GREGORIAN + timedelta(microseconds=value.time // 10)
    return _after_epoch_ms(value.int >> 80) if value.version == 7 else None


def ulid_at(text: str) -> datetime | None:
    """Return the millisecond in a ULID. Source: github.com/ulid/spec."""
    if not _ULID.match(text.upper()):
        return None
    return _after_epoch_ms(_number(text.upper()[:10], _CROCKFORD))


def ksuid_at(text: str) -> datetime | None:
    """Return the second in a KSUID. Source: github.com/segmentio/ksuid."""
    if not _KSUID.match(text):
        return None
    number = _number(text, _KSUID_DIGITS)
    if number >= 1 << 160:
        return None
    return EPOCH + timedelta(seconds=(number >> 128) + _KSUID_EPOCH_S)


def _after_epoch_ms(milliseconds: int) -> datetime | None:
    try:
        return EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None


def _number(text: str, alphabet: str) -> int:
    value = 0
    for char in text:
        value = value * len(alphabet) + alphabet.index(char)
    return value
