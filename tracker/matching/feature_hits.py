"""Pairs of feature frames of two videos that show the same places in one arrangement."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tracker.matching.arrangements import LEAST_PAIRS, FramePairs, arranged
from tracker.matching.feature_pairs import FeaturePairs
from tracker.model.features import Features
from tracker.model.groups import places_in_runs, places_within

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

ARRANGED_BITS = 24
"""Features farther apart (of 128 bits) are not looked at here."""

MOST_PARTNERS = 32
"""Reference frames looked at for one query frame: a still shot shows the same for minutes."""

MOST_PAIRS = 96
"""Feature pairs looked at in one pair of frames: the closest."""

STILL_REACH = 4
"""A feature that stays within so many 255ths of the picture …"""

STILL_BITS = 28
"""… and looks this much the same in the feature frame before or after stands still."""


@dataclass(frozen=True, slots=True, eq=False)
class FeatureHits:
    """n pairs of feature frames: times int64 ms, feature pairs on one map, those that move.

    ``moving`` are the pairs that stand still in neither video: captions, logos, studio
    walls and fixed cameras show the same places at any time, and prove nothing.
    """

    query_ms: Ints
    reference_ms: Ints
    agreeing: Ints
    moving: Ints
    mirrored: Bools


def feature_hits(pairs: FeaturePairs) -> FeatureHits:
    """Return all pairs of feature frames with ``LEAST_PAIRS`` places in one arrangement."""
    ways = [_one_way(pairs, mirror) for mirror in (False, True)]
    still = [
        _standing_still(features, np.concatenate(rows))
        for features, rows in zip(
            pairs.features, zip(*((w.query, w.reference) for w in ways), strict=True), strict=True
        )
    ]
    sides = [
        _hits(pairs, way, still, mirror) for way, mirror in zip(ways, (False, True), strict=True)
    ]
    return FeatureHits(*(np.concatenate(parts) for parts in zip(*sides, strict=True)))


def _hits(
    pairs: FeaturePairs, way: FramePairs, still: list[Bools], mirror: bool
) -> tuple[Ints, Ints, Ints, Ints, Bools]:
    """Return the fields of ``FeatureHits`` for one way up."""
    query, reference = pairs.features
    some = np.flatnonzero(way.counts)
    first = (np.cumsum(way.counts) - way.counts)[some]
    moves = ~still[0][way.query] & ~still[1][way.reference]
    return (
        query.pts_ms.astype(np.int64)[query.frames[way.query[first]]],
        reference.pts_ms.astype(np.int64)[reference.frames[way.reference[first]]],
        way.counts[some],
        np.bincount(way.owners[moves], minlength=len(way.counts))[some],
        np.full(len(some), mirror),
    )


def _standing_still(features: Features, wanted: Ints) -> Bools:
    """Tell of the ``wanted`` features whether a frame just before or after shows them in place.

    The answer is bool (n,) for all features of the video, and of no worth for the others.
    """
    still = np.zeros(len(features.codes), np.bool_)
    asked = np.unique(wanted)
    counts = features.counts.astype(np.int64)
    starts = np.cumsum(counts) - counts
    for step in (-1, 1):
        other = features.frames[asked] + step
        there = (other >= 0) & (other < len(counts))
        rows, other = asked[there], other[there]
        sizes = counts[other]
        one = np.repeat(rows, sizes)
        two = np.repeat(starts[other], sizes) + places_within(sizes)
        still[one[_same(features, one, two)]] = True
    return still


def _same(features: Features, one: Ints, two: Ints) -> Ints:
    """Return the numbers of those pairs that show one thing in one place."""
    places = features.places[:, :2].astype(np.int16)
    near = np.flatnonzero(np.abs(places[one] - places[two]).max(axis=1, initial=0) <= STILL_REACH)
    changed = features.codes[one[near]] ^ features.codes[two[near]]
    same: Ints = near[np.bitwise_count(changed).sum(axis=1, dtype=np.int64) <= STILL_BITS]
    return same


def _one_way(pairs: FeaturePairs, mirror: bool) -> FramePairs:
    q, r = pairs.query(mirror), pairs.reference
    rows, found, distances = pairs.found(mirror)
    near = distances <= ARRANGED_BITS
    rows, found, distances = rows[near], found[near], distances[near]
    others = len(r.counts) + 1
    pair = q.frames[rows] * others + r.frames[found]
    order = np.lexsort((found, rows, distances, pair))
    numbers, starts, counts = np.unique(pair[order], return_index=True, return_counts=True)
    wanted = _promising(numbers // others, counts)
    sizes = np.minimum(counts[wanted], MOST_PAIRS)
    chosen = order[np.repeat(starts[wanted], sizes) + places_within(sizes)]
    return arranged(q, r, FramePairs(rows[chosen], found[chosen], sizes))


def _promising(query_frames: Ints, counts: Ints) -> Ints:
    """Return the pairs of frames to look at: of each query frame those that share most."""
    order = np.lexsort((-counts, query_frames))
    rank = places_in_runs(query_frames[order])
    return np.sort(order[(rank < MOST_PARTNERS) & (counts[order] >= LEAST_PAIRS)])
