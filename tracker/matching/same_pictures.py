"""Tells a file that was only repackaged from one that was compressed again."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from tracker.model.keyframe import Keyframe

LEAST_EQUAL = 2
"""So many different pictures must be equal."""

ONE_MOMENT_MS = 5
"""Containers round the times of frames: Matroska to milliseconds. Frames are farther apart."""


def same_pictures(query: Sequence[Keyframe], reference: Sequence[Keyframe]) -> bool:
    """Tell whether what decodes from both files is the same, picture by picture.

    Keyframes are made of the decoded picture in one way, so equal pictures give equal bytes, while
    any compression leaves its noise. Pictures must be equal at one distance in time, and
    none may differ that are of one moment.
    """
    moments = {keyframe.jpeg: keyframe.pts_ms for keyframe in reference}
    equal = {
        keyframe.jpeg: moments[keyframe.jpeg] - keyframe.pts_ms
        for keyframe in query
        if keyframe.jpeg in moments
    }
    if len(equal) < LEAST_EQUAL or max(equal.values()) - min(equal.values()) > ONE_MOMENT_MS:
        return False
    apart_ms = min(equal.values())
    ordered = sorted(reference, key=_time)
    for one in query:
        at_ms = one.pts_ms + apart_ms
        first = bisect_left(ordered, at_ms - ONE_MOMENT_MS, key=_time)
        last = bisect_right(ordered, at_ms + ONE_MOMENT_MS, key=_time)
        if any(one.jpeg != other.jpeg for other in ordered[first:last]):
            return False
    return True


def _time(keyframe: Keyframe) -> int:
    return keyframe.pts_ms
