"""Which frames a report shows side by side: those that matter most, within a budget."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from tracker.matching.verify import keyframe_pairs
from tracker.model.chain import Chain
from tracker.model.ids import AppearanceId, VideoId
from tracker.model.keyframe import Keyframe
from tracker.model.match import Segment
from tracker.reports.report_input import Compared, SideBySide
from tracker.reports.wording import maybe_earlier

MAX_PICTURE_BYTES = 4_000_000
"""JPEG bytes in one report. In a page they take a third more; the rest of a page of 2,000
appearances takes some megabytes, and 15 MB are what mail and chat programs still pass on."""

PARTS = 3
"""Pairs shown of an appearance: one of each third of the stretch, so that they show all of it."""

SHORTEST_PART_MS = 2000
"""Shorter parts may hold no keyframe: such a stretch is not divided."""

FEW = 24
"""Up to so many appearances all have ``PARTS`` pairs; in longer chains the less urgent ones have
one pair each."""

KeyframesOf = Callable[[VideoId], Sequence[Keyframe]]


def pictures(
    chain: Chain, compared: Sequence[Compared], keyframes: KeyframesOf
) -> Iterator[SideBySide]:
    """Yield the stored frames that show the same moments most nearly, appearance by appearance.

    First come those that might be earlier than the root and those taken from it directly, then
    the others in order of time, until the budget is spent; the order of yield is the chain's.
    """
    cached = lru_cache(maxsize=4)(keyframes)  # one parent has many children
    budget = MAX_PICTURE_BYTES
    shown: dict[AppearanceId, list[SideBySide]] = {}
    for rank, item in enumerate(_by_urgency(chain, compared)):
        pairs = list(_side_by_side(item, cached))
        if len(compared) > FEW and rank >= FEW:
            pairs = pairs[len(pairs) // 2 :][:1]
        size = sum(len(pair.reference_jpeg) + len(pair.appearance_jpeg) for pair in pairs)
        if size > budget:
            break
        budget -= size
        shown[item.appearance] = pairs
    for link in chain.links:
        yield from shown.get(link.appearance.id, ())


def _by_urgency(chain: Chain, compared: Sequence[Compared]) -> list[Compared]:
    rivals = {link.appearance.id for link in maybe_earlier(chain)}
    children = {link.appearance.id for link in chain.links if link.parent == chain.root}
    return sorted(
        compared, key=lambda item: (item.appearance not in rivals, item.appearance not in children)
    )


def _side_by_side(item: Compared, keyframes: KeyframesOf) -> Iterator[SideBySide]:
    match = item.match
    surest = max(match.segments, key=lambda s: (s.score, s.query_end_ms - s.query_start_ms))
    mine, theirs = keyframes(match.query), keyframes(match.reference)
    for right, left in _spread(surest, mine, theirs):
        yield SideBySide(
            appearance=item.appearance,
            reference=match.reference,
            reference_pts_ms=left.pts_ms,
            appearance_pts_ms=right.pts_ms,
            reference_jpeg=left.jpeg,
            appearance_jpeg=right.jpeg,
            mirrored=surest.mirrored,
        )


def _spread(
    segment: Segment, query: Sequence[Keyframe], reference: Sequence[Keyframe]
) -> Iterator[tuple[Keyframe, Keyframe]]:
    """Yield the most simultaneous pair of each part of ``segment``, in order of time."""
    if segment.query_end_ms - segment.query_start_ms < PARTS * SHORTEST_PART_MS:
        pairs = keyframe_pairs(segment, query, reference)[:PARTS]
        yield from sorted(pairs, key=lambda pair: pair[0].pts_ms)
        return
    for part in range(PARTS):
        yield from keyframe_pairs(_part(segment, part), query, reference)[:1]


def _part(segment: Segment, number: int) -> Segment:
    """Return the part ``number`` of ``PARTS`` of a segment, on both time lines."""
    query_ms = segment.query_end_ms - segment.query_start_ms
    start_ms, end_ms = query_ms * number // PARTS, query_ms * (number + 1) // PARTS
    return replace(
        segment,
        query_start_ms=segment.query_start_ms + start_ms,
        query_end_ms=segment.query_start_ms + end_ms,
        reference_start_ms=segment.reference_start_ms + round(segment.speed * start_ms),
        reference_end_ms=segment.reference_start_ms + round(segment.speed * end_ms),
    )
