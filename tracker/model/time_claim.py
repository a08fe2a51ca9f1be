"""Statements about *when*, each an interval with its origin and who could have forged it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum


class ClaimKind(StrEnum):
    """Where a statement about time comes from."""

    ID_DERIVED = "id_derived"  # decoded from the platform's own identifier
    PLATFORM_REPORTED = "platform_reported"  # the platform's API or yt-dlp's timestamp
    PAGE_METADATA = "page_metadata"  # JSON-LD, <meta>, <time> of a page
    FEED = "feed"  # published/updated of a feed entry
    HTTP_HEADER = "http_header"  # Last-Modified of the media file
    CONTAINER_METADATA = "container_metadata"  # creation_time inside the video file
    C2PA_SIGNED = "c2pa_signed"
    OPERATOR = "operator"  # said by the person who took the file in
    FIRST_OBSERVED = "first_observed"  # we saw it then: an upper bound
    TSA = "tsa"
    OTS = "ots"
    ARCHIVE_CAPTURE = "archive_capture"


class ForgeableBy(StrEnum):
    """The party that could have made the statement false on purpose."""

    NOBODY = "nobody"
    PLATFORM = "platform"
    UPLOADER = "uploader"
    SIGNER = "signer"  # of a manifest inside the file
    US = "us"


def require_utc(value: datetime, name: str) -> datetime:
    """Return ``value`` in UTC; raise ``ValueError`` if it carries no offset."""
    if value.tzinfo is None:
        raise ValueError(f"{name} has no time zone: {value!r}")
    return value.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class TimeInterval:
    """A span of instants, both ends included; an unknown end is ``None``.

    ``earliest_at=None`` means "no lower bound is known", as for something merely observed.
    """

    earliest_at: datetime | None
    latest_at: datetime | None

    def __post_init__(self) -> None:
        if self.earliest_at is not None:
            object.__setattr__(self, "earliest_at", require_utc(self.earliest_at, "earliest_at"))
        if self.latest_at is not None:
            object.__setattr__(self, "latest_at", require_utc(self.latest_at, "latest_at"))
        if self.earliest_at and self.latest_at and self.earliest_at > self.latest_at:
            raise ValueError(f"interval ends before it starts: {self}")

    @classmethod
    def instant(cls, at: datetime, *, precision: timedelta = timedelta(0)) -> TimeInterval:
        """Return ``[at, at + precision]``: a time that was cut off to ``precision``."""
        return cls(at, at + precision)

    @classmethod
    def whole_day(cls, day: date) -> TimeInterval:
        """Return the 24 hours of ``day`` in UTC, to the last microsecond."""
        start = datetime(day.year, day.month, day.day, tzinfo=UTC)
        return cls(start, start + timedelta(days=1, microseconds=-1))

    def certainly_before(self, other: TimeInterval) -> bool:
        """Tell whether every instant of this interval precedes every instant of ``other``."""
        return (
            self.latest_at is not None
            and other.earliest_at is not None
            and self.latest_at < other.earliest_at
        )

    def overlaps(self, other: TimeInterval) -> bool:
        """Tell whether neither interval is certainly before the other."""
        return not self.certainly_before(other) and not other.certainly_before(self)


@dataclass(frozen=True, slots=True)
class TimeClaim:
    """One statement about when something was published (or, for container times, made).

    ``source`` is a short machine-readable origin: ``x:id``, ``jsonld:datePublished``,
    ``yt-dlp:timestamp``, ``http:last-modified`` …
    """

    kind: ClaimKind
    interval: TimeInterval
    forgeable_by: ForgeableBy
    source: str


@dataclass(frozen=True, slots=True)
class Published:
    """The one interval the product goes by for a post, and the kind of claim behind it."""

    interval: TimeInterval
    basis: ClaimKind


UNKNOWN_INTERVAL = TimeInterval(None, None)
