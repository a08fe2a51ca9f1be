"""What any two videos of a component share: one hull of segments a pair, in both time lines."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from tracker.model.ids import VideoId
from tracker.model.match import Match, Segment, Transformation

PART_OF_SHARE = 0.8
"""A video lies inside another when at least this share of it does; the rest is an added card."""

BORDER_TOLERANCE_MS = 1_000
"""How far a measured border may lie from the true one (segment borders are good to about 1 s)."""

SAME_CUT_SHARE = 0.3
SAME_CUT_MS = 500
"""Whoever shares so much, on a line from beginning to beginning and end to end, shares all."""

LEAST_SEAM = 0.1
"""A picture within another has an edge around it this much stronger than beside it (logarithm)."""

SEEN_WITHOUT_LAYING = frozenset({"mirror", "trim", "speed", "compilation"})
"""Changes that are known although no two pictures could be laid over each other."""

Region = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Stretch:
    """``[start_ms, end_ms)`` of one video."""

    video: VideoId
    start_ms: int
    end_ms: int

    @property
    def duration_ms(self) -> int:
        """Length in milliseconds."""
        return self.end_ms - self.start_ms

    def shared_ms(self, other: Stretch) -> int:
        """Return how long two stretches of one video share; negative if they lie apart."""
        return min(self.end_ms, other.end_ms) - max(self.start_ms, other.start_ms)


@dataclass(frozen=True, slots=True)
class Overlap:
    """What ``inner`` shares with ``outer``: the hull of their segments, in both time lines.

    ``region`` is the part of the outer picture that the inner one shows, where it was measured and
    has an edge around it: x, y, width and height as fractions. ``edits`` are the kinds of change
    that make the inner one out of the outer one, ``laid`` tells whether the pictures could be laid
    over each other and ``unlike`` how much of them disagrees then (a share, None where it
    is not known). ``inset``: the inner one shows the outer one within another picture;
    ``backdrop``: it shows another picture within the outer one.
    """

    inner: Stretch
    outer: Stretch
    region: Region | None
    score: float
    edits: frozenset[str]
    laid: bool
    unlike: float | None
    inset: bool
    backdrop: bool

    @property
    def composed(self) -> bool:
        """Whether the inner picture is made of the outer one and another."""
        return self.inset or self.backdrop


class Overlaps:
    """All pairwise overlaps, in both directions."""

    def __init__(self, durations: Mapping[VideoId, int], matches: Iterable[Match]) -> None:
        self.durations = durations
        self._pairs: dict[tuple[VideoId, VideoId], Overlap] = {}
        self._partners: dict[VideoId, set[VideoId]] = defaultdict(set)
        self._borders: dict[VideoId, tuple[list[int], list[int]]] = {}
        self._placed: dict[VideoId, tuple[list[tuple[int, str]], list[tuple[int, str]]]] = {}
        for match in matches:
            if match.query == match.reference or not match.asserted:
                continue
            if match.query in durations and match.reference in durations:
                self._add(match)

    def _add(self, match: Match) -> None:
        segments = _main_run(match.segments)
        query = _hull(match.query, [(s.query_start_ms, s.query_end_ms) for s in segments])
        reference = _hull(
            match.reference, [(s.reference_start_ms, s.reference_end_ms) for s in segments]
        )
        query, reference = self._extended(query, reference)
        self._partners[match.query].add(match.reference)
        self._partners[match.reference].add(match.query)
        self._pairs[match.query, match.reference] = _overlap(query, reference, match)
        self._pairs[match.reference, match.query] = _overlap(reference, query, match.swapped())

    def _extended(self, one: Stretch, other: Stretch) -> tuple[Stretch, Stretch]:
        """Return both videos as wholes if what they share says that they are of one cut.

        The line through it leads from the beginning of one to the beginning of the other, and from
        end to end: where no more was found, something lies over the picture, or little moves.
        """
        ends = self.durations[one.video], self.durations[other.video]
        speed = other.duration_ms / one.duration_ms
        begin_ms = other.start_ms - speed * one.start_ms
        end_ms = begin_ms + speed * ends[0]
        if (
            one.duration_ms < SAME_CUT_SHARE * ends[0]
            or other.duration_ms < SAME_CUT_SHARE * ends[1]
        ):
            return one, other
        if abs(begin_ms) > SAME_CUT_MS or abs(end_ms - ends[1]) > SAME_CUT_MS:
            return one, other
        return Stretch(one.video, 0, ends[0]), Stretch(other.video, 0, ends[1])

    def get(self, inner: VideoId, outer: VideoId) -> Overlap | None:
        """Return what the two share, None if they do not match."""
        return self._pairs.get((inner, outer))

    def between(self, inner: VideoId, outer: VideoId) -> Overlap:
        """Return what two videos share that match; raises ``KeyError`` if they do not."""
        return self._pairs[inner, outer]

    def partners(self, video: VideoId) -> list[VideoId]:
        """Return who matches the video, by digest."""
        return sorted(self._partners[video])

    def borders(self, outer: VideoId) -> tuple[list[int], list[int]]:
        """Return where whole other videos begin and where they end in ``outer``, sorted, in ms."""
        if outer not in self._borders:
            parts = [o for o in self._partners[outer] if self.is_part(o, outer)]
            places = [self._pairs[part, outer].outer for part in parts]
            self._borders[outer] = (
                sorted(place.start_ms for place in places),
                sorted(place.end_ms for place in places),
            )
        return self._borders[outer]

    def apart_from(self, stretch: Stretch) -> Iterator[VideoId]:
        """Yield who shares with the stretch's video only what lies before or after the stretch."""
        outer = stretch.video
        if outer not in self._placed:
            places = [(self._pairs[p, outer].outer, p) for p in self._partners[outer]]
            self._placed[outer] = (
                sorted((place.end_ms, video) for place, video in places),
                sorted((-place.start_ms, video) for place, video in places),
            )
        before, after = self._placed[outer]
        first = bisect_left(before, (stretch.start_ms + BORDER_TOLERANCE_MS + 1, ""))
        last = bisect_left(after, (BORDER_TOLERANCE_MS + 1 - stretch.end_ms, ""))
        yield from (VideoId(video) for _, video in chain(before[:first], after[:last]))

    def is_part(self, inner: VideoId, outer: VideoId) -> bool:
        """Tell whether nearly all of ``inner`` lies in ``outer``, which it matches."""
        overlap = self._pairs[inner, outer]
        return overlap.inner.duration_ms >= PART_OF_SHARE * self.durations[inner]

    def rank(self, video: VideoId) -> tuple[int, str]:
        """Longer videos rank higher; the digest breaks ties so that the order is total."""
        return (self.durations[video], video)


def _main_run(segments: Sequence[Segment]) -> list[Segment]:
    """Return the longest run of segments that follow each other in both time lines."""
    ordered = sorted(segments, key=lambda s: (s.query_start_ms, s.reference_start_ms))
    runs: list[list[Segment]] = []
    for segment in ordered:
        if runs and _continues(runs[-1][-1], segment):
            runs[-1].append(segment)
        else:
            runs.append([segment])
    return max(runs, key=lambda run: sum(s.query_end_ms - s.query_start_ms for s in run))


def _continues(before: Segment, after: Segment) -> bool:
    gap_query_ms = after.query_start_ms - before.query_end_ms
    gap_reference_ms = after.reference_start_ms - before.reference_end_ms
    drift_ms = abs(gap_reference_ms - gap_query_ms * after.speed)
    return before.mirrored == after.mirrored and drift_ms <= 2 * BORDER_TOLERANCE_MS


def _hull(video: VideoId, spans: Sequence[tuple[int, int]]) -> Stretch:
    return Stretch(video, min(start for start, _ in spans), max(end for _, end in spans))


def _region(match: Match) -> Region | None:
    """Return the region the query shows of the reference, None where the picture goes on beside it.

    Also where no crop was measured.
    """
    if match.laid is not None and match.laid.reference_seam < LEAST_SEAM:
        return None
    for transformation in match.transformations:
        box = transformation.detail.get("box")
        if transformation.kind == "crop" and isinstance(box, Sequence) and len(box) == 4:
            x, y, width, height = (float(side) for side in box)
            return x, y, width, height
    return None


def _overlap(inner: Stretch, outer: Stretch, match: Match) -> Overlap:
    """Return what ``inner``, the query's stretch, shares with ``outer``."""
    edits = frozenset(transformation.kind for transformation in match.transformations)
    return Overlap(
        inner,
        outer,
        _region(match),
        match.score,
        edits,
        laid=match.laid is not None or not edits <= SEEN_WITHOUT_LAYING,
        unlike=match.laid.unlike if match.laid is not None else None,
        inset=_inset(match),
        backdrop=any(_sets_in_another(t) for t in match.transformations),
    )


def _inset(match: Match) -> bool:
    """Tell whether the query shows the reference within another picture.

    Whoever was cropped looks like an inset of what it was cropped from, but for the edge around it.
    """
    if match.laid is not None and match.laid.query_seam < LEAST_SEAM:
        return False
    return any(
        t.kind == "picture_in_picture" and not _sets_in_another(t) for t in match.transformations
    )


def _sets_in_another(transformation: Transformation) -> bool:
    """Tell whether another picture was set into the reference's, not the reference's into it."""
    detail = transformation.detail
    return transformation.kind == "picture_in_picture" and detail.get("shows") == "other"
