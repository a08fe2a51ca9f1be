"""Written dates turned into claims that say no more than the text does."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from email.utils import parsedate_to_datetime

from tracker.model.time_claim import ClaimKind, ForgeableBy, TimeClaim, TimeInterval

MAX_TEXT_CHARS = 100
FIRST_YEAR = 1990
LAST_YEAR = 2100
# A local time without zone may have been anywhere on Earth: UTC-12 to UTC+14. The same clock
# face comes 14 h earlier than UTC in the east and 12 h later in the west.
EASTERNMOST = timedelta(hours=14)
WESTERNMOST = timedelta(hours=12)
_ONE_MICROSECOND = timedelta(microseconds=1)

_ISO = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2})"
    r"(?:[T ](?P<hour>\d{2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)?\Z",
    re.IGNORECASE | re.ASCII,
)
_COMPACT_ISO = re.compile(
    r"(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})(Z|[+-]\d{2}:?\d{2})?)?\Z", re.ASCII
)
# RFC 2822, with the obsolete zone names and the missing seconds that feeds still send.
_RFC_2822 = re.compile(
    r"(?:[A-Za-z]{3,9},?\s+)?\d{1,2}[ -][A-Za-z]{3,9}[ -]\d{2,4}"
    r"\s+\d{1,2}:\d{2}(?P<second>:\d{2})?(?:\s*(?P<zone>[A-Za-z]{1,5}|[+-]\d{4}))?"
    r"(?:\s*\([^)]{0,20}\))?\Z",
    re.ASCII,
)
_KNOWN_ZONE = re.compile(r"Z|UTC?|GMT|[ECMP][SD]T|[+-]\d{4}", re.IGNORECASE)


def parse_datetime_claim(
    text: str, kind: ClaimKind, forgeable_by: ForgeableBy, source: str
) -> TimeClaim | None:
    """Return the claim that a written date makes, or ``None`` if it is none we can trust to read.

    Reads ISO 8601 and RFC 2822. The interval is as wide as the text is vague: to the second,
    minute or fraction given; a day or a time without zone is widened by every zone there is
    (14 h before to 12 h after). Years outside 1990 to 2100 are taken for garbage.
    """
    interval = _interval(" ".join(text.split())) if len(text) <= MAX_TEXT_CHARS else None
    if interval is None or not _plausible(interval):
        return None
    return TimeClaim(kind=kind, interval=interval, forgeable_by=forgeable_by, source=source)


def _plausible(interval: TimeInterval) -> bool:
    first, last = interval.earliest_at, interval.latest_at
    return (
        first is not None
        and last is not None
        and first.year >= FIRST_YEAR - 1
        and last.year <= LAST_YEAR
        and (first + EASTERNMOST).year >= FIRST_YEAR
    )


def _interval(text: str) -> TimeInterval | None:
    try:
        return _from_iso(_extended(text)) or _from_rfc_2822(text)
    except (ValueError, OverflowError, TypeError):  # an impossible day, hour or zone
        return None


def _extended(text: str) -> str:
    """Return compact ISO 8601 (``20240131T120000Z``) in the extended form."""
    found = _COMPACT_ISO.match(text)
    if found is None:
        return text
    day = "-".join(found.groups()[:3])
    return day if found[4] is None else f"{day}T{found[4]}:{found[5]}:{found[6]}{found[7] or ''}"


def _from_iso(text: str) -> TimeInterval | None:
    found = _ISO.match(text)
    if found is None:
        return None
    day = datetime.fromisoformat(found["date"])
    if found["hour"] is None:
        return _anywhere(day, timedelta(days=1))
    second = "59" if found["second"] == "60" else found["second"]  # a leap second
    at = datetime.combine(day, time(int(found["hour"]), int(found["minute"]), int(second or 0)))
    at += _fraction(found["fraction"])
    width = _precision(found["second"], found["fraction"])
    return _zoned(at, width, _zone_offset(found["zone"]))


def _fraction(digits: str | None) -> timedelta:
    return timedelta(microseconds=int((digits or "0").ljust(6, "0")[:6]))


def _precision(second: str | None, fraction: str | None) -> timedelta:
    if fraction is not None:
        return timedelta(microseconds=10 ** max(0, 6 - len(fraction)))
    return timedelta(seconds=1) if second is not None else timedelta(minutes=1)


def _zone_offset(zone: str | None) -> timedelta | None:
    if zone is None:
        return None
    if zone.upper() in {"Z", "UTC", "GMT"}:
        return timedelta(0)
    digits = zone[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    if offset > EASTERNMOST:
        raise ValueError(f"no such zone: {zone}")
    return -offset if zone[0] == "-" else offset


def _zoned(at: datetime, width: timedelta, offset: timedelta | None) -> TimeInterval:
    if offset is None:
        return _anywhere(at, width)
    start = (at - offset).replace(tzinfo=UTC)
    return TimeInterval(start, start + width - _ONE_MICROSECOND)


def _anywhere(at: datetime, width: timedelta) -> TimeInterval:
    """The span of a local time whose zone is not told."""
    start = at.replace(tzinfo=UTC)
    return TimeInterval(start - EASTERNMOST, start + width - _ONE_MICROSECOND + WESTERNMOST)


def _from_rfc_2822(text: str) -> TimeInterval | None:
    found = _RFC_2822.match(text)
    if found is None:
        return None
    width = timedelta(seconds=1) if found["second"] else timedelta(minutes=1)
    at = parsedate_to_datetime(text)
    zone = found["zone"]
    known = zone is not None and _KNOWN_ZONE.fullmatch(zone) is not None
    offset = (at.utcoffset() or timedelta(0)) if known else None
    return _zoned(at.replace(tzinfo=None), width, offset)
