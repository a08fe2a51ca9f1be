"""From hits in the indexes to the references worth a look."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from tracker.matching.feature_pairs import mirrored_features
from tracker.matching.ports import HashIndex
from tracker.matching.view_pairs import mirrored
from tracker.model.features import Features
from tracker.model.fingerprint import Fingerprint
from tracker.model.ids import VideoId
from tracker.model.search_rows import search_features, search_rows

SEARCH_RADIUS_BITS = 68
"""One in a hundred million unrelated pairs of frames of the accuracy corpus is this close."""


FEATURE_SEARCH_BITS = 22
LEAST_FEATURES = 4
"""Frames that share so many features this close (of 128 bits) are worth a look."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A stored video and the number of its hashes and features that the query hit."""

    video: VideoId
    hits: int


def candidates(
    query: Fingerprint, index: HashIndex, features: HashIndex | None = None
) -> tuple[Candidate, ...]:
    """Return every stored video with a hash hit or a frame's local features, most hits first.

    The set does not depend on which of two videos is stored: the same rows are searched for and
    among, every view meets every view, and mirroring keeps distances.
    """
    found = Counter(_by_hash(query, index))
    if features is not None:
        found.update(_by_features(query.features, features))
    named = [Candidate(video, count) for video, count in found.items()]
    return tuple(sorted(named, key=lambda candidate: (-candidate.hits, candidate.video)))


def _by_hash(query: Fingerprint, index: HashIndex) -> dict[VideoId, int]:
    rows = search_rows(query)
    if not len(rows) or not index.videos:
        return {}
    codes = query.codes[rows]
    hits = index.search(np.concatenate([codes, mirrored(codes)]), SEARCH_RADIUS_BITS)
    counts = Counter(hits.references.tolist())
    return {index.video(reference): count for reference, count in counts.items()}


def _by_features(query: Features, index: HashIndex) -> dict[VideoId, int]:
    """Return videos of which a frame shares ``LEAST_FEATURES`` with a frame of the query."""
    rows = search_features(query)
    if not len(rows) or not index.videos:
        return {}
    codes = query.codes[rows]
    hits = index.search(np.concatenate([codes, mirrored_features(codes)]), FEATURE_SEARCH_BITS)
    way, row = np.divmod(hits.query_rows, len(rows))
    keys = np.stack([hits.references, hits.pts_ms.astype(np.int64), query.frames[rows[row]], way])
    pairs, shared = np.unique(keys, axis=1, return_counts=True)
    counts: Counter[VideoId] = Counter()
    for reference, count in zip(pairs[0], shared, strict=True):
        if count >= LEAST_FEATURES:
            counts[index.video(int(reference))] += int(count)
    return counts
