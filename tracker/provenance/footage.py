"""Which videos show the same stretch of footage.

A *clip* is anchored on the longest video that shows it. Shorter videos that lie wholly inside the
anchor are absorbed; videos that merely *use* a part of it (a compilation, a news package) appear
in the clip with that part and keep their own. Membership rests on a match with the anchor itself,
or with a member within what that member shows of the clip (``carried``): what a member shows
besides must not pull strangers in. So a compilation of five clips appears in five clips and merges
none. Matches that the others contradict count for nothing (``agreement``).

Footage that was inserted into a longer video (``splices``) stays a clip of its own. Videos beside
each other in one picture (a split screen) fill different regions of it and do not match each other.

The result depends on the set of videos and matches alone, never on the order they came in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

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
from tracker.provenance.splices import CutNear, bounded, spliced_into

EXPLAINED_SHARE = 0.8
"""A video made up of other clips to this share is a compilation and anchors no clip itself."""

APART_SHARE = 0.1
"""Two regions that share less than this of the smaller one lie beside each other."""

LEAST_OWN_MS = 2_000
"""A spliced video that adds less of its own than this is a clip with all that it shows."""

MOSTLY_SHARE = 0.5
"""Who shows less than this of a clip, and of whom the clip shows less than this, is no member."""

LEAST_OTHERS = 2
"""So many others must leave out the anchor's first or last shots before the clip does, too."""


Boxes = npt.NDArray[np.float64]


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
    cores = _cores(overlaps, _plain_parts(overlaps, cut_near))
    uses = _uses(overlaps, cores, cut_near)
    sources = {
        anchor: [other for other, users in uses.items() if anchor in users] for anchor in cores
    }
    kept = [a for a in sorted(cores) if not _explained(a, sources[a], overlaps)]
    wholes = _own_stretches(kept, sources, overlaps, cut_near)
    found = [_footage(wholes[a], cores[a], uses[a], overlaps, cut_near) for a in kept]
    found = [_with_anchors_inside(one, found, overlaps) for one in found]
    return _with_the_rest(_distinct(found, overlaps), overlaps)


def _with_anchors_inside(footage: Footage, found: Sequence[Footage], overlaps: Overlaps) -> Footage:
    """Return the footage with the anchors of clips of which all lies inside it.

    A copy that begins with an opening may be the longer video: what it shows of the footage is a
    part of this clip, none of its own.
    """
    held = {member.video for member in footage.members}
    inside = [
        other.whole
        for other in found
        if other.anchor not in held and _all_inside(other.whole, footage, overlaps)
    ]
    return replace(
        footage,
        members=tuple(sorted([*footage.members, *inside], key=lambda m: m.video)),
        absorbed=footage.absorbed | {stretch.video for stretch in inside},
    )


def _all_inside(part: Stretch, footage: Footage, overlaps: Overlaps) -> bool:
    """Tell whether the longer ``footage`` shows all of ``part``, by its anchor's own word.

    What another member shows of it may be beside the clip, in a split screen or around an inset.
    """
    overlap = overlaps.get(footage.anchor, part.video)
    if overlap is None or footage.whole.duration_ms <= part.duration_ms:
        return False
    here, there = overlap.inner, overlap.outer
    return (
        there.shared_ms(part) >= PART_OF_SHARE * part.duration_ms
        and here.shared_ms(footage.whole) >= PART_OF_SHARE * here.duration_ms
    )


def _distinct(found: Sequence[Footage], overlaps: Overlaps) -> list[Footage]:
    """Return the footage but that of which all is in another, which shows the more."""
    kept: list[Footage] = []

    def breadth(one: Footage) -> tuple[object, ...]:
        return len(one.members), one.whole.duration_ms, overlaps.rank(one.anchor)

    for one in sorted(found, key=breadth, reverse=True):
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
    overlaps: Overlaps, wholes: Mapping[VideoId, Sequence[VideoId]]
) -> dict[VideoId, frozenset[VideoId]]:
    """Map each anchor to itself and all that are plain parts (or full copies) of it.

    Longest first: a video that is no part of an anchor by a match of its own becomes one.
    """
    anchors: set[VideoId] = set()
    for video in sorted(overlaps.durations, key=overlaps.rank, reverse=True):
        if anchors.isdisjoint(wholes[video]):
            anchors.add(video)
    cores = {anchor: {anchor} for anchor in anchors}
    for video, outers in wholes.items():
        for outer in anchors.intersection(outers):
            cores[outer].add(video)
    return {anchor: frozenset(core) for anchor, core in cores.items()}


def _plain_parts(overlaps: Overlaps, cut_near: CutNear) -> dict[VideoId, list[VideoId]]:
    """Map each video to those that it is a plain part (or a full copy) of."""
    result: dict[VideoId, list[VideoId]] = {}
    for video in overlaps.durations:
        result[video] = [
            other
            for other in overlaps.partners(video)
            if overlaps.is_part(video, other) and not spliced_into(overlaps, video, other, cut_near)
        ]
    beside = _BesideAnother(overlaps, result)
    return {
        video: [outer for outer in outers if not beside(video, outer)]
        for video, outers in result.items()
    }


class _BesideAnother:
    """Tells whether a video shows another one beside unrelated footage in one picture."""

    def __init__(self, overlaps: Overlaps, wholes: Mapping[VideoId, Iterable[VideoId]]) -> None:
        self._overlaps = overlaps
        regions: dict[VideoId, dict[VideoId, Region]] = defaultdict(dict)
        for video, outers in wholes.items():
            for outer in outers:
                region = overlaps.between(video, outer).region
                if region is not None:
                    regions[outer][video] = region
        self._videos = {outer: list(held) for outer, held in regions.items()}
        self._boxes = {o: np.array(list(held.values())) for o, held in regions.items()}

    def __call__(self, video: VideoId, outer: VideoId) -> bool:
        own = self._overlaps.between(video, outer).region
        if own is None:
            return False
        apart = np.flatnonzero(_apart(np.array(own), self._boxes[outer]))
        others = (self._videos[outer][number] for number in apart)
        return any(self._overlaps.get(video, other) is None for other in others if other != video)


def _apart(one: Boxes, others: Boxes) -> npt.NDArray[np.bool_]:
    """Tell which of the regions (n, 4) lie beside one, (4,)."""
    near = np.minimum(one[:2] + one[2:], others[:, :2] + others[:, 2:])
    shared = np.maximum(0.0, near - np.maximum(one[:2], others[:, :2])).prod(axis=1)
    smaller = np.minimum(one[2:].prod(), others[:, 2:].prod(axis=1))
    return np.asarray(shared < APART_SHARE * smaller, np.bool_)


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
    the one that has another picture beside or within the shared one; then the one that shows the
    shared footage between cuts; then the one that shares more separate stretches with anything is
    the compilation; then the shorter.
    """
    one_is_part, other_is_part = overlaps.is_part(one, other), overlaps.is_part(other, one)
    if one_is_part != other_is_part:
        return other if one_is_part else one
    here, there = overlaps.between(one, other), overlaps.between(other, one)
    if here.composed != there.composed:
        return one if here.composed else other
    in_one = bounded(overlaps, here.inner, cut_near)
    in_other = bounded(overlaps, there.inner, cut_near)
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
            if spliced_into(overlaps, source, anchor, cut_near):
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
    whole: Stretch,
    core: frozenset[VideoId],
    users: Iterable[VideoId],
    overlaps: Overlaps,
    cut_near: CutNear,
) -> Footage:
    """Return who shows the stretch ``whole`` of an anchor, with what each shows of the anchor."""
    plain = _shown(whole, core, overlaps)
    using = _of_one_stretch(_shown(whole, users, overlaps), plain, cut_near)
    members = [Placed(whole, whole, inset=False), *plain, *using]
    further = carried(members, overlaps, settled=overlaps.partners(whole.video))
    absorbed = core | {
        video
        for video, place in further.items()
        if place.own.duration_ms >= PART_OF_SHARE * overlaps.durations[video]
    }
    others = [member for member in members[1:] if member.own.video != whole.video]
    others += further.values()
    shown = [_without_additions(whole, others, cut_near), *(other.own for other in others)]
    return Footage(whole.video, tuple(sorted(shown, key=lambda m: m.video)), absorbed)


def _without_additions(whole: Stretch, others: Sequence[Placed], cut_near: CutNear) -> Stretch:
    """Return the anchor's stretch without shots at its ends that nobody else shows.

    An opening or a closing card was added to the footage by whoever made the anchor, or nobody
    copied those shots; in either case the clip is what begins and ends with a cut there.
    """
    if len(others) < LEAST_OTHERS:
        return whole
    start_ms = min(other.clip.start_ms for other in others)
    end_ms = max(other.clip.end_ms for other in others)
    if start_ms - whole.start_ms <= BORDER_TOLERANCE_MS or not cut_near(whole.video, start_ms):
        start_ms = whole.start_ms
    if whole.end_ms - end_ms <= BORDER_TOLERANCE_MS or not cut_near(whole.video, end_ms):
        end_ms = whole.end_ms
    return Stretch(whole.video, start_ms, end_ms)


def _shown(whole: Stretch, videos: Iterable[VideoId], overlaps: Overlaps) -> list[Placed]:
    """Return those of the videos that show ``whole``, a stretch of an anchor, with their places."""
    found = (overlaps.get(video, whole.video) for video in sorted(videos))
    return [placed(overlap) for overlap in found if overlap and _shows(overlap.outer, whole)]


def _of_one_stretch(
    users: Iterable[Placed], others: Sequence[Placed], cut_near: CutNear
) -> list[Placed]:
    """Return those users of the clip's footage that show of it what most others show, too.

    Of the rest the anchor is all they have in common with the clip: it has an opening from
    elsewhere, say. Where there are no others the longest use tells.
    """
    found: list[Placed] = []
    for user in sorted(users, key=lambda one: (-one.clip.duration_ms, one.own.video)):
        among = others or found
        together = sum(_of_one_shot(user.clip, other.clip, cut_near) for other in among)
        if 2 * together >= len(among):
            found.append(user)
    return found


def _of_one_shot(one: Stretch, other: Stretch, cut_near: CutNear) -> bool:
    """Tell whether two stretches of the anchor are one, or overlap within a shot.

    An opening ends with a cut, and shares nothing with what comes after it; but its border may be
    measured beyond the cut, at which the footage begins.
    """
    if _shows(one, other):
        return True
    borders_ms = max(one.start_ms, other.start_ms), min(one.end_ms, other.end_ms)
    return one.shared_ms(other) > BORDER_TOLERANCE_MS and not any(
        cut_near(one.video, at_ms) for at_ms in borders_ms
    )


def _with_its_own(footage: Footage, alone: Collection[VideoId], overlaps: Overlaps) -> Footage:
    """Return the footage with those of its anchor's parts that are ``alone``: in no clip at all."""
    found = [overlaps.get(video, footage.anchor) for video in footage.absorbed & set(alone)]
    added = [overlap.inner for overlap in found if overlap is not None]
    members = sorted([*footage.members, *added], key=lambda m: m.video)
    return replace(footage, members=tuple(members))


def _shows(part: Stretch, whole: Stretch) -> bool:
    """Tell whether most of a part of the anchor, or most of the clip, is shown by the other."""
    return part.shared_ms(whole) >= MOSTLY_SHARE * min(part.duration_ms, whole.duration_ms)
