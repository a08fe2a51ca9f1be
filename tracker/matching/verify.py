"""Checks an alignment on the stored pictures and measures what was done to them."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import cv2
import numpy as np

from tracker.matching.consensus import Consensus, ViewPair, consensus
from tracker.matching.geometry import Geometry, View
from tracker.matching.measured import Measured, measured_pairs
from tracker.matching.registration import Registered, farthest
from tracker.matching.same_pictures import same_pictures
from tracker.model.keyframe import Keyframe
from tracker.model.match import Segment

PAIRS_SHOWN = 3
"""Keyframe pairs named of each segment: those nearest to one moment of the footage."""

PAIRS_TRIED = 7
"""Keyframe pairs compared at most."""

CONFIRMING_INLIERS = 25
CONFIRMING_SPREAD = 0.35
CONFIRMING_AGREEMENT = 0.4
"""Share of the texture that must agree once the pictures are laid over each other."""

CONFIRMING_MOVING_AGREEMENT = 0.35
"""So much the changes in the two videos must correlate, where they can be told.

Of 73 stretches of the development corpus laid over another moment of the same shot nine in ten
stay below it, of 24 laid over the right moment (to 200 ms) nineteen in twenty do not.
"""

TELLING_MOVING_AGREEMENT = 0.25
"""So much of a still shot's changes must correlate to tell that both show one moment of it.

Of 87 such stretches of other moments (made edit trees, seeds 21 and 22) none reaches 0.16; of 62
copies, whose keyframes may lie half a second apart, half do.
"""

OTHER_MOVING_AGREEMENT = 0.1
"""Where something moves in both and no more than this of it alike, they show two moments.

Of 86 stretches that two takes of one camera seemed to share (made edit trees, seeds 21 and 22) 47
are told so; of 104 copies of shots that stand as still, 4.
"""

MOVING_LEVELS = 18.0
"""A place that changes this much between two keyframes (grey levels) moves."""

LEAST_MOVING_SHARE = 0.01
"""Where less changes it may be noise alone."""

MOTION_SIGMA_PX = 4.0
"""Changes are blurred so much before they are compared: the moments are not quite the same."""

LARGEST_GAP_MS = 2000
"""Keyframes whose moments lie farther apart (in query time) are not compared."""

_EQUALLY_NEAR_MS = 120

_KeyframePair = tuple[float, Keyframe, Keyframe]
"""How far apart the moments are (milliseconds of the query), and the two keyframes."""


@dataclass(frozen=True, slots=True, eq=False)
class Verification:
    """How well the pictures bear a segment out.

    ``agreement`` is the share of the texture that agrees once the reference is laid over the
    query. ``moving_agreement`` is the correlation, from -1 to 1, of what changes between
    keyframes in the one video with what changes in the other: about 0 for another moment under
    the same camera, whose background agrees all the same; ``None`` where nothing changes.
    ``moving_share`` is how much of the picture changes in the video in which less does, ``gap_ms``
    how far apart the moments of the compared pictures are at least. ``geometry`` is what ``pairs``
    pairs of pictures agree on.
    """

    agreement: float
    moving_agreement: float | None
    moving_share: float
    gap_ms: float
    pairs: int
    geometry: Geometry

    @property
    def tells_moment(self) -> bool | None:
        """Whether what little changes does so alike; ``None`` where nothing changes."""
        if self.moving_agreement is None:
            return None
        return self.moving_agreement >= TELLING_MOVING_AGREEMENT

    @property
    def shows_other_moment(self) -> bool:
        """Whether something moves in both videos, and not alike."""
        return (
            self.moving_agreement is not None
            and self.moving_agreement < OTHER_MOVING_AGREEMENT
            and self.moving_share >= LEAST_MOVING_SHARE
        )

    @property
    def confirms(self) -> bool:
        """Whether the pictures show the reference's footage in the query.

        Many features spread over the picture: a watermark, a logo or a lower third that two
        unrelated videos share is small in one direction at least. And what moves does so alike:
        the background of a studio and the furniture of a screen stand still.
        """
        return (
            self.geometry.inliers >= CONFIRMING_INLIERS
            and self.geometry.spread >= CONFIRMING_SPREAD
            and self.agreement >= CONFIRMING_AGREEMENT
            and (
                self.moving_agreement is None
                or self.moving_agreement >= CONFIRMING_MOVING_AGREEMENT
            )
        )


@dataclass(frozen=True, slots=True, eq=False)
class Inspection:
    """Keyframe pairs of one segment that agree on a map, laid over each other.

    ``laid`` holds the pairs of ``found`` in its order.
    """

    segment: Segment
    query: Sequence[Keyframe]
    reference: Sequence[Keyframe]
    found: Consensus
    laid: tuple[Registered, ...]

    def measured(self) -> Measured:
        """Return what was done to the reference's picture to make the query's."""
        shape = measured_pairs(self.found, self.laid, mirrored=self.segment.mirrored)
        return replace(shape, repackaged=same_pictures(self.query, self.reference))

    def verification(self) -> Verification | None:
        """Return how well the pictures bear the segment out; ``None`` if they agree by a guess."""
        if not self.found.sure:
            return None
        changes = [
            _change(one, other)
            for one, other in combinations(self.laid, 2)
            if one.inside.shape == other.inside.shape
        ]
        telling = [c for c in changes if c.share >= LEAST_MOVING_SHARE]
        return Verification(
            agreement=self.found.agreement,
            moving_agreement=_mean_likeness(telling) if telling else None,
            moving_share=_shared(changes),
            gap_ms=min(placed.pair.gap_ms for placed in self.found.placed),
            pairs=len(self.laid),
            geometry=self.found.geometry,
        )


def inspected(
    segment: Segment, query: Sequence[Keyframe], reference: Sequence[Keyframe]
) -> Inspection | None:
    """Return what two or more stored pairs of pictures of the segment agree on.

    ``None`` means only that no two of them do: keyframes are sparse, and smooth pictures have no
    features.
    """
    found = consensus(_view_pairs(segment, query, reference))
    if found is None:
        return None
    kept = tuple(placed.laid for placed in found.placed if placed.laid is not None)
    return Inspection(segment, query, reference, found, kept) if len(kept) >= 2 else None


def measured(
    segment: Segment, query: Sequence[Keyframe], reference: Sequence[Keyframe]
) -> Measured | None:
    """Return what was done to the reference's picture; ``None`` if the pictures do not tell."""
    seen = inspected(segment, query, reference)
    return None if seen is None else seen.measured()


def verification(
    segment: Segment, query: Sequence[Keyframe], reference: Sequence[Keyframe]
) -> Verification | None:
    """Return how well the pictures bear ``segment`` out; ``None`` if no two pairs agree."""
    seen = inspected(segment, query, reference)
    return None if seen is None else seen.verification()


def keyframe_pairs(
    segment: Segment, query: Sequence[Keyframe], reference: Sequence[Keyframe]
) -> list[tuple[Keyframe, Keyframe]]:
    """Return up to ``PAIRS_SHOWN`` pairs inside the segment, the most simultaneous first."""
    nearest = [pairs[0] for pairs in _partners(segment, query, reference)]
    nearest.sort(key=lambda pair: (pair[0], pair[1].pts_ms))
    return [(q, r) for _, q, r in nearest[:PAIRS_SHOWN]]


def _partners(
    segment: Segment, query: Sequence[Keyframe], reference: Sequence[Keyframe]
) -> list[list[_KeyframePair]]:
    """Return each keyframe inside the segment with its nearest one or two of the reference."""
    ordered = sorted(reference, key=lambda keyframe: keyframe.pts_ms)
    times = [keyframe.pts_ms for keyframe in ordered]
    found = []
    for keyframe in query:
        if not segment.query_start_ms <= keyframe.pts_ms < segment.query_end_ms:
            continue
        at = segment.reference_ms(keyframe.pts_ms)
        next_one = bisect(times, at)
        around = ordered[max(0, next_one - 2) : next_one + 2]
        # Rounded: which of the two videos was asked about leaves no trace in the last digit.
        pairs = [(round(abs(r.pts_ms - at) / segment.speed, 3), keyframe, r) for r in around]
        pairs = sorted((p for p in pairs if p[0] <= LARGEST_GAP_MS), key=lambda p: p[0])[:2]
        if pairs:
            found.append(pairs)
    return found


def _view_pairs(
    segment: Segment, query: Sequence[Keyframe], reference: Sequence[Keyframe]
) -> list[ViewPair]:
    """Return the pairs worth comparing, the most simultaneous first, spread over the segment.

    Each picture of the query goes with the nearest of the reference and, later in the list,
    with the second nearest: a cut may lie between it and the nearest.
    """
    partners = _partners(segment, query, reference)
    nearest = [pairs[0] for pairs in partners]
    second = [pairs[1] for pairs in partners if len(pairs) > 1]
    views: dict[tuple[bool, int], View] = {}

    def seen(keyframe: Keyframe, *, of_query: bool) -> View:
        return views.setdefault(
            (of_query, keyframe.pts_ms),
            View(keyframe, mirrored=of_query and segment.mirrored),
        )

    return [
        ViewPair(seen(q, of_query=True), seen(r, of_query=False), gap)
        for gap, q, r in [*_spread(nearest), *_spread(second)][:PAIRS_TRIED]
    ]


def _spread(pairs: Sequence[_KeyframePair]) -> list[_KeyframePair]:
    """Return the pairs by gap, those of equal gap so that they lie far from one another."""
    rest, chosen = list(pairs), list[_KeyframePair]()
    while rest and len(chosen) < PAIRS_TRIED:
        least = min(gap for gap, _, _ in rest) + _EQUALLY_NEAR_MS
        taken = [q.pts_ms for _, q, _ in chosen]

        def apart(pair: _KeyframePair, taken: list[int] = taken) -> float:
            return min((abs(pair[1].pts_ms - at) for at in taken), default=-pair[0])

        best = max((pair for pair in rest if pair[0] <= least), key=apart)
        rest.remove(best)
        chosen.append(best)
    return chosen


@dataclass(frozen=True, slots=True)
class _Change:
    """How much of the picture changes from one moment to another, and how alike in both videos."""

    query_share: float
    reference_share: float
    likeness: float

    @property
    def share(self) -> float:
        return max(self.query_share, self.reference_share)


def _shared(changes: Sequence[_Change]) -> float:
    """Return how much of the picture changes in the video in which less does."""
    if not changes:
        return 0.0
    shares = np.array([(change.query_share, change.reference_share) for change in changes])
    return float(shares.mean(axis=0).min())


def _mean_likeness(changes: Sequence[_Change]) -> float:
    """Return the mean in which a change counts with how much of the picture it takes."""
    shares = np.array([change.share for change in changes])
    return float(shares @ [change.likeness for change in changes] / shares.sum())


def _change(one: Registered, other: Registered) -> _Change:
    both = one.inside & other.inside
    if not both.any():
        return _Change(0.0, 0.0, 0.0)
    query, reference = one.query - other.query, one.reference - other.reference
    here, there = (float((farthest(d)[both] > MOVING_LEVELS).mean()) for d in (query, reference))
    a, b = (
        cv2.GaussianBlur(difference, (0, 0), MOTION_SIGMA_PX)[both].ravel()
        for difference in (query, reference)
    )
    norm = float(np.linalg.norm(a) * np.linalg.norm(b))
    return _Change(here, there, float(a @ b) / norm if norm > 0 else 0.0)
