"""Whether two videos that show the same also sound the same there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from tracker.matching.sound_alignment import LEAST_ITEMS, Agreement, agreement
from tracker.matching.sound_hits import Ints
from tracker.model.match import Segment, SoundAgreement
from tracker.model.sound import SoundPrint

SLACK_ITEMS = 8
"""A second: how far sound and picture may have come apart, with what borders are off."""

DIFFERENT_ERRORS = 0.33
"""Share of differing bits from which two sounds are different; between this and that of the same
sound (a voice spoken over it) nothing is said."""

SAME_SPEED = 0.03
"""At another speed the pitch may have been changed too: then the same sound looks different."""


def sound_agreement(
    query: SoundPrint | None, reference: SoundPrint | None, segments: Sequence[Segment]
) -> SoundAgreement:
    """Return how the sounds agree over the stretches in which the pictures do.

    Exchanging the two (and the sides of the segments) changes nothing.
    """
    if not _heard(query, segments) and not _heard(
        reference, [segment.swapped() for segment in segments]
    ):
        return SoundAgreement.NONE
    if query is None or reference is None or query.algorithm != reference.algorithm:
        return SoundAgreement.UNKNOWN
    found = [_best(query, reference, segment) for segment in segments]
    back = [_best(reference, query, segment.swapped()) for segment in segments]
    if any(one.is_same for one in (*found, *back)):
        return SoundAgreement.SAME
    steady = all(max(s.speed, 1 / s.speed) <= 1 + SAME_SPEED for s in segments)
    if steady and _differs(found) and _differs(back):
        return SoundAgreement.DIFFERENT
    return SoundAgreement.UNKNOWN


def _heard(sound: SoundPrint | None, segments: Iterable[Segment]) -> bool:
    """Tell whether there is anything to hear in the query's side of ``segments``."""
    if sound is None:
        return False
    # A track too short for an item has been heard by nobody: it is not known to be silent.
    return not len(sound.items) or any(
        not sound.silent[_rows(sound, segment)].all() for segment in segments
    )


def _rows(sound: SoundPrint, segment: Segment) -> Ints:
    """Return the items whose middle lies in the query's side of ``segment``, int64 (n,)."""
    middles = np.arange(len(sound.items)) * sound.item_period_ms + sound.item_window_ms / 2
    inside = (middles >= segment.query_start_ms) & (middles <= segment.query_end_ms)
    return np.flatnonzero(inside)


def _best(query: SoundPrint, reference: SoundPrint, segment: Segment) -> Agreement:
    """Return the best agreement along the segment, a little earlier or later."""
    rows = _rows(query, segment)
    half = query.item_window_ms / 2
    middles = rows * query.item_period_ms + half
    share = (middles - segment.query_start_ms) / (segment.query_end_ms - segment.query_start_ms)
    length_ms = segment.reference_end_ms - segment.reference_start_ms
    others_ms = segment.reference_start_ms + share * length_ms - half
    others = np.round(others_ms / reference.item_period_ms).astype(np.int64)
    tries = [
        agreement(query, reference, rows, others + slack)
        for slack in range(-SLACK_ITEMS, SLACK_ITEMS + 1)
    ]
    told = [one for one in tries if one.items >= LEAST_ITEMS] or tries
    return min(told, key=lambda one: (one.errors, -one.items))


def _differs(found: Sequence[Agreement]) -> bool:
    """Tell whether something is to be heard that is nowhere near the other sound."""
    telling = [one for one in found if one.items >= LEAST_ITEMS]
    return bool(telling) and all(one.errors >= DIFFERENT_ERRORS for one in telling)
