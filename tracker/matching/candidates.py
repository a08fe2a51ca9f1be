"""From hits in the index to the references worth a look."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracker.matching.ports import HashIndex
from tracker.matching.view_pairs import comparable, mirrored
from tracker.model.fingerprint import Fingerprint
from tracker.model.ids import VideoId
from tracker.model.search_rows import search_rows

SEARCH_RADIUS_BITS = 68
"""One in a hundred million unrelated pairs of frames of the accuracy corpus is this close."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A stored video and the number of its frames' hashes that some frame of the query hit."""

    video: VideoId
    hits: int


def candidates(query: Fingerprint, index: HashIndex) -> tuple[Candidate, ...]:
    """Return every stored video with at least one hit, most hits first.

    The set does not depend on which of two videos is stored: the same rows are searched for and
    among, mirroring keeps distances, and comparable views are a symmetric relation.
    """
    rows = search_rows(query)
    if not len(rows) or not index.videos:
        return ()
    codes, views = query.codes[rows], query.views[rows]
    both = np.ascontiguousarray(np.concatenate([codes, mirrored(codes)]))
    hits = index.search(both, SEARCH_RADIUS_BITS)
    query_views = np.concatenate([views, views])[hits.query_rows]
    keep = comparable()[query_views, hits.views]
    references, counts = np.unique(hits.references[keep], return_counts=True)
    found = [
        Candidate(index.video(int(reference)), int(count))
        for reference, count in zip(references, counts, strict=True)
    ]
    return tuple(sorted(found, key=lambda candidate: (-candidate.hits, candidate.video)))
