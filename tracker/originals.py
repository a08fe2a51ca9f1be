"""The original files: which are kept, and what they show around a few instants."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from storage import videos as video_rows
from storage.database import Database
from storage.media_store import MediaStore
from tracker.errors import ToolError, TrackerError
from tracker.matching import instants
from tracker.media.frames import frames_near
from tracker.media.keyframes import keyframes_at
from tracker.media.probe import MediaLimits
from tracker.model.ids import VideoId
from tracker.model.keyframe import Keyframe
from tracker.model.match import InstantAgreement, Segment
from tracker.model.still import Still

Frames = Future[tuple[Still, ...]]

ShownT = TypeVar("ShownT", Still, Keyframe)

PICTURE_REACH_MS = 120
"""A picture in colour stands for an instant that it lies within this of."""


@dataclass(frozen=True, slots=True)
class Originals:
    """Decodes a few instants of kept files, each in a child process.

    ``beside`` are files of videos that are not in the archive.
    """

    database: Database
    media: MediaStore
    executor: Executor
    limits: MediaLimits
    beside: Mapping[VideoId, Path] = field(default_factory=dict)

    def kept(self, videos: Collection[VideoId]) -> frozenset[VideoId]:
        """Return those of ``videos`` of which the original is kept, or lies beside."""
        with self.database.read() as session:
            kept = video_rows.kept_among(session, videos)
        return kept | self.beside.keys() & set(videos)

    def frames(
        self, video: VideoId, moments_ms: Sequence[float], reach_ms: float, side: int
    ) -> Frames:
        """Ask for every frame of a kept video within ``reach_ms`` of one of the moments."""
        times, reach, path = [round(at) for at in moments_ms], round(reach_ms), self._path(video)
        return self.executor.submit(frames_near, path, times, reach, side, self.limits)

    def instant_agreement(
        self, query: VideoId, reference: VideoId, segment: Segment
    ) -> InstantAgreement | None:
        """Return how what moves in the two originals agrees along ``segment``.

        The same whichever of the two is the query. ``None`` where one is not kept or no longer
        decodes, or the pictures tell nothing. Raises ``ToolError`` when the work was stopped.
        """
        if query > reference:
            return self.instant_agreement(reference, query, segment.swapped())
        times = self._instants(query, reference, segment)
        if times is None:
            return None
        ours = self.frames(query, times[0], instants.OWN_REACH_MS, instants.SIDE)
        reach_ms = instants.reference_reach_ms(segment)
        theirs = self.frames(reference, times[1], reach_ms, instants.SIDE)
        return instants.instant_agreement(shown(ours), shown(theirs), segment)

    def pictures(
        self, query: VideoId, reference: VideoId, segment: Segment
    ) -> tuple[tuple[Keyframe, ...], tuple[Keyframe, ...]]:
        """Return what both originals show at the same few instants of ``segment``, in colour.

        The same whichever of the two is the query; of either none where one is not kept or no
        longer decodes. Raises ``ToolError`` when the work was stopped.
        """
        if query > reference:
            theirs, ours = self.pictures(reference, query, segment.swapped())
            return ours, theirs
        times = self._instants(query, reference, segment)
        if times is None:
            return (), ()
        asked = self._keyframes(query, times[0]), self._keyframes(reference, times[1])
        ours, theirs = map(shown, asked)
        return (ours, theirs) if ours and theirs else ((), ())

    def _instants(
        self, query: VideoId, reference: VideoId, segment: Segment
    ) -> tuple[Sequence[float], Sequence[float]] | None:
        """Return the instants of ``segment`` in either video; ``None`` if one is not kept."""
        if self.kept({query, reference}) != {query, reference}:
            return None
        times = instants.instants(segment)
        return times, [segment.reference_ms(at) for at in times]

    def _keyframes(
        self, video: VideoId, moments_ms: Sequence[float]
    ) -> Future[tuple[Keyframe, ...]]:
        times, path = [round(at) for at in moments_ms], self._path(video)
        return self.executor.submit(keyframes_at, path, times, PICTURE_REACH_MS, self.limits)

    def _path(self, video: VideoId) -> Path:
        return self.beside.get(video) or self.media.path(video)


def shown(asked: Future[tuple[ShownT, ...]]) -> tuple[ShownT, ...]:
    """Return the frames; none of a file that no longer decodes (fixity tells of that)."""
    try:
        return asked.result()
    except ToolError:
        raise
    except TrackerError:
        return ()
