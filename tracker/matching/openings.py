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
    return bool(segments) and all(_at_one_edge(s, query, reference) for s in segments)


def _at_one_edge(segment: Segment, query: Fingerprint, reference: Fingerprint) -> bool:
    """Tell whether a segment is an opening of both videos, or a closing of both."""
    if segment.mirrored or abs(segment.speed - 1.0) > SAME_SPEED:
        return False
    places = (
        (segment.query_start_ms, segment.query_end_ms, query),
        (segment.reference_start_ms, segment.reference_end_ms, reference),
    )
    return all(_opens(*place) for place in places) or all(_closes(*place) for place in places)


def _opens(start_ms: int, end_ms: int, video: Fingerprint) -> bool:
    return start_ms <= AT_THE_EDGE_MS and _ends_at_cut(end_ms, end_ms, video)


def _closes(start_ms: int, end_ms: int, video: Fingerprint) -> bool:
    left_ms = video.duration_ms - end_ms
    return left_ms <= AT_THE_EDGE_MS and _ends_at_cut(start_ms, video.duration_ms - start_ms, video)


def _ends_at_cut(border_ms: int, length_ms: int, video: Fingerprint) -> bool:
    """Tell whether a piece of ``length_ms`` is short in its video and is bounded by a cut."""
    short = length_ms <= min(LONGEST_OPENING_MS, LARGEST_SHARE * video.duration_ms)
    return short and hard_cut_near(video, border_ms, AT_THE_EDGE_MS)
