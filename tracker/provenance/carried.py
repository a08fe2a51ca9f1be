"""Who shows a clip although its match with the clip's anchor was not found.

A copy of a copy of a copy may have lost too much to be found in the anchor, and still be found in
the one it was made from. What it shares with that member within the stretch in which the member
shows the clip is the clip; what a member shows besides, before, after or around it, pulls
nobody in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from tracker.model.ids import VideoId
from tracker.provenance.overlaps import Overlap, Overlaps, Stretch

CARRYING_SCORE = 0.6
"""A match below this score carries nobody into a clip."""

MOST_UNLIKE = 0.3
"""Who shows all of a picture that holds the clip as an inset differs from it by no more.

Two clips set into the same stock footage share what is around them (seed 24; on seeds 21 and 22
half of this loses members, and more loses none).
"""

LEAST_CARRIED_MS = 2_000
"""So much of the clip must be shared with a member."""

CLIP_SHARE = 0.8
"""At least this share of what a video shares with a member must lie in the member's stretch.

With half of it a compilation whose borders were found a second too wide tied two of its parts
together (seed 21).
"""


@dataclass(frozen=True, slots=True)
class Placed:
    """A member: its stretch, and which stretch of the anchor that is.

    ``inset``: its picture holds more than the clip, beside, around or within it, or nothing at all
    is known of what was done to it; ``laid``: the pictures were laid over each other, so that more
    would have been seen.
    """

    own: Stretch
    clip: Stretch
    inset: bool
    laid: bool = True


def placed(overlap: Overlap) -> Placed:
    """Return the place of a member that was found in the anchor itself, the outer video."""
    unlike = overlap.unlike is not None and overlap.unlike > MOST_UNLIKE
    unknown = not overlap.laid and not overlap.edits
    inset = overlap.composed or unlike or unknown
    return Placed(overlap.inner, overlap.outer, inset, overlap.laid)


def carried(
    members: Iterable[Placed], overlaps: Overlaps, settled: Collection[VideoId]
) -> dict[VideoId, Placed]:
    """Return who else shows the clip, with its place; of those ``settled`` it is known already."""
    known = {member.own.video: member for member in members}
    found: dict[VideoId, Placed] = {}
    fresh = sorted(known)
    while fresh:
        reached = {
            video
            for member in fresh
            for video in overlaps.partners(member)
            if video not in known and video not in settled
        }
        added = {
            video: place
            for video in sorted(reached)
            if (place := _place(video, known, overlaps)) is not None
        }
        known |= added
        found |= added
        fresh = sorted(added)
    return found


def _place(video: VideoId, known: dict[VideoId, Placed], overlaps: Overlaps) -> Placed | None:
    """Return where the video stands by the member that it matches best, None if none carries it."""
    best: tuple[float, int, VideoId] | None = None
    result = None
    for member in overlaps.partners(video):
        if member not in known:
            continue
        place = _by_way_of(video, known[member], overlaps)
        if place is None:
            continue
        there = overlaps.between(video, member)
        rank = (there.score, place.own.duration_ms, member)
        if best is None or rank > best:
            best, result = rank, place
    return result


def _by_way_of(video: VideoId, member: Placed, overlaps: Overlaps) -> Placed | None:
    there = overlaps.between(video, member.own.video)
    back = overlaps.between(member.own.video, video)
    if there.score < CARRYING_SCORE or not there.laid:
        return None
    more = member.inset or not member.laid
    if back.inset or (back.backdrop and more) or (member.inset and _of_a_part(there)):
        return None  # it may be what the member shows beside the clip
    start_ms = max(there.outer.start_ms, member.own.start_ms)
    end_ms = min(there.outer.end_ms, member.own.end_ms)
    if end_ms - start_ms < max(LEAST_CARRIED_MS, CLIP_SHARE * there.outer.duration_ms):
        return None
    shared = Stretch(member.own.video, start_ms, end_ms)
    return Placed(
        own=_projected(shared, there.outer, there.inner),
        clip=_projected(shared, member.own, member.clip),
        inset=member.inset or there.composed,
        laid=member.laid,
    )


def _of_a_part(there: Overlap) -> bool:
    """Tell whether a video may share only what a member's picture shows around the clip."""
    return (
        there.inset or "crop" in there.edits or there.unlike is None or there.unlike > MOST_UNLIKE
    )


def _projected(part: Stretch, whole: Stretch, onto: Stretch) -> Stretch:
    """Return the stretch of ``onto`` that ``part`` is, as ``whole`` is all of ``onto``."""
    scale = onto.duration_ms / whole.duration_ms
    start_ms = onto.start_ms + round((part.start_ms - whole.start_ms) * scale)
    end_ms = onto.start_ms + round((part.end_ms - whole.start_ms) * scale)
    return Stretch(onto.video, start_ms, max(start_ms + 1, end_ms))
