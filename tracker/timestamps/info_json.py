"""Time claims in the metadata that yt-dlp writes (also as ``.info.json`` beside old archives)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta

from tracker.model.time_claim import ClaimKind, ForgeableBy, TimeClaim, TimeInterval
from tracker.timestamps.claims import FIRST_YEAR, LAST_YEAR
from tracker.timestamps.ids import x_media_claim
from tracker.timestamps.snowflake import EPOCH

_ALMOST_A_SECOND = timedelta(microseconds=999_999)
_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})\Z", re.ASCII)
_GENERIC_EXTRACTORS = frozenset({"generic", "html5", "html5mediaembed"})


def claims_from_info(info: Mapping[str, object]) -> tuple[TimeClaim, ...]:
    """Return the times of publication that yt-dlp's ``info`` reports.

    ``timestamp`` and ``release_timestamp`` are good to one second; ``upload_date`` is a whole
    UTC day, never its midnight. ``epoch`` is when yt-dlp ran and says nothing. What the generic
    extractor reports comes from the page, or from the file's HTTP header.
    """
    return tuple(_claims(info))


def _claims(info: Mapping[str, object]) -> Iterator[TimeClaim]:
    kind = _kind(info)
    for name in ("timestamp", "release_timestamp"):
        interval = _second(info.get(name))
        if interval is not None:
            yield TimeClaim(kind, interval, ForgeableBy.PLATFORM, f"yt-dlp:{name}")
    day = _whole_day(info.get("upload_date"))
    if day is not None:
        yield TimeClaim(kind, day, ForgeableBy.PLATFORM, "yt-dlp:upload_date")
    media = _x_media(info)
    if media is not None:
        yield media


def _kind(info: Mapping[str, object]) -> ClaimKind:
    if str(info.get("extractor", "")).lower() not in _GENERIC_EXTRACTORS:
        return ClaimKind.PLATFORM_REPORTED
    return ClaimKind.HTTP_HEADER if info.get("direct") is True else ClaimKind.PAGE_METADATA


def _second(value: object) -> TimeInterval | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        at = EPOCH + timedelta(seconds=int(value))
    except (OverflowError, ValueError):  # also NaN and infinity
        return None
    return TimeInterval.instant(at, precision=_ALMOST_A_SECOND) if _sane(at) else None


def _whole_day(value: object) -> TimeInterval | None:
    found = _DAY.match(value) if isinstance(value, str) else None
    if found is None:
        return None
    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None
    return TimeInterval.whole_day(day) if _sane(day) else None


def _sane(when: date | datetime) -> bool:
    return FIRST_YEAR <= when.year <= LAST_YEAR


def _x_media(info: Mapping[str, object]) -> TimeClaim | None:
    """On X, yt-dlp's ``id`` is the media's and ``display_id`` the post's."""
    media_id = info.get("id")
    if info.get("extractor") != "twitter" or not isinstance(media_id, str):
        return None
    return x_media_claim(media_id) if media_id != info.get("display_id") else None
