"""From hits in the index to the references worth a look."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from tracker.matching.ports import HashIndex
from tracker.matching.view_pairs import mirrored
from tracker.model.fingerprint import Fingerprint
from tracker.model.ids import VideoId
from tracker.model.search_rows import are_wholes, search_rows

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
    among, wholes meet everything, windows meet wholes, and mirroring keeps distances.
    """
    rows = search_rows(query)
    if not len(rows) or not index.videos:
        return ()
    wholes = are_wholes(query.views[rows])
    counts: Counter[int] = Counter()
    for chosen, wholes_only in ((rows[wholes], False), (rows[~wholes], True)):
        codes = query.codes[chosen]
        both = np.ascontiguousarray(np.concatenate([codes, mirrored(codes)]))
        hits = index.search(both, SEARCH_RADIUS_BITS, wholes_only=wholes_only)
        counts.update(hits.references.tolist())
    found = [Candidate(index.video(reference), count) for reference, count in counts.items()]
    return tuple(sorted(found, key=lambda candidate: (-candidate.hits, candidate.video)))
