"""What each post says about when it was published, true or not, under four conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from benchmarks.accuracy.trees.truth import Made
from tracker.model.time_claim import ClaimKind, ForgeableBy, TimeClaim, TimeInterval

CONDITIONS = ("known", "partly known", "wrong", "none")
WITH_TIMES = CONDITIONS[:3]

EXACT_SHARE, DAY_SHARE = 0.4, 0.25
"""Partly known: so many posts have their time to the second, so many their day; others nothing."""

LIE_SHARE = 0.5
"""Wrong: so many posts claim to be older than they are, and so many files to be made earlier."""

LIE_DAYS = (5.0, 400.0)


@dataclass(frozen=True, slots=True)
class Said:
    """Claims by post and by file; what the archive saw itself comes on top."""

    posts: Mapping[str, tuple[TimeClaim, ...]]
    files: Mapping[str, tuple[TimeClaim, ...]] = field(default_factory=dict)


def said(posts: Sequence[Made], condition: str, rng: Random) -> Said:
    """Return what the posts say of their times under one of ``CONDITIONS``.

    ``known``: the platform's id says it to the second. ``partly known``: some to the second, some
    to the day, a third nothing. ``wrong``: ids are true; half of the posts also carry an earlier
    time that their uploader forged (a date on the page, or one that a client writes into the
    id, where the platform's own word is true), and half of the files an earlier creation time.
    ``none``: nothing, all were first seen in one moment.
    """
    if condition == "wrong":
        files = sorted({post.file for post in posts})
        lies = {file: (_container(rng),) for file in files if rng.random() < LIE_SHARE}
        return Said({post.id: _with_lies(post, rng) for post in posts}, lies)
    if condition == "partly known":
        return Said({post.id: _partly(post, rng) for post in posts})
    known = condition == "known"
    return Said({post.id: (_from_id(post.published_at),) if known else () for post in posts})


def _from_id(at: datetime, forger: ForgeableBy = ForgeableBy.PLATFORM) -> TimeClaim:
    interval = TimeInterval.instant(at, precision=timedelta(seconds=1))
    return TimeClaim(ClaimKind.ID_DERIVED, interval, forger, "made:id")


def _partly(post: Made, rng: Random) -> tuple[TimeClaim, ...]:
    drawn = rng.random()
    if drawn < EXACT_SHARE:
        return (_from_id(post.published_at),)
    if drawn < EXACT_SHARE + DAY_SHARE:
        day = TimeInterval.whole_day(post.published_at.date())
        return (TimeClaim(ClaimKind.PAGE_METADATA, day, ForgeableBy.PLATFORM, "made:day"),)
    return ()


def _with_lies(post: Made, rng: Random) -> tuple[TimeClaim, ...]:
    truth = _from_id(post.published_at)
    if rng.random() >= LIE_SHARE:
        return (truth,)
    lie = post.published_at - timedelta(days=rng.uniform(*LIE_DAYS))
    if rng.random() < 0.5:
        day = TimeInterval.whole_day(lie.date())
        forged = TimeClaim(ClaimKind.PAGE_METADATA, day, ForgeableBy.UPLOADER, "made:page")
        return (truth, forged)
    interval = TimeInterval.instant(post.published_at, precision=timedelta(seconds=1))
    word = TimeClaim(ClaimKind.PLATFORM_REPORTED, interval, ForgeableBy.PLATFORM, "made:api")
    return (word, _from_id(lie, ForgeableBy.UPLOADER))


def _container(rng: Random) -> TimeClaim:
    at = datetime.fromisoformat("2024-01-01T00:00:00+00:00") + timedelta(days=rng.uniform(0, 300))
    interval = TimeInterval.instant(at, precision=timedelta(seconds=1))
    return TimeClaim(
        ClaimKind.CONTAINER_METADATA, interval, ForgeableBy.UPLOADER, "container:creation_time"
    )
