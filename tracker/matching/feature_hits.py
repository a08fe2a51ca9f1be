"""Pairs of feature frames of two videos that show the same places in one arrangement."""

from __future__ import annotations

from dataclasses import dataclass

import faiss
import numpy as np
import numpy.typing as npt

from tracker.model.features import CODE_BYTES, Features

Codes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

FEATURE_RADIUS_BITS = 24
"""Features farther apart (of 128 bits) are not paired."""

LEAST_PAIRS = 4
"""Fewer feature pairs on one map are chance."""

MOST_PAIRS = 96
"""Feature pairs looked at in one pair of frames: the closest."""

MOST_FEATURE_PAIRS = 400_000_000
"""Features compared at most (about a second); beyond it the longer video is thinned out."""

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


def mirrored_features(codes: Codes) -> Codes:
    """Return the codes of the same places in the left-right mirrored picture, exactly."""
    turned = codes.copy()
    turned[:, CODE_BYTES // 2 :] ^= 0xFF
    return turned


def feature_hits(query: Features, reference: Features) -> FeatureHits:
    """Return all pairs of feature frames with ``LEAST_PAIRS`` places in one arrangement."""
    q, r = _thinned(query, reference)
    rows: list[tuple[int, int, int, int, bool]] = []
    if len(q.codes) and len(r.codes):
        still = _standing_still(q), _standing_still(r)
        for mirror in (False, True):
            rows += _one_way(_View.of(q, mirror, still[0]), _View.of(r, False, still[1]), mirror)
    table = np.array(rows, np.int64).reshape(len(rows), 5)
    return FeatureHits(
        q.pts_ms.astype(np.int64)[table[:, 0]],
        r.pts_ms.astype(np.int64)[table[:, 1]],
        table[:, 2],
        table[:, 3],
        table[:, 4].astype(np.bool_),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """Features as numbers: ``x``, ``y`` shares of the longer side, ``size`` octaves, radians."""

    codes: Codes
    frames: Ints
    x: Floats
    y: Floats
    size: Floats
    turn: Floats
    still: Bools

    @classmethod
    def of(cls, features: Features, mirror: bool, still: Bools) -> _View:
        x, y, size, turn = features.places.T.astype(np.float64)
        radians = turn * (2 * np.pi / 256)
        return cls(
            mirrored_features(features.codes) if mirror else np.ascontiguousarray(features.codes),
            features.frames,
            (-x if mirror else x) / 255,
            y / 255,
            size / 16,
            np.pi - radians if mirror else radians,
            still,
        )


def _thinned(query: Features, reference: Features) -> tuple[Features, Features]:
    step = -(-len(query.codes) * len(reference.codes) // MOST_FEATURE_PAIRS)
    if step <= 1:
        return query, reference
    if len(query.codes) > len(reference.codes):
        return query.every(step), reference
    return query, reference.every(step)


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


def _one_way(q: _View, r: _View, mirror: bool) -> list[tuple[int, int, int, int, bool]]:
    index = faiss.IndexBinaryFlat(CODE_BYTES * 8)
    index.add(r.codes)
    # faiss keeps what is strictly nearer than the radius.
    limits, distances, found = index.range_search(q.codes, FEATURE_RADIUS_BITS + 1)
    rows = np.repeat(np.arange(len(q.codes)), np.diff(limits.astype(np.int64)))
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
            moving = int((~(q.still[i] | r.still[j])).sum())
            hits.append((int(q.frames[i[0]]), int(r.frames[j[0]]), len(at), moving, mirror))
    return hits


def _agreeing(q: _View, r: _View, i: Ints, j: Ints) -> Ints:
    """Return which feature pairs (i, j) the map that explains most explains, none if too few.

    Each pair gives a map by itself: turn, zoom and shift. Each feature counts once.
    """
    zoom_octaves = q.size[i] - r.size[j]
    zoom = 2.0**zoom_octaves
    turn = q.turn[i] - r.turn[j]
    cos, sin = zoom * np.cos(turn), zoom * np.sin(turn)
    x, y = r.x[j], r.y[j]
    off_x = cos[:, None] * (x - x[:, None]) - sin[:, None] * (y - y[:, None])
    off_y = sin[:, None] * (x - x[:, None]) + cos[:, None] * (y - y[:, None])
    off_x -= q.x[i] - q.x[i][:, None]
    off_y -= q.y[i] - q.y[i][:, None]
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


def _extends(view: _View, rows: Ints) -> bool:
    return bool(min(np.ptp(view.x[rows]), np.ptp(view.y[rows])) >= LEAST_EXTENT)
