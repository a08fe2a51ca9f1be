"""Contests between possible sources of a video: the close ones are decided on the originals."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from storage.leanings import Contest
from tracker.component import Pair
from tracker.matching.leaning import SIDE, Source, common_moments, leanings, reach_ms
from tracker.model.ids import VideoId
from tracker.model.match import Match, Segment
from tracker.model.still import Still
from tracker.originals import Frames, Originals, shown

OWN_REACH_MS = 150
"""The copy's own frame of an instant is the nearest; at seven frames a second there is one."""

AT_ONCE = 12
"""The sources of so many videos are compared before a chain is written; what is left is taken up
next, so that a chain does not wait for all of a large import."""

Found = dict[Contest, float | None]


@dataclass(frozen=True, slots=True)
class Contests:
    """Decodes a few instants of a video and of its likeliest sources, each in a child process."""

    originals: Originals
    at_once: int = AT_ONCE

    def settled(
        self, matches: Mapping[Pair, Match], asked: Collection[Contest]
    ) -> tuple[Found, frozenset[VideoId]]:
        """Return what came of the contests of up to ``at_once`` videos, and whose are left.

        Only those are looked at of which the originals are kept. Where the pictures tell nothing
        ``None`` comes of it. Raises ``ToolError`` when the work was stopped.
        """
        wanted = self._by_video(asked)
        found: Found = {}
        for video in sorted(wanted)[: self.at_once]:
            pairs = [(one, other) for _, one, other in wanted[video]]
            told = self._told(video, pairs, matches)
            found |= {(video, *pair): told.get(pair) for pair in pairs}
        return found, frozenset(sorted(wanted)[self.at_once :])

    def _by_video(self, asked: Collection[Contest]) -> dict[VideoId, list[Contest]]:
        kept = self.originals.kept({name for contest in asked for name in contest})
        wanted: dict[VideoId, list[Contest]] = {}
        for contest in sorted(asked):
            if kept.issuperset(contest):
                wanted.setdefault(contest[0], []).append(contest)
        return wanted

    def _told(
        self, video: VideoId, pairs: Sequence[Pair], matches: Mapping[Pair, Match]
    ) -> Mapping[Pair, float]:
        names = {name for pair in pairs for name in pair}
        segments = {name: matches[video, name].longest_segment for name in names}
        moments: dict[VideoId, set[int]] = {name: set() for name in sorted(names)}
        for one, other in pairs:
            shared = common_moments(segments[one], segments[other])
            moments[one].update(shared)
            moments[other].update(shared)
        copy = self._own(video, sorted(set().union(*moments.values())))
        asked = {
            name: self._source(name, segments[name], [copy[at].pts_ms for at in times])
            for name in moments
            if (times := sorted(moments[name] & copy.keys()))
        }
        seen = {name: Source(segments[name], shown(frames)) for name, frames in asked.items()}
        return leanings(copy, seen, [pair for pair in pairs if seen.keys() >= set(pair)])

    def _own(self, video: VideoId, moments_ms: Sequence[int]) -> dict[int, Still]:
        """Return the video's frame nearest to each of the moments, where it has one near."""
        if not moments_ms:
            return {}
        stills = shown(self.originals.frames(video, moments_ms, OWN_REACH_MS, SIDE))
        nearest = {at: min(stills, key=lambda s: abs(s.pts_ms - at)) for at in moments_ms if stills}
        return {at: s for at, s in nearest.items() if abs(s.pts_ms - at) <= OWN_REACH_MS}

    def _source(self, video: VideoId, segment: Segment, copy_ms: Sequence[int]) -> Frames:
        """Ask for what the source shows around where it shows what the copy does."""
        moments_ms = [segment.reference_ms(at) for at in copy_ms]
        return self.originals.frames(video, moments_ms, reach_ms(segment), SIDE)
