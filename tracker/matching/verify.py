"""Checks an alignment on the stored pictures and measures what was done to them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from tracker.matching.geometry import Geometry, geometry
from tracker.model.fingerprint import Keyframe
from tracker.model.match import Segment

PAIRS_TRIED = 3
"""Keyframe pairs looked at in each segment: those nearest to one moment of the footage."""

CONFIRMING_INLIERS = 25
CONFIRMING_SPREAD = 0.4
SAME_PLACE = 0.08
"""Two maps that differ by less than this share of the picture put it in the same place."""

LARGEST_GAP_MS = 2000
"""Keyframes whose moments lie farther apart (in query time) are not compared."""


def measured(
    segment: Segment, query: Sequence[Keyframe], reference: Sequence[Keyframe]
) -> Geometry | None:
    """Return how the reference's picture lies in the query's, by the clearest keyframe pair.

    ``None`` means only that no stored pair of pictures shows it: keyframes are sparse, and
    smooth pictures have no features.
    """
    found = [
        shape
        for q, r in keyframe_pairs(segment, query, reference)
        if (shape := geometry(q, r, mirrored=segment.mirrored)) is not None
    ]
    return max(found, key=lambda shape: shape.inliers, default=None)


def confirmed(segment: Segment, query: Sequence[Keyframe], reference: Sequence[Keyframe]) -> bool:
    """Tell whether two pairs of pictures show the reference in the query in the same place.

    Many features, spread over the picture: a watermark or a logo that two unrelated videos
    share is small in one direction at least.
    """
    shapes = [
        shape
        for q, r in keyframe_pairs(segment, query, reference)
        if (shape := geometry(q, r, mirrored=segment.mirrored)) is not None
        and shape.inliers >= CONFIRMING_INLIERS
        and shape.spread >= CONFIRMING_SPREAD
    ]
    return any(_agree(one, other) for one, other in combinations(shapes, 2))


def _agree(one: Geometry, other: Geometry) -> bool:
    return bool(np.abs(one.matrix - other.matrix).max() <= SAME_PLACE)


def keyframe_pairs(
    segment: Segment, query: Sequence[Keyframe], reference: Sequence[Keyframe]
) -> list[tuple[Keyframe, Keyframe]]:
    """Return up to ``PAIRS_TRIED`` pairs inside the segment, the most simultaneous first."""
    inside = [k for k in query if segment.query_start_ms <= k.pts_ms < segment.query_end_ms]
    pairs = []
    for keyframe in inside:
        at = segment.reference_start_ms + segment.speed * (keyframe.pts_ms - segment.query_start_ms)
        partner = min(reference, key=lambda k: abs(k.pts_ms - at), default=None)
        if partner is not None:
            gap = abs(partner.pts_ms - at) / segment.speed
            pairs.append((gap, keyframe, partner))
    pairs.sort(key=lambda pair: (pair[0], pair[1].pts_ms))
    return [(q, r) for gap, q, r in pairs[:PAIRS_TRIED] if gap <= LARGEST_GAP_MS]
