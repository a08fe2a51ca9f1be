"""How much an aligned run of frames proves, and from where on the product asserts a match."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tracker.matching.alignment import AlignedRun, weights
from tracker.matching.frame_hits import FrameHits
from tracker.matching.moments import Moment
from tracker.model.fingerprint import Fingerprint

Ints = npt.NDArray[np.int64]

NEW_PICTURE_BITS = 24
"""A frame that differs this much from the one before it is a new piece of evidence."""

LEAST_HITS = 4
"""Fewer aligned frames (a second of footage) prove nothing, however close they are."""

LEAST_MOVING = 1
"""A feature frame in which everything that agrees stands still counts nothing."""

LEAST_FEATURE_FRAMES = 2
"""Features of one single frame prove nothing: a second of it must show the same."""

LEAST_STILL_FRAMES = 3
STILL_EVIDENCE = 0.1
"""What so many feature frames prove in which nothing moves: a candidate to show, never a match.

A copy of a still shot and another take of the same studio look alike here.
"""

LEAST_STILL_FEATURES = 10
LEAST_STILL_SHARE = 0.5
MOST_STILL_SPEED = 0.05
"""A video that stands still has few feature frames. So large a share of them proves as much, if so
many places agree in each and the copy plays as fast, to within so much.

Of 694 copies of made edit trees (seeds 21 and 22) 8 more are found so, and of 5,000 pairs of other
footage or other moments one more is asserted.
"""

MOVING_OF_NEW_PICTURE = 24
"""So many moving features prove what one equal picture proves."""

MOTION_PROOF = 1.0
"""What it proves that all that moves in a run moves alike."""

STILL_PROOF = 0.6
STILL_FEATURES = 15
"""If nothing moves in either video, so many places of one picture that agree prove this much."""

EVIDENCE_FOR_MATCH = 0.5
"""Evidence at which the score is 0.5.

Set by ``tracker bench`` on the development corpus: the best of 4 380 unrelated pairs reaches 0.07
of evidence (score 0.10), the weakest copy that hashes alone assert 0.65 (score 0.59).
"""

MATCH_SCORE = 0.5
"""A pair of videos at or above this score is asserted."""

DOUBTFUL_SCORE = 0.15
"""From here to the threshold the pictures decide; below it nothing was ever found to be right."""

CANDIDATE_SCORE = 0.45
"""The most that is scored by what looks like a copy and is none: a candidate to show."""

SEGMENT_EVIDENCE = 0.3
"""A further segment of an asserted pair needs this much evidence of its own."""


def evidence(run: AlignedRun, query: Fingerprint, reference: Fingerprint) -> float:
    """Return what ``run`` proves: about 1 for every new picture that is shared exactly.

    Each hash hit counts with the square of its closeness, and only as far as its frame differs, in
    both videos, from the frame before: ten seconds of a bottle standing still prove no more
    than one picture of it.
    """
    by_hash = run.hits.only(run.hits.moving < 0)
    by_features = run.hits.only(run.hits.moving >= 0)
    total = feature_evidence(by_features.moving)
    if len(by_hash) and len(run.hits) >= LEAST_HITS:
        total += _hash_evidence(by_hash, query, reference)
    if total < STILL_EVIDENCE and _still_alike(by_features, run.line.speed, query, reference):
        return STILL_EVIDENCE
    return total


def _still_alike(
    by_features: FrameHits, speed: float, query: Fingerprint, reference: Fingerprint
) -> bool:
    """Tell whether enough feature frames agree, be it in places that never move."""
    if len(by_features) >= LEAST_STILL_FRAMES:
        return True
    if abs(speed - 1.0) > MOST_STILL_SPEED:
        return False
    clear = by_features.only(by_features.agreeing >= LEAST_STILL_FEATURES)
    shares = (
        len(np.unique(frames)) / max(1, len(video.features.pts_ms))
        for frames, video in (
            (clear.query_frames, query),
            (clear.reference_frames, reference),
        )
    )
    return max(shares) >= LEAST_STILL_SHARE


def feature_evidence(moving: Ints) -> float:
    """Return what the local features of a run's feature frames prove.

    A frame counts with its features that agree on one arrangement and do not stand still, and
    only where another frame of the run shows such features as well.
    """
    telling = moving[moving >= LEAST_MOVING]
    if len(telling) < LEAST_FEATURE_FRAMES:
        return 0.0
    return float(np.sum(np.minimum(telling / MOVING_OF_NEW_PICTURE, 1.0)))


def _hash_evidence(hits: FrameHits, query: Fingerprint, reference: Fingerprint) -> float:
    worth = weights(hits.distances) ** 2
    change = np.minimum(
        _changes(query, hits.query_ms[hits.query_frames]),
        _changes(reference, hits.reference_ms[hits.reference_frames]),
    )
    novelty = np.clip(change / NEW_PICTURE_BITS, 0.0, 1.0)
    novelty[0] = 1.0
    return float(np.sum(worth * novelty))


def proven(alike: float, known: Moment) -> float:
    """Return what a run proves, given that its frames look ``alike`` and what motion says.

    Where something moves and does not move alike, nothing: it is another moment.
    """
    if known.still and known.look is not None:
        agreeing = int(known.look.on.max(initial=0))
        return max(alike, STILL_PROOF) if agreeing >= STILL_FEATURES else alike
    moved = MOTION_PROOF * known.trust if known.motion is not None and not known.still else 0.0
    return known.trust * (alike + moved)


def score(total_evidence: float) -> float:
    """Return evidence as a score in [0, 1); 0.5 at ``EVIDENCE_FOR_MATCH``."""
    return float(1.0 - 2.0 ** (-total_evidence / EVIDENCE_FOR_MATCH))


def confirmed_score(doubtful: float) -> float:
    """Return the score of a doubtful pair that the pictures confirm: above the threshold."""
    return MATCH_SCORE + (1.0 - MATCH_SCORE) * doubtful


def _changes(fingerprint: Fingerprint, times_ms: Ints) -> Ints:
    """Return how many bits the full frame at each time differs from the one before it."""
    full = fingerprint.views == 0
    codes = fingerprint.codes[full]
    at = np.searchsorted(fingerprint.pts_ms[full], times_ms)
    taken = codes[np.minimum(at, len(codes) - 1)]
    bits = np.bitwise_count(taken[1:] ^ taken[:-1]).sum(axis=1, dtype=np.int64)
    return np.concatenate([[NEW_PICTURE_BITS], bits])
