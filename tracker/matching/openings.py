"""Tells an opening or a closing that two videos were given from footage that one took over.

Channels put the same few seconds before or behind all they publish. Two such videos share that
footage and nothing else, and it says nothing about what either shows. What gives it away is that
it begins where both videos begin (or ends where both end), that *both* cut to other pictures at
its other border, and that both go on without having anything more in common: who takes an excerpt
from running footage leaves no cut in it, and two editors who use one clip hardly ever choose the
same first and the same last frame of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from tracker.matching.cuts import hard_cut_near
from tracker.model.fingerprint import Fingerprint
from tracker.model.match import Segment

LONGEST_OPENING_MS = 20_000
LARGEST_SHARE = 0.5
"""What is longer, or more than this share of either video, is what the video is about."""

AT_THE_EDGE_MS = 750
"""A border this near a video's own end, or a cut, is there: borders are found to half a second."""

SAME_SPEED = 0.03


def only_opening(segments: Sequence[Segment], query: Fingerprint, reference: Fingerprint) -> bool:
    """Tell whether all that two videos share is an opening, a closing, or both."""
    return bool(segments) and all(
        _is_opening(segment, query, reference) or _is_closing(segment, query, reference)
        for segment in segments
    )


def _is_opening(segment: Segment, query: Fingerprint, reference: Fingerprint) -> bool:
    if max(segment.query_start_ms, segment.reference_start_ms) > AT_THE_EDGE_MS:
        return False
    return (
        _unchanged(segment)
        and _ends_at_cut(segment.query_end_ms, segment.query_end_ms, query)
        and _ends_at_cut(segment.reference_end_ms, segment.reference_end_ms, reference)
    )


def _is_closing(segment: Segment, query: Fingerprint, reference: Fingerprint) -> bool:
    left_ms = query.duration_ms - segment.query_end_ms
    if max(left_ms, reference.duration_ms - segment.reference_end_ms) > AT_THE_EDGE_MS:
        return False
    return (
        _unchanged(segment)
        and _ends_at_cut(segment.query_start_ms, query.duration_ms - segment.query_start_ms, query)
        and _ends_at_cut(
            segment.reference_start_ms,
            reference.duration_ms - segment.reference_start_ms,
            reference,
        )
    )


def _unchanged(segment: Segment) -> bool:
    return not segment.mirrored and abs(segment.speed - 1.0) <= SAME_SPEED


def _ends_at_cut(border_ms: int, length_ms: int, video: Fingerprint) -> bool:
    """Tell whether a piece of ``length_ms`` is short in its video and is bounded by a cut."""
    short = length_ms <= min(LONGEST_OPENING_MS, LARGEST_SHARE * video.duration_ms)
    return short and hard_cut_near(video, border_ms, AT_THE_EDGE_MS)
