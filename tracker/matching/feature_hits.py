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
"""… and looks this much the same …"""

STILL_FRAMES = 1
"""… in one of so many feature frames before or after stands still."""


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
    rows: list[tuple[int, int, int, int, bool]] = []
    if len(q.codes) and len(r.codes):
        still = _standing_still(q), _standing_still(r)
        for mirror in (False, True):
            rows += _one_way(pairs, mirror, still)
    table = np.array(rows, np.int64).reshape(len(rows), 5)
    return FeatureHits(
        q.pts_ms.astype(np.int64)[table[:, 0]],
        r.pts_ms.astype(np.int64)[table[:, 1]],
        table[:, 2],
        table[:, 3],
        table[:, 4].astype(np.bool_),
    )


def _standing_still(features: Features) -> Bools:
    """Tell of each feature whether a feature frame just before or after shows it in its place."""
    still = np.zeros(len(features.codes), np.bool_)
    ends = np.cumsum(features.counts, dtype=np.int64)
    starts = ends - features.counts
    places = features.places[:, :2].astype(np.int16)
    for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
        last = int(ends[min(number + STILL_FRAMES, len(ends) - 1)])
        apart = np.abs(places[start:end, None] - places[None, end:last]).max(axis=2)
        one, other = np.nonzero(apart <= STILL_REACH)
        one, other = start + one, end + other
        bits = np.bitwise_count(features.codes[one] ^ features.codes[other])
        same = bits.sum(axis=1, dtype=np.int64) <= STILL_BITS
        still[one[same]] = True
        still[other[same]] = True
    return still


def _one_way(
    pairs: FeaturePairs, mirror: bool, still: tuple[Bools, Bools]
) -> list[tuple[int, int, int, int, bool]]:
    q, r = pairs.query(mirror), pairs.reference
    rows, found, distances = pairs.found(mirror)
    near = distances <= ARRANGED_BITS
    rows, found, distances = rows[near], found[near], distances[near]
    pair = q.frames[rows] * (int(r.frames[-1]) + 1) + r.frames[found]
    order = np.lexsort((found, rows, distances, pair))
    _, starts, counts = np.unique(pair[order], return_index=True, return_counts=True)
    hits = []
    for start, count in zip(starts, counts, strict=True):
        if count < LEAST_PAIRS:
            continue
        chosen = order[start : start + min(count, MOST_PAIRS)]
        at = _agreeing(q, r, rows[chosen], found[chosen])
        if len(at):
            i, j = rows[chosen[at]], found[chosen[at]]
            moving = int((~(still[0][i] | still[1][j])).sum())
            hits.append((int(q.frames[i[0]]), int(r.frames[j[0]]), len(at), moving, mirror))
    return hits


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
