"""Claims about one post that cannot all be true, in sentences for a reader."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import combinations

from tracker.model.chain import Conflict
from tracker.model.time_claim import ClaimKind, TimeClaim, TimeInterval
from tracker.timestamps.combine import UPPER_BOUNDS

_NOTHING = timedelta(0)
_A_DAY = timedelta(days=1)
# X stamps the id when it publishes, so minutes apart means another post's time. Elsewhere
# drafts and scheduled posts get their id early.
_X_TOLERANCE = timedelta(minutes=2)
_ID_TOLERANCE = timedelta(hours=1)
_MADE = frozenset({ClaimKind.CONTAINER_METADATA, ClaimKind.C2PA_SIGNED})
_OF_THE_POST = frozenset({ClaimKind.PLATFORM_REPORTED, ClaimKind.OPERATOR})
_STATED = (
    ClaimKind.ID_DERIVED,
    ClaimKind.PLATFORM_REPORTED,
    ClaimKind.PAGE_METADATA,
    ClaimKind.FEED,
    ClaimKind.OPERATOR,
)
_NAMES = {
    ClaimKind.ID_DERIVED: "the time inside the post's id",
    ClaimKind.PLATFORM_REPORTED: "the time the platform reports",
    ClaimKind.PAGE_METADATA: "the date on the page",
    ClaimKind.FEED: "the date in the feed",
    ClaimKind.OPERATOR: "the date stated by the operator",
    ClaimKind.CONTAINER_METADATA: "the time inside the video file",
    ClaimKind.C2PA_SIGNED: "the signed time inside the video file",
    ClaimKind.FIRST_OBSERVED: "the time this archive first saw it",
    ClaimKind.ARCHIVE_CAPTURE: "the time a web archive saved it",
    ClaimKind.TSA: "the trusted timestamp",
    ClaimKind.OTS: "the blockchain timestamp",
}


def conflicts(claims: Sequence[TimeClaim]) -> tuple[Conflict, ...]:
    """Return every pair of claims that contradict each other, as indices into ``claims``.

    Claims that overlap never conflict. The order of ``claims`` changes only the indices.
    """
    return tuple(_conflicts(claims))


def _conflicts(claims: Sequence[TimeClaim]) -> Iterator[Conflict]:
    for (i, one), (j, other) in combinations(enumerate(claims), 2):
        first, second = sorted((one, other), key=_role)
        text = _contradiction(first, second)
        if text is not None:
            yield Conflict(claims=(i, j), text=text)


def _role(claim: TimeClaim) -> tuple[int, str, float, float]:
    """Statements of publication come first, by how much they count; a total order."""
    place = _STATED.index(claim.kind) if claim.kind in _STATED else len(_STATED)
    first, last = claim.interval.earliest_at, claim.interval.latest_at
    return (
        place,
        claim.source,
        first.timestamp() if first is not None else float("-inf"),
        last.timestamp() if last is not None else float("inf"),
    )


def _contradiction(stated: TimeClaim, other: TimeClaim) -> str | None:
    if stated.kind not in _STATED or gap(stated.interval, other.interval) == _NOTHING:
        return None
    if other.kind in UPPER_BOUNDS:
        return _published_too_late(stated, other)
    if other.kind in _MADE:
        return _published_before_made(stated, other)
    if other.kind not in _STATED:
        return None
    for upload, post in ((stated, other), (other, stated)):
        if upload.source == "x:media_id":
            return _published_before_upload(post)
    return _differing_times(stated, other)


def _published_too_late(stated: TimeClaim, seen: TimeClaim) -> str | None:
    if not seen.interval.certainly_before(stated.interval):
        return None
    return (
        f"{_NAMES[stated.kind]} ({_said(stated)}) is later than {_NAMES[seen.kind]} ({_said(seen)})"
    )


def _published_before_made(stated: TimeClaim, made: TimeClaim) -> str | None:
    if not stated.interval.certainly_before(made.interval):
        return None
    return (
        f"{_NAMES[stated.kind]} ({_said(stated)}) is earlier than {_NAMES[made.kind]} "
        f"({_said(made)}): the file was re-encoded or replaced later, or one of the two is wrong"
    )


def _published_before_upload(stated: TimeClaim) -> str:
    return (
        f"{_NAMES[stated.kind]} ({_said(stated)}) is earlier than the upload of its media to X: "
        "the media was not part of that post when it was published"
    )


def _differing_times(one: TimeClaim, other: TimeClaim) -> str | None:
    apart = gap(one.interval, other.interval)
    if apart <= _tolerance(one, other):
        return None
    text = (
        f"{_NAMES[one.kind]} ({_said(one)}) and {_NAMES[other.kind]} ({_said(other)}) "
        f"are {_duration(apart)} apart"
    )
    is_share = one.source == "x:id" and other.kind is ClaimKind.PLATFORM_REPORTED
    return text + ": this address is likely a share of something else" if is_share else text


def _tolerance(one: TimeClaim, other: TimeClaim) -> timedelta:
    if one.kind is ClaimKind.ID_DERIVED and other.kind in _OF_THE_POST:
        return _X_TOLERANCE if one.source == "x:id" else _ID_TOLERANCE
    return _A_DAY


def gap(one: TimeInterval, other: TimeInterval) -> timedelta:
    """Return how far apart two intervals are, zero if they overlap; open ends reach any time."""
    for before, after in ((one, other), (other, one)):
        last, first = before.latest_at, after.earliest_at
        if last is not None and first is not None and last < first:
            return first - last
    return _NOTHING


def _said(claim: TimeClaim) -> str:
    first, last = claim.interval.earliest_at, claim.interval.latest_at
    if first is not None and last is not None and last - first >= _A_DAY - timedelta(seconds=1):
        return f"{_shown(first)} to {_shown(last)}"
    if first is not None:
        return _shown(first)
    return f"no later than {_shown(last)}" if last is not None else "unknown"


def _shown(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S UTC")


def _duration(length: timedelta) -> str:
    if length >= 2 * _A_DAY:
        return f"{length.days} days"
    hours = length / timedelta(hours=1)
    return f"{hours:.1f} hours" if hours >= 2 else f"{length / timedelta(minutes=1):.0f} minutes"
