"""What persons decided, applied to the footage that the machine grouped."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from tracker.model.ids import VideoId
from tracker.model.match import Match
from tracker.provenance.footage import MOSTLY_SHARE, Footage, group_footage, holding
from tracker.provenance.overlaps import Stretch
from tracker.provenance.splices import CutNear

Ruling = tuple[VideoId, VideoId]
"""The video that anchors a judged clip, and the video that was judged."""


def grouped_as_judged(
    durations: Mapping[VideoId, int],
    matches: Sequence[Match],
    cut_near: CutNear,
    *,
    different: Collection[Ruling] = (),
    same: Collection[Ruling] = (),
) -> tuple[Footage, ...]:
    """Return the clips as ``group_footage`` does, but for what a person decided otherwise.

    A ``different`` video shares nothing of the clip with any video that shows the clip or a part of
    it, whatever their matches say; a ``same`` one joins the clip with all that was found to be the
    same as itself.
    """
    judged_apart = [ruling for ruling in different if set(ruling) <= set(durations)]
    if judged_apart:
        matches = _without(durations, matches, cut_near, judged_apart)
    footage = group_footage(durations, matches, cut_near)
    for ruling in sorted(ruling for ruling in same if set(ruling) <= set(durations)):
        footage = _joined(footage, *ruling, durations)
    return footage


def _without(
    durations: Mapping[VideoId, int],
    matches: Sequence[Match],
    cut_near: CutNear,
    different: Collection[Ruling],
) -> list[Match]:
    """Return the matches but those between a judged video and the clip it was said not to show.

    What the clip is, is asked without the judged videos: they may be what holds it together.
    """
    judged = {video for _, video in different} - {reference for reference, _ in different}
    others = {video: ms for video, ms in durations.items() if video not in judged}
    footage = group_footage(others, matches, cut_near)
    apart: dict[frozenset[VideoId], Stretch] = {}
    for reference, video in different:
        whole = Stretch(reference, 0, durations[reference])
        found = {member.video: member for member in _members(footage, reference)}
        found |= {one.video: one for match in matches if (one := _shown(match, reference))}
        for member in (whole, *found.values()):
            if member.video != video:
                apart[frozenset((member.video, video))] = member
    return [match for match in matches if not _is_of(match, apart)]


def _members(footage: Iterable[Footage], reference: VideoId) -> Iterator[Stretch]:
    """Yield who shows the clips that ``reference`` shows in full, with what each shows of them."""
    for one in footage:
        if reference in one.absorbed:
            yield from one.members


def _shown(match: Match, reference: VideoId) -> Stretch | None:
    """Return where the other video of a match with ``reference`` shows it."""
    if reference not in (match.query, match.reference):
        return None
    seen = match if match.query == reference else match.swapped()
    starts = [segment.reference_start_ms for segment in seen.segments]
    ends = [segment.reference_end_ms for segment in seen.segments]
    return Stretch(seen.reference, min(starts), max(ends))


def _is_of(match: Match, apart: Mapping[frozenset[VideoId], Stretch]) -> bool:
    """Tell whether most of what two videos share is what a person said is not the same."""
    member = apart.get(frozenset((match.query, match.reference)))
    if member is None:
        return False
    seen = match if match.reference == member.video else match.swapped()
    shared = [
        Stretch(member.video, s.reference_start_ms, s.reference_end_ms) for s in seen.segments
    ]
    inside_ms = sum(max(0, one.shared_ms(member)) for one in shared)
    return inside_ms >= MOSTLY_SHARE * sum(one.duration_ms for one in shared)


def _joined(
    footage: Sequence[Footage],
    reference: VideoId,
    video: VideoId,
    durations: Mapping[VideoId, int],
) -> tuple[Footage, ...]:
    """Return the footage with ``video`` in the clip of ``reference``.

    Where the video anchors a clip of its own, all who show that one come along.
    """
    host = holding(footage, reference)
    if host is None or any(member.video == video for member in host.members):
        return tuple(footage)
    guest = next((one for one in footage if one.anchor == video), None)
    stretches = {Stretch(video, 0, durations[video])} | set(guest.members if guest else ())
    held = {member.video for member in host.members}
    members = [*host.members, *(s for s in stretches if s.video not in held)]
    joined = replace(
        host,
        members=tuple(sorted(members, key=lambda m: m.video)),
        absorbed=host.absorbed | (guest.absorbed if guest else frozenset()),
    )
    return tuple(joined if one is host else one for one in footage if one is not guest)
