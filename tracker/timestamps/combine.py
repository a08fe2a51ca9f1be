"""Many claims about one post weighed into the one interval to go by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from tracker.model.time_claim import (
    ClaimKind,
    ForgeableBy,
    Published,
    TimeClaim,
    TimeInterval,
)

# Who could have made the claim false decides first; the lower the number, the more it counts.
# What the uploader's own program states comes after what the platform states, before pages
# that tell about the post; a file's HTTP time says least, for servers copy files around.
_RANK: Mapping[tuple[ClaimKind, bool], int] = {
    (ClaimKind.ID_DERIVED, False): 0,
    (ClaimKind.PLATFORM_REPORTED, False): 1,
    (ClaimKind.ID_DERIVED, True): 2,
    (ClaimKind.PLATFORM_REPORTED, True): 3,
    (ClaimKind.PAGE_METADATA, False): 4,
    (ClaimKind.FEED, False): 4,
    (ClaimKind.PAGE_METADATA, True): 5,
    (ClaimKind.FEED, True): 5,
    (ClaimKind.OPERATOR, False): 6,
    (ClaimKind.OPERATOR, True): 6,
    (ClaimKind.HTTP_HEADER, False): 7,
    (ClaimKind.HTTP_HEADER, True): 7,
}
# Someone had the footage then, so it was published (or at least made) no later.
UPPER_BOUNDS = frozenset(
    {ClaimKind.FIRST_OBSERVED, ClaimKind.ARCHIVE_CAPTURE, ClaimKind.TSA, ClaimKind.OTS}
)


def combine(claims: Sequence[TimeClaim]) -> Published | None:
    """Return the interval to go by and the kind of claim behind it; ``None`` without any.

    The narrowest interval of the most trustworthy kind, cut at the moment the footage was
    first observed where that does not contradict it. Times inside a container or a signature
    say when a file was made and are never used. The order of ``claims`` does not matter.
    """
    stated = sorted((claim for claim in claims if rank(claim) is not None), key=_order)
    upper = _upper_bound(claims)
    for claim in stated:
        if claim.interval.earliest_at is not None and claim.interval.latest_at is not None:
            lower = _lower_bound(stated, claim)
            return Published(_cut(claim.interval, lower, upper), claim.kind)
    if stated:  # one end only
        return Published(_cut(stated[0].interval, None, upper), stated[0].kind)
    return _observed(claims)


def rank(claim: TimeClaim) -> int | None:
    """Return how much the claim counts (0 most), ``None`` if it states no publication time."""
    if claim.interval.earliest_at is None and claim.interval.latest_at is None:
        return None
    return _RANK.get((claim.kind, claim.forgeable_by is ForgeableBy.UPLOADER))


def _order(claim: TimeClaim) -> tuple[int, timedelta, float, float, str, str]:
    """By rank, then narrow before wide; the rest only makes the order independent of input."""
    first, last = claim.interval.earliest_at, claim.interval.latest_at
    width = last - first if first is not None and last is not None else timedelta.max
    return (
        rank(claim) or 0,
        width,
        first.timestamp() if first is not None else float("-inf"),
        last.timestamp() if last is not None else float("inf"),
        claim.kind,
        claim.source,
    )


def _upper_bound(claims: Sequence[TimeClaim]) -> TimeClaim | None:
    bounds = [c for c in claims if c.kind in UPPER_BOUNDS and c.interval.latest_at is not None]
    return min(bounds, key=lambda c: (c.interval.latest_at, c.kind), default=None)


def _lower_bound(stated: Sequence[TimeClaim], chosen: TimeClaim) -> datetime | None:
    """The latest "not before" of a kind that counts at least as much as the chosen claim."""
    limit = rank(chosen) or 0
    bounds = (
        claim.interval.earliest_at
        for claim in stated
        if claim.interval.latest_at is None and (rank(claim) or 0) <= limit
    )
    return max((at for at in bounds if at is not None), default=None)


def _cut(interval: TimeInterval, lower: datetime | None, upper: TimeClaim | None) -> TimeInterval:
    """The part of ``interval`` between the bounds; a bound that contradicts it is left out."""
    first, last = interval.earliest_at, interval.latest_at
    if lower is not None and (first is None or lower > first) and (last is None or lower <= last):
        first = lower
    bound = upper.interval.latest_at if upper is not None else None
    if bound is not None and (last is None or bound < last) and (first is None or bound >= first):
        last = bound
    return TimeInterval(first, last)


def _observed(claims: Sequence[TimeClaim]) -> Published | None:
    bound = _upper_bound(claims)
    if bound is None:
        return None
    return Published(TimeInterval(None, bound.interval.latest_at), bound.kind)
