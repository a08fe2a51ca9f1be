"""Every pair of frames of two videos that look alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import faiss
import numpy as np
import numpy.typing as npt

from tracker.matching.feature_hits import FeatureHits, feature_hits
from tracker.matching.feature_pairs import FeaturePairs
from tracker.matching.view_pairs import mirrored
from tracker.model.fingerprint import Fingerprint

ALIGN_RADIUS_BITS = 84
"""Frames farther apart than this are no evidence.

Of a thousand million unrelated pairs of frames of the accuracy corpus about one in a million
lies within 83 bits of 256; a single hit therefore says nothing, a row of them on a line does.
"""

MOST_FRAME_PAIRS = 20_000_000
"""Pairs of frames compared at most (seconds); beyond it the longer video is thinned out evenly.

The shorter one keeps all its frames, so every frame looked at still has its counterpart.
"""

MOST_HITS = 400_000
"""Hits kept at most (two still videos match everywhere); beyond it query frames are dropped."""

FEATURES_OF_EQUAL_FRAMES = 16
"""A pair of frames in which so many local features agree would weigh like equal hashes …"""

MOST_FEATURE_WORTH = 0.6
"""… but weighs no more than this, so that a close hash says when, to a quarter second."""

_ROW_PAIRS_AT_ONCE = 20_000_000


@dataclass(frozen=True, slots=True, eq=False)
class FrameHits:
    """n pairs of alike frames, one per pair and mirroring, as equal arrays.

    ``query_frames`` and ``reference_frames`` int64 count the distinct sampled times, which are
    ``query_ms`` and ``reference_ms`` int64 (all times of each video). ``distances`` int64 bits,
    ``mirrored`` bool, ``query_views`` and ``reference_views`` uint8: the pair of views that
    came closest. ``moving`` int64: -1 where a hash was hit, else how many of the local features
    that are ``agreeing`` (int64) move; the distance then only stands for how many agree.
    ``feature_frames`` int64 (f,) ascending, of ``query_frames``: those whose local features are
    known. A picture like the one before it has none of its own.
    """

    query_frames: npt.NDArray[np.int64]
    reference_frames: npt.NDArray[np.int64]
    distances: npt.NDArray[np.int64]
    mirrored: npt.NDArray[np.bool_]
    query_views: npt.NDArray[np.uint8]
    reference_views: npt.NDArray[np.uint8]
    query_ms: npt.NDArray[np.int64]
    reference_ms: npt.NDArray[np.int64]
    moving: npt.NDArray[np.int64]
    agreeing: npt.NDArray[np.int64]
    feature_frames: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def __len__(self) -> int:
        return len(self.distances)

    def only(self, keep: npt.NDArray[np.bool_]) -> FrameHits:
        """Return those hits where ``keep`` (n,) is true."""
        return self.at(np.flatnonzero(keep))

    def at(self, rows: npt.NDArray[np.int64]) -> FrameHits:
        """Return the hits at ``rows``, in that order."""
        return FrameHits(
            self.query_frames[rows],
            self.reference_frames[rows],
            self.distances[rows],
            self.mirrored[rows],
            self.query_views[rows],
            self.reference_views[rows],
            self.query_ms,
            self.reference_ms,
            self.moving[rows],
            self.agreeing[rows],
            self.feature_frames,
        )


def frame_hits(
    query: Fingerprint, reference: Fingerprint, pairs: FeaturePairs | None = None
) -> FrameHits:
    """Return all pairs of frames within ``ALIGN_RADIUS_BITS`` in any two views, both ways up."""
    q, r = _thinned(_Rows.of(query), _Rows.of(reference))
    parts = [hits for mirror in (False, True) for hits in _one_way(q, r, mirror)]
    by_hash = _bounded(
        FrameHits(
            query_frames=np.concatenate([part.query_frames for part in parts]),
            reference_frames=np.concatenate([part.reference_frames for part in parts]),
            distances=np.concatenate([part.distances for part in parts]),
            mirrored=np.concatenate([part.mirrored for part in parts]),
            query_views=np.concatenate([part.query_views for part in parts]),
            reference_views=np.concatenate([part.reference_views for part in parts]),
            query_ms=q.times_ms,
            reference_ms=r.times_ms,
            moving=np.concatenate([part.moving for part in parts]),
            agreeing=np.concatenate([part.agreeing for part in parts]),
        )
    )
    pairs = pairs or FeaturePairs(query.features, reference.features)
    return _with_features(by_hash, feature_hits(pairs), pairs.features[0].pts_ms)


def _with_features(
    hits: FrameHits, more: FeatureHits, feature_ms: npt.NDArray[np.int32]
) -> FrameHits:
    """Return ``hits`` and the pairs of frames that only local features show alike.

    ``feature_ms`` are the times of the query's feature frames.
    """
    if not len(hits.query_ms) or not len(hits.reference_ms):
        return hits
    query = _nearest(hits.query_ms, more.query_ms)
    reference = _nearest(hits.reference_ms, more.reference_ms)
    worth = np.minimum(more.agreeing / FEATURES_OF_EQUAL_FRAMES, MOST_FEATURE_WORTH)
    distances = np.round((1.0 - worth) * ALIGN_RADIUS_BITS).astype(np.int64)
    full = np.zeros(len(query), np.uint8)
    joined = FrameHits(
        query_frames=np.concatenate([hits.query_frames, query]),
        reference_frames=np.concatenate([hits.reference_frames, reference]),
        distances=np.concatenate([hits.distances, distances]),
        mirrored=np.concatenate([hits.mirrored, more.mirrored]),
        query_views=np.concatenate([hits.query_views, full]),
        reference_views=np.concatenate([hits.reference_views, full]),
        query_ms=hits.query_ms,
        reference_ms=hits.reference_ms,
        moving=np.concatenate([hits.moving, more.moving]),
        agreeing=np.concatenate([hits.agreeing, more.agreeing]),
        feature_frames=np.unique(_nearest(hits.query_ms, feature_ms.astype(np.int64))),
    )
    return joined.at(np.lexsort((joined.reference_frames, joined.query_frames, joined.mirrored)))


def _nearest(times: npt.NDArray[np.int64], wanted: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the place of the last of ``times`` not after each of ``wanted``."""
    at = np.searchsorted(times, wanted, side="right") - 1
    return np.clip(at, 0, len(times) - 1).astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Hashes of the telling rows, and which of the frames (``times_ms``) each belongs to."""

    codes: npt.NDArray[np.uint8]
    frames: npt.NDArray[np.int64]
    views: npt.NDArray[np.uint8]
    times_ms: npt.NDArray[np.int64]

    @classmethod
    def of(cls, fingerprint: Fingerprint) -> _Rows:
        times, frames = np.unique(fingerprint.pts_ms, return_inverse=True)
        keep = fingerprint.quality > 0
        codes = np.ascontiguousarray(fingerprint.codes[keep])
        views = fingerprint.views[keep]
        return cls(codes, frames[keep].astype(np.int64), views, times.astype(np.int64))

    def every(self, step: int) -> _Rows:
        """Return every ``step``-th frame."""
        keep = self.frames % step == 0
        codes = np.ascontiguousarray(self.codes[keep])
        return _Rows(
            codes, self.frames[keep] // step, self.views[keep], self.times_ms[::step].copy()
        )


def _thinned(q: _Rows, r: _Rows) -> tuple[_Rows, _Rows]:
    step = -(-len(q.times_ms) * len(r.times_ms) // MOST_FRAME_PAIRS)
    if step <= 1:
        return q, r
    return (q.every(step), r) if len(q.times_ms) > len(r.times_ms) else (q, r.every(step))


def _bounded(hits: FrameHits) -> FrameHits:
    step = -(-len(hits) // MOST_HITS)
    if step <= 1:
        return hits
    kept = hits.only(hits.query_frames % step == 0)
    return replace(
        kept, query_frames=kept.query_frames // step, query_ms=hits.query_ms[::step].copy()
    )


def _one_way(q: _Rows, r: _Rows, mirror: bool) -> Iterator[FrameHits]:
    """Yield the hits of a few query frames at a time, so that still videos fit into memory."""
    if not len(q.codes) or not len(r.codes):
        yield _hits(q, r, np.zeros((3, 0), np.int64), mirror)
        return
    index = faiss.IndexBinaryFlat(r.codes.shape[1] * 8)
    index.add(r.codes)
    codes = np.ascontiguousarray(mirrored(q.codes)) if mirror else q.codes
    for start, end in _batches(q.frames, max(1, _ROW_PAIRS_AT_ONCE // len(r.codes))):
        # faiss keeps what is strictly nearer than the radius.
        limits, distances, found = index.range_search(codes[start:end], ALIGN_RADIUS_BITS + 1)
        rows = start + np.repeat(np.arange(end - start), np.diff(limits.astype(np.int64)))
        yield _hits(q, r, np.stack([rows, found, distances.astype(np.int64)]), mirror)


def _batches(frames: npt.NDArray[np.int64], rows: int) -> Iterator[tuple[int, int]]:
    """Yield runs of about ``rows`` rows that split no frame (``frames`` ascend)."""
    start = 0
    while start < len(frames):
        last = min(start + rows, len(frames)) - 1
        end = int(np.searchsorted(frames, frames[last], side="right"))
        yield start, end
        start = end


def _hits(q: _Rows, r: _Rows, found: npt.NDArray[np.int64], mirror: bool) -> FrameHits:
    """Return the closest of the hits (query row, reference row, distance) of each frame pair."""
    i, j = q.frames[found[0]], r.frames[found[1]]
    order = np.lexsort((found[2], j, i))
    first = np.ones(len(order), np.bool_)
    first[1:] = (np.diff(i[order]) != 0) | (np.diff(j[order]) != 0)
    best = order[first]
    query_rows, reference_rows, distances = found[:, best]
    return FrameHits(
        query_frames=i[best],
        reference_frames=j[best],
        distances=distances,
        mirrored=np.full(len(best), mirror),
        query_views=q.views[query_rows],
        reference_views=r.views[reference_rows],
        query_ms=q.times_ms,
        reference_ms=r.times_ms,
        moving=np.full(len(best), -1, np.int64),
        agreeing=np.zeros(len(best), np.int64),
    )
