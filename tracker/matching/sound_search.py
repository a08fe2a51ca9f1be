"""From a video's sound to the stored videos that share it, whatever their pictures show."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from typing import Protocol

import numpy as np

from tracker.matching.sound_agreement import sound_agreement
from tracker.matching.sound_alignment import aligned
from tracker.matching.sound_hits import LEAST_HITS, Ints, SoundHits, best_line
from tracker.model.ids import VideoId
from tracker.model.match import Match, SoundMatch
from tracker.model.sound import SoundPrint

MOST_LOOKED_AT = 500
"""Videos with most items in common whose hits are looked at."""

MOST_CANDIDATES = 50
"""Of those the ones with most items on one line are compared item by item."""


class FoundItems(Protocol):
    """Pairs of items that sound alike, as n equal arrays int64.

    ``query_items`` and ``items`` count within their sounds; ``references`` is what
    ``SoundIndex.video`` takes.
    """

    @property
    def query_items(self) -> Ints:
        """Return one value a pair; see the class."""
        ...

    @property
    def references(self) -> Ints:
        """Return one value a pair; see the class."""
        ...

    @property
    def items(self) -> Ints:
        """Return one value a pair; see the class."""
        ...


class SoundIndex(Protocol):
    """The items of every stored sound."""

    def video(self, reference: int) -> VideoId:
        """Return the video that ``FoundItems.references`` calls ``reference``."""
        ...

    def search(self, sound: SoundPrint) -> FoundItems:
        """Return every stored item that sounds like one of ``sound``."""
        ...


SoundOf = Callable[[VideoId], SoundPrint | None]
"""Gives the stored sound of a video, ``None`` where it has none."""


class SoundSearch:
    """Compares sounds: of videos that share footage, and with the whole archive."""

    def __init__(self, index: SoundIndex, sound_of: SoundOf) -> None:
        self._index = index
        self._sound_of = sound_of

    def told(self, match: Match, sound: SoundPrint | None) -> Match:
        """Return ``match`` with how the query's ``sound`` agrees with that of the reference."""
        if match.query == match.reference:
            return replace(match, sound=sound_agreement(sound, sound, match.segments))
        theirs = self._sound_of(match.reference)
        return replace(match, sound=sound_agreement(sound, theirs, match.segments))

    def others(
        self, query: VideoId, sound: SoundPrint | None, wanted: Callable[[VideoId], bool]
    ) -> tuple[SoundMatch, ...]:
        """Return the stored videos with the same sound, best first, of those ``wanted``."""
        if sound is None:
            return ()
        found = [
            match
            for video in self._candidates(sound, lambda video: video != query and wanted(video))
            if (match := self._compared(query, sound, video)) is not None
        ]
        return tuple(sorted(found, key=lambda match: (-match.score, match.reference)))

    def _compared(self, query: VideoId, sound: SoundPrint, video: VideoId) -> SoundMatch | None:
        theirs = self._sound_of(video)
        segments = () if theirs is None else aligned(sound, theirs)
        if not segments:
            return None
        return SoundMatch(query, video, max(segment.score for segment in segments), segments)

    def _candidates(
        self, sound: SoundPrint, wanted: Callable[[VideoId], bool]
    ) -> Collection[VideoId]:
        hits = self._index.search(sound)
        lines = []
        for reference, pairs in _by_reference(hits):
            video = self._index.video(reference)
            line = best_line(pairs) if wanted(video) else None
            if line is not None:
                lines.append((-line.hits, video))
        return [video for _, video in sorted(lines)[:MOST_CANDIDATES]]


def _by_reference(hits: FoundItems) -> Iterator[tuple[int, SoundHits]]:
    """Yield the pairs of each reference that has enough of them, most first."""
    order = np.argsort(hits.references, kind="stable")
    references, first, counts = np.unique(
        hits.references[order], return_index=True, return_counts=True
    )
    for i in np.argsort(-counts, kind="stable")[:MOST_LOOKED_AT]:
        if counts[i] < LEAST_HITS:
            return
        rows = order[first[i] : first[i] + counts[i]]
        yield int(references[i]), SoundHits(hits.query_items[rows], hits.items[rows])
