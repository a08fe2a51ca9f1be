"""Looks again where an alignment says to look: which local features agree along its line.

Knowing the line in time and the map from reference to query picture, a feature has one place
where it must be found again. So far looser limits are safe, few features a frame are telling,
and the same count a few seconds off the line says how much of it any moment would show.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tracker.matching.feature_map import FeatureMap, fitted_map
from tracker.matching.feature_pairs import FeaturePairs, Located
from tracker.model.groups import places_within

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

LINE_REACH_MS = 1100
"""Feature frames this near to the line (in reference time) are paired: its two neighbours."""

GUIDED_REACH = 0.04
GUIDED_TURN = 0.5
GUIDED_OCTAVES = 0.75
GUIDED_BITS = 40
"""Place (share of the longer side), direction (radians), size and code must agree so far."""

SHIFTS_MS = (-6000, -3000, 3000, 6000)
"""Where off the line the same is counted for comparison, in reference time."""

MOST_LOOKS = 120
_FRAME_PAIRS_AT_ONCE = 600


@dataclass(frozen=True, slots=True, eq=False)
class SecondLook:
    """Per feature frame of the query that the line maps into the reference (n of them).

    ``query_ms``, ``reference_ms`` (on the line) int64; ``on`` int64: features that agree there;
    ``off`` int64: the most that agree at one of the shifted places, -1 where there is none;
    ``possible`` int64: features of the query frame.
    """

    map: FeatureMap
    query_ms: Ints
    reference_ms: Ints
    on: Ints
    off: Ints
    possible: Ints


def second_look(
    pairs: FeaturePairs,
    speed: float,
    offset_ms: float,
    *,
    mirrored: bool,
    query_ms: tuple[float, float] = (-np.inf, np.inf),
) -> SecondLook | None:
    """Return what agrees along the line; ``None`` if no map of the pictures can be found.

    Only feature frames within ``query_ms`` are looked at, and of them at most ``MOST_LOOKS``,
    evenly spread.
    """
    query, reference = pairs.query(mirrored), pairs.reference
    if not len(query.times_ms) or not len(reference.times_ms):
        return None
    i, j, _ = pairs.found(mirrored)
    on_line = query.times_ms[query.frames[i]] * speed + offset_ms
    near = np.abs(reference.times_ms[reference.frames[j]] - on_line) <= LINE_REACH_MS
    found = fitted_map(query, reference, i[near], j[near], mirrored)
    if found is None:
        return None
    wanted = np.round(query.times_ms * speed + offset_ms).astype(np.int64)
    inside = (wanted >= -LINE_REACH_MS) & (wanted <= reference.times_ms[-1] + LINE_REACH_MS)
    inside &= (query.times_ms >= query_ms[0]) & (query.times_ms <= query_ms[1])
    frames = np.flatnonzero(inside)
    frames = frames[:: max(1, -(-len(frames) // MOST_LOOKS))]
    on = _agreeing(query, reference, found, frames, wanted[frames])
    off = np.full(len(frames), -1, np.int64)
    for shift in SHIFTS_MS:
        off = np.maximum(off, _agreeing(query, reference, found, frames, wanted[frames] + shift))
    return SecondLook(
        found, query.times_ms[frames], wanted[frames], np.maximum(on, 0), off, query.counts[frames]
    )


def _agreeing(
    query: Located, reference: Located, found: FeatureMap, frames: Ints, wanted_ms: Ints
) -> Ints:
    """Return for each query frame how many features agree at ``wanted_ms``; -1 if none is near."""
    best = np.full(len(frames), -1, np.int64)
    at = np.searchsorted(reference.times_ms, wanted_ms)
    for step in (-1, 0):
        other = at + step
        there = (other >= 0) & (other < len(reference.times_ms))
        clipped = np.clip(other, 0, len(reference.times_ms) - 1)
        there &= np.abs(reference.times_ms[clipped] - wanted_ms) <= LINE_REACH_MS
        rows = np.flatnonzero(there)
        for chunk in _chunks(rows):
            counted = _counted(query, reference, found, frames[chunk], clipped[chunk])
            best[chunk] = np.maximum(best[chunk], counted)
    return best


def _chunks(rows: Ints) -> Iterator[Ints]:
    for start in range(0, len(rows), _FRAME_PAIRS_AT_ONCE):
        yield rows[start : start + _FRAME_PAIRS_AT_ONCE]


def _counted(
    query: Located, reference: Located, found: FeatureMap, frames: Ints, others: Ints
) -> Ints:
    """Return how many features of each query frame have their counterpart in the other frame."""
    i, j, pair = _all_pairs(query, reference, frames, others)
    zoom, turn = found.zoom, found.turn
    away = np.abs(found.applied(reference.places[j]) - query.places[i])
    keep = away <= GUIDED_REACH * max(1.0, zoom)
    i, j, pair = i[keep], j[keep], pair[keep]
    keep = np.abs(query.octaves[i] - reference.octaves[j] - np.log2(zoom)) <= GUIDED_OCTAVES
    turned = np.angle(np.exp(1j * (query.turns[i] - reference.turns[j] - turn)))
    keep &= np.abs(turned) <= GUIDED_TURN
    i, j, pair = i[keep], j[keep], pair[keep]
    bits = np.bitwise_count(query.codes[i] ^ reference.codes[j]).sum(axis=1, dtype=np.int64)
    keep = bits <= GUIDED_BITS
    i, j, pair = i[keep], j[keep], pair[keep]
    one = _distinct(pair, i, len(frames))
    other = _distinct(pair, j, len(frames))
    return np.minimum(one, other)


def _distinct(pair: Ints, feature: Ints, count: int) -> Ints:
    keys = np.unique(pair * (1 << 32) + feature)
    return np.bincount(keys >> 32, minlength=count).astype(np.int64)


def _all_pairs(
    query: Located, reference: Located, frames: Ints, others: Ints
) -> tuple[Ints, Ints, Ints]:
    """Return every pair of features (i, j) of the frame pairs, and the number of its pair."""
    nq, nr = query.counts[frames], reference.counts[others]
    sizes = nq * nr
    pair = np.repeat(np.arange(len(frames)), sizes)
    within = places_within(sizes)
    i = query.starts[frames][pair] + within // nr[pair]
    j = reference.starts[others][pair] + within % nr[pair]
    return i, j, pair
