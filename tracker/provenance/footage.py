"""Which videos show the same stretch of footage.

A *clip* is anchored on the longest video that shows it. Shorter videos that lie wholly inside the
anchor are absorbed; videos that merely *use* a part of it (a compilation, a news package) appear
in the clip with that part and keep their own. Membership always rests on a match with the anchor
itself, never on a match with another member: what a member shows besides the clip must not pull
strangers in. So a compilation of five clips appears in five clips and merges none.

What tells a splice from a trim is the cut: footage that was inserted into a longer video is
bounded there by hard cuts, by the video's own ends or by the next insertion, while an excerpt
taken from running footage leaves no cut at its borders. Videos beside each other in one picture
(a split screen) fill different regions of it and do not match each other.

The result depends on the set of videos and matches alone, never on the order they came in.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from tracker.model.ids import VideoId
from tracker.model.match import Match
from tracker.provenance.agreement import corroborated
from tracker.provenance.carried import Placed, carried, placed
from tracker.provenance.overlaps import (
    BORDER_TOLERANCE_MS,
    PART_OF_SHARE,
    Overlaps,
    Region,
    Stretch,
)

EXPLAINED_SHARE = 0.8
"""A video made up of other clips to this share is a compilation and anchors no clip itself."""

APART_SHARE = 0.1
"""Two regions that share less than this of the smaller one lie beside each other."""

LEAST_OWN_MS = 2_000
"""A spliced video that adds less of its own than this is a clip with all that it shows."""

MOSTLY_SHARE = 0.5
"""Who shows less than this of a clip, and of whom the clip shows less than this, is no member."""

CutNear = Callable[[VideoId, int], bool]
"""Tells whether a video has a hard cut within the border tolerance of a time in ms."""


@dataclass(frozen=True, slots=True)
class Footage:
    """A clip without its id: the anchor video and the stretch of every video that shows it.

    ``absorbed`` are the members that lie wholly inside the anchor's footage (the anchor
    included): their own clips, if they had any, are this clip.
    """

    anchor: VideoId
    members: tuple[Stretch, ...]
    absorbed: frozenset[VideoId]

    @property
    def whole(self) -> Stretch:
        """The stretch that shows the clip in full: the anchor's own."""
        return next(member for member in self.members if member.video == self.anchor)


def group_footage(
    durations: Mapping[VideoId, int], matches: Sequence[Match], cut_near: CutNear
) -> tuple[Footage, ...]:
    """Return the clips among ``durations`` (video → length in ms), anchors in order of digest.

    ``matches`` are the asserted matches among these videos, in any orientation. Every video is a
    member of at least one clip.
    """
    overlaps = Overlaps(durations, corroborated(matches))
    cores = _cores(overlaps, _absorptions(overlaps, cut_near))
    uses = _uses(overlaps, cores, cut_near)
    sources = {
        anchor: [other for other, users in uses.items() if anchor in users] for anchor in cores
    }
    kept = [a for a in sorted(cores) if not _explained(a, sources[a], overlaps)]
    wholes = _own_stretches(kept, sources, overlaps, cut_near)
    found = [_footage(wholes[a], cores[a], uses[a], overlaps) for a in kept]
    return _with_the_rest(_distinct(found, overlaps), overlaps)


def _distinct(found: Sequence[Footage], overlaps: Overlaps) -> list[Footage]:
    """Return the footage but that of which all is in another, whose anchor shows the more."""
    kept: list[Footage] = []
    for one in sorted(found, key=lambda f: (len(f.members), overlaps.rank(f.anchor)), reverse=True):
        held = {member.video for member in one.members}
        if not any(
            one.anchor in other.absorbed and held <= {member.video for member in other.members}
            for other in kept
        ):
            kept.append(one)
    return sorted(kept, key=lambda f: f.anchor)


def _with_the_rest(found: Sequence[Footage], overlaps: Overlaps) -> tuple[Footage, ...]:
    """Return the footage so that every video is in one: with its absorber, or by itself."""
    alone = set(overlaps.durations) - {m.video for one in found for m in one.members}
    found = [_with_its_own(one, alone, overlaps) for one in found]
    alone -= {m.video for one in found for m in one.members}
    own = [
        Footage(video, (Stretch(video, 0, overlaps.durations[video]),), frozenset((video,)))
        for video in alone
    ]
    return tuple(sorted([*found, *own], key=lambda f: f.anchor))


def holding(footage: Iterable[Footage], video: VideoId) -> Footage | None:
    """Return the footage that ``video`` shows in full: its own, else the longest with it."""
    return max(
        (one for one in footage if video in one.absorbed),
        key=lambda one: (one.anchor == video, one.whole.duration_ms, one.anchor),
        default=None,
    )


def _cores(
    overlaps: Overlaps, absorbed_by: Mapping[VideoId, list[VideoId]]
) -> dict[VideoId, frozenset[VideoId]]:
    """Map each anchor to itself and the videos it absorbs.

    Longest first: a video that no anchor absorbs by a match of its own becomes an anchor.
    """
    cores: dict[VideoId, set[VideoId]] = {}
    for video in sorted(overlaps.durations, key=overlaps.rank, reverse=True):
        owners = [outer for outer in absorbed_by[video] if outer in cores]
        for owner in owners:
            cores[owner].add(video)
        if not owners:
            cores[video] = {video}
    return {anchor: frozenset(core) for anchor, core in cores.items()}


def _absorptions(overlaps: Overlaps, cut_near: CutNear) -> dict[VideoId, list[VideoId]]:
    """Map each video to the longer videos that it is a plain part (or a full copy) of."""
    result: dict[VideoId, list[VideoId]] = {}
    for video in overlaps.durations:
        result[video] = [
            other
            for other in overlaps.partners(video)
            if overlaps.rank(other) > overlaps.rank(video)
            and overlaps.is_part(video, other)
            and not _spliced_into(overlaps, video, other, cut_near)
        ]
    return {
        video: [outer for outer in outers if not _beside_another(overlaps, video, outer, result)]
        for video, outers in result.items()
    }


def _beside_another(
    overlaps: Overlaps,
    video: VideoId,
    outer: VideoId,
    absorbed_by: Mapping[VideoId, list[VideoId]],
) -> bool:
    """Tell whether ``outer`` shows ``video`` beside unrelated footage in one picture."""
    own = overlaps.get(video, outer)
    if own is None or own.region is None:
        return False
    for other in overlaps.partners(outer):
        theirs = overlaps.get(other, outer)
        if other == video or outer not in absorbed_by[other] or theirs is None:
            continue
        if overlaps.get(video, other) is None and _apart(own.region, theirs.region):
            return True
    return False


def _apart(one: Region | None, other: Region | None) -> bool:
    """Tell whether two measured regions lie beside each other."""
    if one is None or other is None:
        return False
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    smaller = min(one[2] * one[3], other[2] * other[3])
    return max(0.0, width) * max(0.0, height) < APART_SHARE * smaller


def _spliced_into(overlaps: Overlaps, inner: VideoId, outer: VideoId, cut_near: CutNear) -> bool:
    """Tell whether ``outer`` shows ``inner`` as an insertion between other footage."""
    overlap = overlaps.get(inner, outer)
    assert overlap is not None  # noqa: S101 - callers iterate over existing pairs
    stretch, length_ms = overlap.outer, overlaps.durations[outer]
    at_start = stretch.start_ms <= BORDER_TOLERANCE_MS
    at_end = stretch.end_ms >= length_ms - BORDER_TOLERANCE_MS
    if at_start and at_end:
        return False
    return _other_footage_beside(overlaps, inner, outer) and _bounded(overlaps, stretch, cut_near)


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


def _bounded(overlaps: Overlaps, stretch: Stretch, cut_near: CutNear) -> bool:
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


def _uses(
    overlaps: Overlaps, cores: Mapping[VideoId, frozenset[VideoId]], cut_near: CutNear
) -> dict[VideoId, set[VideoId]]:
    """Map each anchor to the videos outside its core that use a part of its footage."""
    breadth = _breadths(overlaps)
    return {
        anchor: {
            other
            for other in overlaps.partners(anchor)
            if other not in core and _user(overlaps, breadth, cut_near, anchor, other) == other
        }
        for anchor, core in cores.items()
    }


def _breadths(overlaps: Overlaps) -> dict[VideoId, int]:
    """Count, for each video, the disjoint stretches that it shares with others."""
    result: dict[VideoId, int] = {}
    for video in overlaps.durations:
        spans = []
        for other in overlaps.partners(video):
            overlap = overlaps.get(video, other)
            if overlap is not None:
                spans.append((overlap.inner.start_ms, overlap.inner.end_ms))
        result[video] = _disjoint_count(spans)
    return result


def _disjoint_count(spans: Iterable[tuple[int, int]]) -> int:
    count, reached = 0, -BORDER_TOLERANCE_MS
    for start, end in sorted(spans, key=lambda span: span[1]):
        if start >= reached - BORDER_TOLERANCE_MS:
            count, reached = count + 1, end
    return count


def _user(
    overlaps: Overlaps,
    breadth: Mapping[VideoId, int],
    cut_near: CutNear,
    one: VideoId,
    other: VideoId,
) -> VideoId:
    """Of two partly overlapping videos, return the one that uses the other's footage.

    A video that lies inside the other is the source of what the other spliced in. Otherwise it is
    the one that shows the shared footage between cuts; then the one that shares more separate
    stretches with anything is the compilation; then the shorter.
    """
    one_is_part, other_is_part = overlaps.is_part(one, other), overlaps.is_part(other, one)
    if one_is_part != other_is_part:
        return other if one_is_part else one
    in_one = _bounded(overlaps, overlaps.between(one, other).inner, cut_near)
    in_other = _bounded(overlaps, overlaps.between(other, one).inner, cut_near)
    if in_one != in_other:
        return one if in_one else other
    if breadth[one] != breadth[other]:
        return one if breadth[one] > breadth[other] else other
    return min(one, other, key=overlaps.rank)


def _explained(anchor: VideoId, sources: Sequence[VideoId], overlaps: Overlaps) -> bool:
    """Tell whether ``anchor`` is little more than the footage of other clips."""
    found = [overlaps.get(anchor, source) for source in sources]
    spans = [(o.inner.start_ms, o.inner.end_ms) for o in found if o is not None]
    return len(sources) > 1 and covered_ms(spans) >= EXPLAINED_SHARE * overlaps.durations[anchor]


def _own_stretches(
    anchors: Iterable[VideoId],
    sources: Mapping[VideoId, Sequence[VideoId]],
    overlaps: Overlaps,
    cut_near: CutNear,
) -> dict[VideoId, Stretch]:
    """Return what is each anchor's own: all of it, but for footage of other clips spliced in.

    Those that use the fewest others come first, so that no footage is given away by all.
    """
    own: dict[VideoId, Stretch] = {}
    order = sorted(anchors, key=lambda a: (len(sources[a]), -overlaps.durations[a], a))
    for anchor in order:
        whole = Stretch(anchor, 0, overlaps.durations[anchor])
        given = []
        for source in sources[anchor]:
            overlap = overlaps.get(source, anchor)
            held = own.get(source)
            if overlap is None or held is None or not _shows(overlap.inner, held):
                continue
            if _spliced_into(overlaps, source, anchor, cut_near):
                given.append((overlap.outer.start_ms, overlap.outer.end_ms))
        own[anchor] = _left(whole, _merged(given))
    return own


def _left(whole: Stretch, given: Sequence[tuple[int, int]]) -> Stretch:
    """Return the longest part of ``whole`` outside the ``given`` spans, all if none is long."""
    borders = [whole.start_ms, *(at for span in given for at in span), whole.end_ms]
    gaps = [
        Stretch(whole.video, start, max(start, end))
        for start, end in zip(borders[::2], borders[1::2], strict=True)
    ]
    longest = max(gaps, key=lambda gap: gap.duration_ms)
    return longest if longest.duration_ms >= LEAST_OWN_MS else whole


def covered_ms(spans: Iterable[tuple[int, int]]) -> int:
    """Return how much the spans cover together; one that ends before it begins covers nothing."""
    return sum(end - start for start, end in _merged(span for span in spans if span[0] < span[1]))


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the spans, ascending, those that touch as one."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _footage(
    whole: Stretch, core: frozenset[VideoId], users: Iterable[VideoId], overlaps: Overlaps
) -> Footage:
    """Return who shows the stretch ``whole`` of an anchor, with what each shows of the anchor."""
    direct = [overlaps.get(video, whole.video) for video in sorted(core | set(users))]
    members = [Placed(whole, whole, inset=False)]
    members += [placed(o) for o in direct if o is not None and _shows(o.outer, whole)]
    further = carried(members, overlaps, settled=overlaps.partners(whole.video))
    absorbed = core | {
        video
        for video, place in further.items()
        if place.own.duration_ms >= PART_OF_SHARE * overlaps.durations[video]
    }
    members += further.values()
    own = sorted((member.own for member in members), key=lambda m: m.video)
    return Footage(whole.video, tuple(own), absorbed)


def _with_its_own(footage: Footage, alone: Collection[VideoId], overlaps: Overlaps) -> Footage:
    """Return the footage with those of its anchor's parts that are ``alone``: in no clip at all."""
    found = [overlaps.get(video, footage.anchor) for video in footage.absorbed & set(alone)]
    added = [overlap.inner for overlap in found if overlap is not None]
    members = sorted([*footage.members, *added], key=lambda m: m.video)
    return replace(footage, members=tuple(members))


def _shows(part: Stretch, whole: Stretch) -> bool:
    """Tell whether most of a part of the anchor, or most of the clip, is shown by the other."""
    shared = min(part.end_ms, whole.end_ms) - max(part.start_ms, whole.start_ms)
    return shared >= MOSTLY_SHARE * min(part.duration_ms, whole.duration_ms)
