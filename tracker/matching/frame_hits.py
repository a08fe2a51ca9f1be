"""Every pair of frames of two videos that look alike."""

from __future__ import annotations

from dataclasses import dataclass

import faiss
import numpy as np
import numpy.typing as npt

from tracker.matching.view_pairs import comparable, mirrored
from tracker.model.fingerprint import Fingerprint

ALIGN_RADIUS_BITS = 84
"""Frames farther apart than this are no evidence.

Of a thousand million unrelated pairs of frames of the accuracy corpus about one in a million
lies within 83 bits of 256; a single hit therefore says nothing, a row of them on a line does.
"""

MOST_COMPARISONS = 4_000_000_000
"""Pairs of rows compared at most (a few seconds); beyond it frames are thinned out evenly."""


@dataclass(frozen=True, slots=True, eq=False)
class FrameHits:
    """n pairs of alike frames, one per pair and mirroring, as equal arrays.

    ``query_frames`` and ``reference_frames`` int64 count the distinct sampled times, which are
    ``query_ms`` and ``reference_ms`` int64 (all times of each video). ``distances`` int64 bits,
    ``mirrored`` bool, ``query_views`` and ``reference_views`` uint8: the pair of views that
    came closest.
    """

    query_frames: npt.NDArray[np.int64]
    reference_frames: npt.NDArray[np.int64]
    distances: npt.NDArray[np.int64]
    mirrored: npt.NDArray[np.bool_]
    query_views: npt.NDArray[np.uint8]
    reference_views: npt.NDArray[np.uint8]
    query_ms: npt.NDArray[np.int64]
    reference_ms: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.distances)

    def only(self, keep: npt.NDArray[np.bool_]) -> FrameHits:
        """Return those hits where ``keep`` (n,) is true."""
        return FrameHits(
            self.query_frames[keep],
            self.reference_frames[keep],
            self.distances[keep],
            self.mirrored[keep],
            self.query_views[keep],
            self.reference_views[keep],
            self.query_ms,
            self.reference_ms,
        )


def frame_hits(query: Fingerprint, reference: Fingerprint) -> FrameHits:
    """Return all pairs of frames within ``ALIGN_RADIUS_BITS`` in comparable views, both ways up."""
    q, r = _thinned(query, reference)
    parts = [_one_way(q, r, mirror) for mirror in (False, True)]
    query_rows, reference_rows, distances, mirror = (
        np.concatenate(columns) for columns in zip(*parts, strict=True)
    )
    query_ms, query_frame = np.unique(q.pts_ms, return_inverse=True)
    reference_ms, reference_frame = np.unique(r.pts_ms, return_inverse=True)
    i, j = query_frame[query_rows], reference_frame[reference_rows]
    best = _closest_per_pair(i, j, mirror, distances)
    return FrameHits(
        i[best],
        j[best],
        distances[best],
        mirror[best],
        q.views[query_rows[best]],
        r.views[reference_rows[best]],
        query_ms.astype(np.int64),
        reference_ms.astype(np.int64),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    codes: npt.NDArray[np.uint8]
    pts_ms: npt.NDArray[np.int32]
    views: npt.NDArray[np.uint8]


def _thinned(query: Fingerprint, reference: Fingerprint) -> tuple[_Rows, _Rows]:
    q, r = _telling(query), _telling(reference)
    excess = len(q.codes) * len(r.codes) / MOST_COMPARISONS
    step = int(np.ceil(np.sqrt(excess))) if excess > 1 else 1
    return _every(q, step), _every(r, step)


def _telling(fingerprint: Fingerprint) -> _Rows:
    keep = fingerprint.quality > 0
    return _Rows(
        np.ascontiguousarray(fingerprint.codes[keep]),
        fingerprint.pts_ms[keep],
        fingerprint.views[keep],
    )


def _every(rows: _Rows, step: int) -> _Rows:
    if step == 1:
        return rows
    _, frame = np.unique(rows.pts_ms, return_inverse=True)
    keep = frame % step == 0
    return _Rows(np.ascontiguousarray(rows.codes[keep]), rows.pts_ms[keep], rows.views[keep])


def _one_way(
    q: _Rows, r: _Rows, mirror: bool
) -> tuple[
    npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.bool_]
]:
    if not len(q.codes) or not len(r.codes):
        none = np.zeros(0, np.int64)
        return none, none, none, np.zeros(0, np.bool_)
    index = faiss.IndexBinaryFlat(r.codes.shape[1] * 8)
    index.add(r.codes)
    codes = np.ascontiguousarray(mirrored(q.codes)) if mirror else q.codes
    limits, distances, found = index.range_search(codes, ALIGN_RADIUS_BITS + 1)
    query_rows = np.repeat(np.arange(len(codes)), np.diff(limits.astype(np.int64)))
    keep = comparable()[q.views[query_rows], r.views[found]]
    count = int(keep.sum())
    return (
        query_rows[keep],
        found[keep].astype(np.int64),
        distances[keep].astype(np.int64),
        np.full(count, mirror),
    )


def _closest_per_pair(
    i: npt.NDArray[np.int64],
    j: npt.NDArray[np.int64],
    mirror: npt.NDArray[np.bool_],
    distances: npt.NDArray[np.int64],
) -> npt.NDArray[np.int64]:
    order = np.lexsort((distances, mirror, j, i))
    key = np.stack([i[order], j[order], mirror[order]])
    first = np.ones(len(order), np.bool_)
    first[1:] = np.any(key[:, 1:] != key[:, :-1], axis=0)
    return order[first]
