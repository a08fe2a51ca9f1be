"""What the leaning of a copy adds to the odds of its possible sources."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import log

from tracker.model.ids import VideoId

LeaningOf = Callable[[VideoId, VideoId, VideoId], float | None]
"""How far the first video takes after the second rather than the third (``matching.leaning``)."""

MOST_RIVALS = 5
CLOSE_ODDS = 8.0
"""So many sources are compared, none less likely than the likeliest by more (log-odds)."""

ODDS_WEIGHT = 0.73
MEAN_WEIGHT = 1.39
WORST_WEIGHT = 2.69
"""Where sources were compared, the odds that were said before count for so much, the mean leaning
to a source rather than to each of its rivals, and the least of these leanings.

Fitted to 462 copies of made trees (seeds 26 and 27) by ``benchmarks.accuracy.trees.fit_contests``.
"""

TELLING_LEANING = 0.2
"""A leaning of this much is said in words: of 0.5 it has all that sets the source apart."""

_LEAST_CHANCE = 1e-3


def settled(
    video: VideoId,
    odds: Mapping[VideoId, float],
    close: Mapping[VideoId, float],
    leaning_of: LeaningOf,
) -> dict[VideoId, float]:
    """Return the log-odds of each source of ``video`` with what the leanings say.

    ``close`` are those that are compared, as ``close_sources`` returns them.
    """
    told = told_by_leanings(video, odds, close, leaning_of)
    if told is None:
        return dict(odds)
    return {
        one: ODDS_WEIGHT * said + MEAN_WEIGHT * told[one][0] + WORST_WEIGHT * told[one][1]
        for one, said in odds.items()
    }


def told_by_leanings(
    video: VideoId,
    odds: Iterable[VideoId],
    close: Mapping[VideoId, float],
    leaning_of: LeaningOf,
) -> dict[VideoId, tuple[float, float]] | None:
    """Return the mean and the least leaning to each source in ``odds``, 0 where none is known.

    ``None`` if nothing is known of any. A rival counts as far as it may have been there before the
    video: what came after it may have its errors from it.
    """
    leanings = {one: [0.0] for one in odds}
    known = False
    for one in close:
        against = {other: leaning_of(video, one, other) for other in close if other != one}
        said = [close[other] * leaning for other, leaning in against.items() if leaning is not None]
        if said:
            leanings[one], known = said, True
    if not known:
        return None
    return {one: (sum(said) / len(said), min(said)) for one, said in leanings.items()}


def in_words(leanings: Iterable[float | None]) -> str:
    """Return what the leanings to a source rather than to its rivals tell; may be empty."""
    known = [leaning for leaning in leanings if leaning is not None]
    if known and min(known) <= -TELLING_LEANING:
        return "; but it repeats small errors of another possible source that this one lacks"
    if known and min(known) >= TELLING_LEANING:
        return "; it repeats small errors of this one's picture that other possible sources lack"
    return ""


def close_sources(
    odds: Mapping[VideoId, float], there: Mapping[VideoId, float]
) -> dict[VideoId, float]:
    """Return the sources that are compared with each other, the likeliest first.

    With each goes how likely it was there before the video, as ``there`` tells of all: that it
    hardly was makes it a less likely source.
    """
    likely = {one: said + log(max(_LEAST_CHANCE, there[one])) for one, said in odds.items()}
    first = sorted(odds, key=lambda one: (-likely[one], one))[:MOST_RIVALS]
    return {one: there[one] for one in first if likely[first[0]] - likely[one] <= CLOSE_ODDS}
