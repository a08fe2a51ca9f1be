"""Appearances in order of time, and which one may be called the earliest known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from tracker.model.clip import Appearance
from tracker.model.time_claim import UNKNOWN_INTERVAL, TimeInterval

_LATE = datetime.max.replace(tzinfo=UTC)
_EARLY = datetime.min.replace(tzinfo=UTC)


def interval_of(appearance: Appearance) -> TimeInterval:
    """Return when the appearance was published; unbounded where nothing is known."""
    return appearance.published.interval if appearance.published else UNKNOWN_INTERVAL


def order_key(appearance: Appearance) -> tuple[bool, datetime, datetime, int, str, str, str]:
    """Return the sort key: by the instant at which the appearance is *known* to have been public.

    That is the upper end of its interval. Something merely observed has no lower end, so the
    lower end cannot decide what is "earliest known". What only cites another post comes after
    every showing of the footage itself. At equal times the one that shows more comes first: a
    part is cut from a whole. The last parts make the order total.
    """
    interval = interval_of(appearance)
    return (
        appearance.cites,
        interval.latest_at or _LATE,
        interval.earliest_at or _EARLY,
        appearance.start_ms - appearance.end_ms,
        appearance.post.key if appearance.post else "",
        appearance.video,
        appearance.id,
    )


def in_order(appearances: Sequence[Appearance]) -> list[Appearance]:
    """Return the appearances, earliest known first."""
    return sorted(appearances, key=order_key)


def one_citation_a_page(ordered: Sequence[Appearance]) -> list[Appearance]:
    """Return the appearances with each citing page once, citing the earliest it shows.

    A page that shows three posts of one clip is still one appearance of that clip.
    """
    rank = {seen.video: n for n, seen in reversed(list(enumerate(ordered))) if not seen.cites}
    first: dict[str, Appearance] = {}
    for seen in sorted((s for s in ordered if s.cites), key=lambda s: rank.get(s.video, len(rank))):
        first.setdefault(seen.post.key if seen.post else seen.id, seen)
    kept = {seen.id for seen in first.values()}
    return [seen for seen in ordered if not seen.cites or seen.id in kept]


def not_orderable_with(root: Appearance, others: Sequence[Appearance]) -> list[Appearance]:
    """Return those of ``others`` that may have been published before ``root``, for all we know."""
    interval = interval_of(root)
    return [
        other
        for other in others
        if other.id != root.id
        and not other.cites
        and not interval.certainly_before(interval_of(other))
    ]
