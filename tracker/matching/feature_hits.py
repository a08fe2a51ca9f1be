"""Pairs of feature frames of two videos that show the same places in one arrangement."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tracker.matching.feature_pairs import FeaturePairs, Located
from tracker.model.features import Features

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

ARRANGED_BITS = 24
"""Features farther apart (of 128 bits) are not looked at here."""

LEAST_PAIRS = 4
"""Fewer feature pairs on one map are chance."""

MOST_PARTNERS = 32
"""Reference frames looked at for one query frame: a still shot shows the same for minutes."""

MOST_PAIRS = 96
"""Feature pairs looked at in one pair of frames: the closest."""

REACH = 0.03
"""A feature may land this share of the picture's longer side off its place."""

LARGEST_TURN_ERROR = 0.35
LARGEST_SIZE_ERROR = 0.5
"""Directions (radians) and sizes (octaves) of a map's feature pairs agree within these."""

LARGEST_ZOOM = 5.0

LEAST_EXTENT = 0.08
"""Feature pairs within a smaller share of the picture, in either direction, are a logo's."""

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
    q, r = pairs.features
    found: list[_Agreeing] = []
    if len(q.codes) and len(r.codes):
        for mirror in (False, True):
            found += _one_way(pairs, mirror)
    moves_here = ~_standing_still(q, [hit.query for hit in found])
    moves_there = ~_standing_still(r, [hit.reference for hit in found])
    frames, others = q.frames, r.frames
    table = np.array(
        [
            (
                frames[hit.query[0]],
                others[hit.reference[0]],
                len(hit.query),
                (moves_here[hit.query] & moves_there[hit.reference]).sum(),
                hit.mirrored,
            )
            for hit in found
        ],
        np.int64,
    ).reshape(len(found), 5)
    return FeatureHits(
        q.pts_ms.astype(np.int64)[table[:, 0]],
        r.pts_ms.astype(np.int64)[table[:, 1]],
        table[:, 2],
        table[:, 3],
        table[:, 4].astype(np.bool_),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Agreeing:
    """The features of a pair of frames, int64 (n,) each, that one map explains."""

    query: Ints
    reference: Ints
    mirrored: bool


def _standing_still(features: Features, wanted: list[Ints]) -> Bools:
    """Tell of the ``wanted`` features whether a frame just before or after shows them in place.

    The answer is bool (n,) for all features of the video, and of no worth for the others.
    """
    still = np.zeros(len(features.codes), np.bool_)
    if not wanted:
        return still
    asked = np.unique(np.concatenate(wanted))
    counts = features.counts.astype(np.int64)
    starts = np.cumsum(counts) - counts
    for step in (-1, 1):
        other = features.frames[asked] + step
        there = (other >= 0) & (other < len(counts))
        rows, other = asked[there], other[there]
        sizes = counts[other]
        one = np.repeat(rows, sizes)
        first = np.repeat(starts[other] - (np.cumsum(sizes) - sizes), sizes)
        two = first + np.arange(len(one))
        still[one[_same(features, one, two)]] = True
    return still


def _same(features: Features, one: Ints, two: Ints) -> Ints:
    """Return the numbers of those pairs that show one thing in one place."""
    places = features.places[:, :2].astype(np.int16)
    near = np.flatnonzero(np.abs(places[one] - places[two]).max(axis=1, initial=0) <= STILL_REACH)
    changed = features.codes[one[near]] ^ features.codes[two[near]]
    same: Ints = near[np.bitwise_count(changed).sum(axis=1, dtype=np.int64) <= STILL_BITS]
    return same


def _one_way(pairs: FeaturePairs, mirror: bool) -> list[_Agreeing]:
    q, r = pairs.query(mirror), pairs.reference
    rows, found, distances = pairs.found(mirror)
    near = distances <= ARRANGED_BITS
    rows, found, distances = rows[near], found[near], distances[near]
    pair = q.frames[rows] * (int(r.frames[-1]) + 1) + r.frames[found]
    order = np.lexsort((found, rows, distances, pair))
    pairs_of_frames, starts, counts = np.unique(pair[order], return_index=True, return_counts=True)
    found_all = []
    for at in _promising(pairs_of_frames // (int(r.frames[-1]) + 1), counts):
        chosen = order[starts[at] : starts[at] + min(counts[at], MOST_PAIRS)]
        agree = _agreeing(q, r, rows[chosen], found[chosen])
        if len(agree):
            found_all.append(_Agreeing(rows[chosen[agree]], found[chosen[agree]], mirror))
    return found_all


def _promising(query_frames: Ints, counts: Ints) -> Ints:
    """Return the pairs of frames to look at: of each query frame those that share most."""
    order = np.lexsort((-counts, query_frames))
    begins = np.ones(len(order), np.bool_)
    begins[1:] = query_frames[order][1:] != query_frames[order][:-1]
    number = np.arange(len(order))
    rank = number - np.maximum.accumulate(np.where(begins, number, 0))
    return np.sort(order[(rank < MOST_PARTNERS) & (counts[order] >= LEAST_PAIRS)])


def _agreeing(q: Located, r: Located, i: Ints, j: Ints) -> Ints:
    """Return which feature pairs (i, j) the map that explains most explains, none if too few.

    Each pair gives a map by itself: turn, zoom and shift. Each feature counts once.
    """
    zoom_octaves = q.octaves[i] - r.octaves[j]
    zoom = 2.0**zoom_octaves
    turn = q.turns[i] - r.turns[j]
    cos, sin = zoom * np.cos(turn), zoom * np.sin(turn)
    x, y = r.places[j].real, r.places[j].imag
    off_x = cos[:, None] * (x - x[:, None]) - sin[:, None] * (y - y[:, None])
    off_y = sin[:, None] * (x - x[:, None]) + cos[:, None] * (y - y[:, None])
    here = q.places[i] - q.places[i][:, None]
    off_x -= here.real
    off_y -= here.imag
    turned = np.abs((turn - turn[:, None] + np.pi) % (2 * np.pi) - np.pi)
    reach = REACH * np.maximum(1.0, zoom)[:, None]
    near = (off_x**2 + off_y**2 <= reach**2) & (turned <= LARGEST_TURN_ERROR)
    near &= np.abs(zoom_octaves - zoom_octaves[:, None]) <= LARGEST_SIZE_ERROR
    near &= (np.abs(zoom_octaves) <= np.log2(LARGEST_ZOOM))[:, None]
    best = np.flatnonzero(near[int(near.sum(axis=1).argmax())])
    best = best[np.sort(np.unique(i[best], return_index=True)[1])]
    best = best[np.sort(np.unique(j[best], return_index=True)[1])]
    if len(best) < LEAST_PAIRS or not (_extends(q, i[best]) and _extends(r, j[best])):
        return np.zeros(0, np.int64)
    return best


def _extends(view: Located, rows: Ints) -> bool:
    return bool(min(np.ptp(view.places[rows].real), np.ptp(view.places[rows].imag)) >= LEAST_EXTENT)
