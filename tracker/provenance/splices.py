"""What tells footage that was spliced into a video from an excerpt of running footage.

A splice is bounded by hard cuts, by the video's own ends or by the next insertion; an excerpt
leaves no cut at its borders, except where it happens to begin and end with a shot. So there must
also be something else in the video: footage that is known from elsewhere, without the spliced part.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence

from tracker.model.ids import VideoId
from tracker.provenance.overlaps import BORDER_TOLERANCE_MS, Overlaps, Stretch

CutNear = Callable[[VideoId, int], bool]
"""Tells whether a video has a hard cut within the border tolerance of a time in ms."""


def spliced_into(overlaps: Overlaps, inner: VideoId, outer: VideoId, cut_near: CutNear) -> bool:
    """Tell whether ``outer`` shows ``inner`` as an insertion between other footage."""
    overlap = overlaps.get(inner, outer)
    assert overlap is not None  # noqa: S101 - callers iterate over existing pairs
    stretch, length_ms = overlap.outer, overlaps.durations[outer]
    at_start = stretch.start_ms <= BORDER_TOLERANCE_MS
    at_end = stretch.end_ms >= length_ms - BORDER_TOLERANCE_MS
    if at_start and at_end:
        return False
    return _other_footage_beside(overlaps, inner, outer) and bounded(overlaps, stretch, cut_near)


def _other_footage_beside(overlaps: Overlaps, inner: VideoId, outer: VideoId) -> bool:
    """Tell whether another stretch of ``outer`` is in a video that knows nothing of ``inner``.

    Without one, nothing tells a splice from a trim that happens to begin and end with a shot.
    """
    stretch = overlaps.between(inner, outer).outer
    for other in overlaps.partners(outer):
        there = overlaps.between(other, outer).outer
        shared = min(there.end_ms, stretch.end_ms) - max(there.start_ms, stretch.start_ms)
        if shared <= BORDER_TOLERANCE_MS and overlaps.get(other, inner) is None:
            return True
    return False


def bounded(overlaps: Overlaps, stretch: Stretch, cut_near: CutNear) -> bool:
    """Tell whether a stretch begins and ends at a cut, an end or a border of its video."""
    outer = stretch.video
    begins, ends = overlaps.borders(outer)
    before = (
        stretch.start_ms <= BORDER_TOLERANCE_MS
        or _is_near(stretch.start_ms, ends)
        or cut_near(outer, stretch.start_ms)
    )
    return before and (
        stretch.end_ms >= overlaps.durations[outer] - BORDER_TOLERANCE_MS
        or _is_near(stretch.end_ms, begins)
        or cut_near(outer, stretch.end_ms)
    )


def _is_near(at_ms: int, borders_ms: Sequence[int]) -> bool:
    """Tell whether one of the sorted borders lies within the tolerance of ``at_ms``."""
    next_one = bisect_left(borders_ms, at_ms - BORDER_TOLERANCE_MS)
    return next_one < len(borders_ms) and borders_ms[next_one] <= at_ms + BORDER_TOLERANCE_MS
