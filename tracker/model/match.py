"""What two videos have in common, and what explains the difference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tracker.model.ids import VideoId

CLEAR_SURPLUS = 0.4
CLEAR_MUTUAL = 0.75
OTHER_SURPLUS = 0.1
"""What moves in two originals fits its own instant so much better than others, and at so large a
share of the instants better than at any other, in copies alone; where they show two moments the
surplus is less than the last.

``benchmarks.accuracy.trees.instants`` prints how they are spread over made edit trees: of other
moments at which most instants fit their own best none reaches a surplus of 0.35.
"""

LEAST_MOVING = 0.5
"""Originals in which less moves (grey levels, root mean square) say nothing of the moment."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One stretch that query and reference share, ``[start, end)`` in each, milliseconds.

    ``speed`` is reference time divided by query time: 2.0 when the query plays twice as fast
    as the reference.
    """

    query_start_ms: int
    query_end_ms: int
    reference_start_ms: int
    reference_end_ms: int
    speed: float
    mirrored: bool
    score: float

    def __post_init__(self) -> None:
        if self.query_end_ms <= self.query_start_ms:
            raise ValueError(f"empty query stretch: {self}")
        if self.reference_end_ms <= self.reference_start_ms:
            raise ValueError(f"empty reference stretch: {self}")

    def reference_ms(self, query_ms: float) -> float:
        """Return when the reference shows what the query shows at ``query_ms``."""
        return self.reference_start_ms + self.speed * (query_ms - self.query_start_ms)

    def swapped(self) -> Segment:
        """Return the same stretch with query and reference exchanged."""
        return Segment(
            query_start_ms=self.reference_start_ms,
            query_end_ms=self.reference_end_ms,
            reference_start_ms=self.query_start_ms,
            reference_end_ms=self.query_end_ms,
            speed=1.0 / self.speed,
            mirrored=self.mirrored,
            score=self.score,
        )


@dataclass(frozen=True, slots=True)
class Transformation:
    """One thing that was done to the copy: ``crop``, ``mirror``, ``speed``, ``trim`` …

    ``detail`` holds its measured values as plain JSON (fractions of the picture for boxes,
    milliseconds for times).
    """

    kind: str
    detail: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FramePair:
    """A frame of the query and the frame of the reference it was found equal to."""

    query_pts_ms: int
    reference_pts_ms: int
    distance_bits: int
    mirrored: bool

    def swapped(self) -> FramePair:
        """Return the same pair with query and reference exchanged."""
        return FramePair(
            self.reference_pts_ms, self.query_pts_ms, self.distance_bits, self.mirrored
        )


@dataclass(frozen=True, slots=True)
class Laid:
    """The query's picture and the reference's laid over each other, as far as they agree.

    ``residual`` is the median difference, in grey levels, once the colours are fitted, at the
    moment at which it is least. ``unlike`` is the share of the textured picture that disagrees.
    ``query_beside`` and ``reference_beside`` are the shares of each picture that lie outside of
    the other, ``query_seam`` and ``reference_seam`` how much edges stand out there along the
    border between the two: about 0 where the picture goes on. ``overlaid`` is how much less the
    query moves than the reference where they differ all along, ``detail`` how much more fine
    structure it has where they agree: all four are natural logarithms of quotients.
    """

    residual: float
    unlike: float
    query_beside: float
    reference_beside: float
    query_seam: float
    reference_seam: float
    overlaid: float
    detail: float

    def swapped(self) -> Laid:
        """Return the same finding with query and reference exchanged."""
        return Laid(
            residual=self.residual,
            unlike=self.unlike,
            query_beside=self.reference_beside,
            reference_beside=self.query_beside,
            query_seam=self.reference_seam,
            reference_seam=self.query_seam,
            overlaid=0.0 - self.overlaid,  # never -0.0, which is another text
            detail=0.0 - self.detail,
        )


class SoundAgreement(StrEnum):
    """How the sounds of two videos agree where their pictures do.

    ``none``: neither has any sound there. ``unknown``: one has none or is silent, or what is
    heard (hum, noise, a moment only) tells nothing.
    """

    SAME = "same"
    DIFFERENT = "different"
    NONE = "none"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class InstantAgreement:
    """How well what moves in two originals agrees, instant by instant.

    ``correlation`` is the mean of those of the same instants, ``elsewhere`` the highest when each
    is held against another one, both from -1 to 1; ``moving`` is how far the pictures lie from
    what most have in common (grey levels, root mean square), in the video in which it is less.
    ``mutual`` is the share of the instants that fit each other better than any other of either
    video, ``None`` where an older release did not count them.
    """

    correlation: float
    elsewhere: float
    moving: float
    mutual: float | None = None

    @property
    def surplus(self) -> float:
        """How much better each instant fits its own than another one."""
        return self.correlation - max(0.0, self.elsewhere)

    @property
    def mostly_mutual(self) -> bool:
        """Whether so many instants fit each other best as they do in copies alone."""
        return self.mutual is not None and self.mutual >= CLEAR_MUTUAL

    @property
    def clear(self) -> bool:
        """Whether enough moves, and agrees as it does in copies alone."""
        enough = self.surplus >= CLEAR_SURPLUS and self.moving >= LEAST_MOVING
        return enough and self.mostly_mutual

    @property
    def against(self) -> bool:
        """Whether something moves in both, and not alike."""
        return self.surplus < OTHER_SURPLUS and self.moving >= LEAST_MOVING


@dataclass(frozen=True, slots=True)
class Match:
    """A reference that shares verified segments with the query.

    ``score`` in [0, 1] is comparable between queries. ``transformations`` describe the query
    as a copy of the reference, ``reverse_transformations`` the reference as a copy of the query
    (which of the two came first is not the matcher's to say). ``pairs`` are a few of the frame
    pairs behind the segments, for showing side by side. ``asserted`` is False for a candidate
    under the threshold. ``sound`` says how the sounds agree over the segments. ``laid`` is
    ``None`` where the pictures could not be laid over each other, or nobody asked.
    ``moment_told`` is False where so little moves that another moment of the same shot would look
    the same; ``moment_odds`` are the log odds that what moves shows one moment, ``None`` where
    nothing does, motion could not be compared, or nobody asked. ``instants`` is what the originals
    say of it, ``None`` where they were not asked.
    """

    query: VideoId
    reference: VideoId
    score: float
    segments: tuple[Segment, ...]
    transformations: tuple[Transformation, ...] = ()
    pairs: tuple[FramePair, ...] = ()
    asserted: bool = True
    reverse_transformations: tuple[Transformation, ...] = ()
    sound: SoundAgreement = SoundAgreement.UNKNOWN
    laid: Laid | None = None
    moment_told: bool = True
    moment_odds: float | None = None
    instants: InstantAgreement | None = None

    @property
    def longest_segment(self) -> Segment:
        """The segment that takes most of the query; raises ``ValueError`` without any."""
        return max(self.segments, key=lambda s: s.query_end_ms - s.query_start_ms)

    def swapped(self) -> Match:
        """Return the same finding with query and reference exchanged."""
        return Match(
            query=self.reference,
            reference=self.query,
            score=self.score,
            segments=tuple(segment.swapped() for segment in self.segments),
            transformations=self.reverse_transformations,
            pairs=tuple(pair.swapped() for pair in self.pairs),
            asserted=self.asserted,
            reverse_transformations=self.transformations,
            sound=self.sound,
            laid=self.laid.swapped() if self.laid is not None else None,
            moment_told=self.moment_told,
            moment_odds=self.moment_odds,
            instants=self.instants,
        )


@dataclass(frozen=True, slots=True)
class SoundMatch:
    """The same sound in two videos, whatever their pictures show.

    ``score`` in [0, 1]. No picture is claimed to be shared, so these never make a clip.
    """

    query: VideoId
    reference: VideoId
    score: float
    segments: tuple[Segment, ...]

    def swapped(self) -> SoundMatch:
        """Return the same finding with query and reference exchanged."""
        segments = tuple(segment.swapped() for segment in self.segments)
        return SoundMatch(self.reference, self.query, self.score, segments)
