"""From a fingerprint to the stored videos that share footage with it."""

from __future__ import annotations

import time
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, cached_property

from threadpoolctl import ThreadpoolController

from tracker.matching.candidates import candidates
from tracker.matching.compare import Comparison, SharedStretch, compare, proof
from tracker.matching.measured import Measured
from tracker.matching.moment_odds import SURE_ODDS, moment_odds
from tracker.matching.openings import only_opening
from tracker.matching.overlay import both_ways
from tracker.matching.ports import FingerprintArchive, HashIndex, Originals
from tracker.matching.score import CANDIDATE_SCORE, DOUBTFUL_SCORE, MATCH_SCORE, confirmed_score
from tracker.matching.sound_search import SoundSearch
from tracker.matching.transformations import transformations
from tracker.matching.verify import Inspection, Verification, inspected
from tracker.model.fingerprint import Examined, Fingerprint
from tracker.model.ids import VideoId
from tracker.model.keyframe import Keyframe
from tracker.model.match import InstantAgreement, Match, Segment, SoundMatch, Transformation

LEAST_CANDIDATE_SCORE = 0.02
"""Pairs below this are not even worth showing as candidates."""


LEAST_ASKED_MS = 2_000
"""What shares a line in time for so long is looked at on the originals, even where nothing that
moves in thumbnails bears it out: videos that show different scenes hardly ever share one.
"""

MOST_ASKED = 100
"""Of a query's pairs so many are looked at on the originals, those with most hits first.

Each costs a second of decoding, and of a studio that an archive holds a thousand times every pair
is in doubt: what is left stays as fingerprints tell it, and ties nothing together by itself. Only
then does it matter which of two videos came first.
"""

SHARED_OPENING = Transformation("shared_opening")
"""What explains a candidate with which the query shares an opening or closing, and no more."""

OTHER_MOMENT = Transformation("other_moment")
"""What explains a candidate that shows the query's shot at another moment."""


@dataclass(frozen=True, slots=True)
class Identified:
    """What the archive holds of a query's footage.

    ``matches`` are asserted, ``candidates`` stayed under the threshold; both best first.
    ``sound_matches`` are videos with the same sound in which none of the footage was found.
    ``elapsed_ms`` has the keys ``search``, ``align`` and ``verify``.
    """

    matches: tuple[Match, ...]
    candidates: tuple[Match, ...]
    elapsed_ms: Mapping[str, int] = field(default_factory=dict)
    sound_matches: tuple[SoundMatch, ...] = ()


class Identifier:
    """Finds the stored videos that share footage with a query."""

    def __init__(
        self,
        index: HashIndex,
        archive: FingerprintArchive,
        features: HashIndex | None = None,
        sounds: SoundSearch | None = None,
    ) -> None:
        self._index = index
        self._features = features
        self._archive = archive
        self._sounds = sounds

    @property
    def algorithm_key(self) -> str:
        """The algorithm whose fingerprints can be identified."""
        return self._index.algorithm_key

    def identify(
        self,
        query: VideoId,
        examined: Examined,
        *,
        exclude: Container[VideoId] = (),
        only: Collection[VideoId] | None = None,
        originals: Originals | None = None,
        most_asked: int = MOST_ASKED,
        both_directions: bool = False,
    ) -> Identified:
        """Return matches and candidates of ``query`` among the indexed videos.

        Videos in ``exclude`` are left out, and all but those in ``only`` if it is given. The
        same bytes in the archive are a match with score 1 over the whole length. With
        ``both_directions`` matches also say what explains the reference as a copy of the query.
        ``originals`` are asked where fingerprints leave the moment in doubt, and where keyframes
        cannot be laid over each other, of ``most_asked`` videos.
        """
        clock = _Phases()
        with clock.phase("search"):
            found = candidates(examined.fingerprint, self._index, self._features)
        others = [c.video for c in found if c.video != query]
        asked = Sparing(originals, most_asked) if originals is not None else None
        matches = []
        if self._index.holds(query) and _wanted(query, exclude, only):
            matches.append(_itself(query, examined))
        with _libraries().limit(limits=1):
            for video in others:
                if _wanted(video, exclude, only):
                    held = _Held(video, self._archive)
                    matches += _compared(
                        query, examined, held, clock, asked, both_directions=both_directions
                    )
        matches.sort(key=lambda match: (-match.score, match.reference))
        asserted = tuple(match for match in matches if match.asserted)
        doubtful = tuple(match for match in matches if not match.asserted)
        if self._sounds is None:
            return Identified(asserted, doubtful, clock.elapsed_ms())
        sound, seen = examined.fingerprint.sound, {match.reference for match in asserted}
        with clock.phase("search"):
            heard = self._sounds.others(
                query, sound, lambda v: v not in seen and _wanted(v, exclude, only)
            )
        with clock.phase("align"):
            asserted = tuple(self._sounds.told(match, sound) for match in asserted)
        return Identified(asserted, doubtful, clock.elapsed_ms(), heard)


class _Held:
    """A stored video: its fingerprint, and what else is asked for."""

    def __init__(self, video: VideoId, archive: FingerprintArchive) -> None:
        self.video = video
        self._archive = archive

    @cached_property
    def fingerprint(self) -> Fingerprint:
        return self._archive.get(self.video)

    @cached_property
    def keyframes(self) -> Sequence[Keyframe]:
        return self._archive.keyframes(self.video)

    @cached_property
    def size(self) -> tuple[int, int] | None:
        return self._archive.size(self.video)


class Sparing:
    """Originals that are asked about so many pairs, and know nothing of any further one."""

    def __init__(self, originals: Originals, most: int = MOST_ASKED) -> None:
        self._originals = originals
        self._most = most
        self._asked: set[VideoId] = set()

    def instant_agreement(
        self, query: VideoId, reference: VideoId, segment: Segment
    ) -> InstantAgreement | None:
        """Return what the originals say, ``None`` of a pair too many."""
        if not self._may_ask(reference):
            return None
        return self._originals.instant_agreement(query, reference, segment)

    def pictures(
        self, query: VideoId, reference: VideoId, segment: Segment
    ) -> tuple[Sequence[Keyframe], Sequence[Keyframe]]:
        """Return what the originals show, nothing of a pair too many."""
        if not self._may_ask(reference):
            return (), ()
        return self._originals.pictures(query, reference, segment)

    def _may_ask(self, reference: VideoId) -> bool:
        if len(self._asked) < self._most:
            self._asked.add(reference)
        return reference in self._asked


@cache
def _libraries() -> ThreadpoolController:
    """Return the switch for the threads of the arithmetic libraries loaded by now.

    What one pair of videos needs is small: threads would spend more on waiting for each other
    than on the work (lookups took 190 ms of CPU instead of 100).
    """
    return ThreadpoolController()


def _compared(
    query: VideoId,
    examined: Examined,
    held: _Held,
    clock: _Phases,
    originals: Originals | None,
    *,
    both_directions: bool,
) -> Iterator[Match]:
    """Yield what the query shares with one stored video, if it is worth showing."""
    with clock.phase("align"):
        comparison = compare(query, examined.fingerprint, held.video, held.fingerprint)
    if not comparison.stretches:
        return
    with clock.phase("verify"):
        pictures = _Pictures(query, examined, held)
        match = _match(query, examined, held, comparison, pictures)
        surest = pictures.surest(match.segments)
        if both_directions and match.asserted:
            match = replace(match, moment_odds=_moment_odds(comparison, surest, pictures))
        if originals is not None and _in_doubt(match, surest):
            agreement = originals.instant_agreement(query, held.video, surest)
            match = match if agreement is None else _as_originals_say(match, agreement)
        if match.asserted:
            match = _explained(
                match, surest, examined, held, pictures, originals, both_directions=both_directions
            )
    if match.score >= LEAST_CANDIDATE_SCORE:
        yield match


def _in_doubt(match: Match, surest: Segment) -> bool:
    """Tell whether the originals are to be asked: fingerprints do not tell the moment surely.

    What shares an opening does share it, whichever moment it is.
    """
    if not match.asserted:
        query_ms = surest.query_end_ms - surest.query_start_ms
        shared_ms = min(query_ms, surest.reference_end_ms - surest.reference_start_ms)
        return shared_ms >= LEAST_ASKED_MS and SHARED_OPENING not in match.transformations
    return not match.moment_told or match.moment_odds is None or match.moment_odds < SURE_ODDS


def _as_originals_say(match: Match, agreement: InstantAgreement) -> Match:
    """Return the match with the moment told by what the originals show at a few instants.

    A candidate of which what moves clearly agrees is a match.
    """
    if not match.asserted:
        if not agreement.clear:
            return match
        score = confirmed_score(match.score)
        match = replace(match, score=score, asserted=True, transformations=())
    told = match.moment_told or agreement.clear
    return replace(match, moment_told=told, instants=agreement)


def _match(
    query: VideoId,
    examined: Examined,
    held: _Held,
    comparison: Comparison,
    pictures: _Pictures,
) -> Match:
    segments = tuple(stretch.segment for stretch in comparison.stretches)
    why_none = None
    if only_opening(segments, examined.fingerprint, held.fingerprint):
        why_none = SHARED_OPENING
    elif comparison.score >= MATCH_SCORE and all(map(pictures.refute, comparison.stretches)):
        why_none = OTHER_MOMENT
    # What is no match is none however surely it looks like one.
    limited = min(comparison.score, CANDIDATE_SCORE)
    score = _score(comparison, pictures) if why_none is None else limited
    asserted = score >= MATCH_SCORE
    return Match(
        query=query,
        reference=held.video,
        score=score,
        segments=segments,
        transformations=() if why_none is None else (why_none,),
        pairs=tuple(pair for stretch in comparison.stretches for pair in stretch.pairs),
        asserted=asserted,
        moment_told=any(pictures.tell(s) if asserted else s.told for s in comparison.stretches),
    )


class _Pictures:
    """The keyframes of a pair of videos laid over each other, once for each segment and side.

    They decide where frames and motion do not, seen in the shorter video's frame, whichever of the
    two was asked about.
    """

    def __init__(self, query: VideoId, examined: Examined, held: _Held) -> None:
        ours, theirs = examined.fingerprint.duration_ms, held.fingerprint.duration_ms
        self._turned = (ours, query) > (theirs, held.video)
        self._examined, self._held = examined, held
        self._inspected: dict[tuple[Segment, bool], Inspection | None] = {}
        self._verified: dict[Segment, Verification | None] = {}

    def inspected(self, segment: Segment, *, turned: bool) -> Inspection | None:
        """Return what the pictures of the query's segment agree on, ``turned``: as copied from it.

        Then the stored video is the copy.
        """
        if (segment, turned) not in self._inspected:
            ours, theirs = self._examined.keyframes, self._held.keyframes
            self._inspected[segment, turned] = (
                inspected(segment.swapped(), theirs, ours)
                if turned
                else inspected(segment, ours, theirs)
            )
        return self._inspected[segment, turned]

    def verified(self, segment: Segment) -> Verification | None:
        """Return how well the pictures bear the segment out."""
        if segment not in self._verified:
            seen = self.inspected(segment, turned=self._turned)
            self._verified[segment] = None if seen is None else seen.verification()
        return self._verified[segment]

    def as_compared(self, segment: Segment) -> Segment:
        """Return the segment with the shorter video as query."""
        return segment.swapped() if self._turned else segment

    def surest(self, segments: Iterable[Segment]) -> Segment:
        """Return the segment that proves most, whichever of the two videos was asked about."""
        return max(segments, key=lambda segment: proof(self.as_compared(segment)))

    def tell(self, stretch: SharedStretch) -> bool:
        """Tell whether the stretch shows one moment, and not another one of a still shot."""
        if stretch.judged:
            return stretch.told
        seen = self.verified(stretch.segment)
        said = seen.tells_moment if seen is not None else None
        return stretch.told if said is None else said

    def refute(self, stretch: SharedStretch) -> bool:
        """Tell whether what moves in the stretch, too little for thumbnails, shows two moments."""
        if stretch.judged:
            return False
        seen = self.verified(stretch.segment)
        return seen is not None and seen.shows_other_moment


def _score(comparison: Comparison, pictures: _Pictures) -> float:
    """Return the pair's score; where frames and motion leave it in doubt the pictures decide.

    What stands still agrees at any moment: where motion was compared, it has decided.
    """
    if not DOUBTFUL_SCORE <= comparison.score < MATCH_SCORE:
        return comparison.score
    strongest = max(comparison.stretches, key=lambda stretch: stretch.evidence)
    seen = None if strongest.judged else pictures.verified(strongest.segment)
    return confirmed_score(comparison.score) if seen and seen.confirms else comparison.score


def _moment_odds(comparison: Comparison, surest: Segment, pictures: _Pictures) -> float | None:
    """Return the log odds that the surest stretch shows one moment.

    ``None`` where nothing moves in it or motion could not be compared.
    """
    told_by = next(s.signs for s in comparison.stretches if s.segment == surest)
    if told_by is None:
        return None
    seen = pictures.verified(surest)
    moving = seen.moving_agreement if seen is not None else None
    return moment_odds(told_by, pictures.as_compared(surest), moving)


def _explained(
    match: Match,
    surest: Segment,
    examined: Examined,
    held: _Held,
    pictures: _Pictures,
    originals: Originals | None,
    *,
    both_directions: bool,
) -> Match:
    """Return ``match`` with what explains the query as a copy of the reference.

    With ``both_directions`` also what explains the reference as a copy of the query, and how far
    the pictures agree, which takes a look from either side. Keyframes are as far apart as the cuts
    happen to lie: where they cannot be laid over each other the originals are, at one instant.
    """
    ours = _Side(examined.fingerprint.duration_ms, examined.info.size)
    theirs = _Side(held.fingerprint.duration_ms, held.size)
    seen = pictures.inspected(surest, turned=False)
    if not both_directions:
        if seen is None and originals is not None:
            seen = inspected(surest, *originals.pictures(match.query, match.reference, surest))
        return replace(match, transformations=_named(match.segments, ours, theirs, seen)[1])
    back = pictures.inspected(surest, turned=True)
    found = _explained_both_ways(match, (ours, theirs), seen, back)
    if found.laid is not None or originals is None:
        return found
    here, there = originals.pictures(match.query, match.reference, surest)
    seen, back = inspected(surest, here, there), inspected(surest.swapped(), there, here)
    closer = _explained_both_ways(match, (ours, theirs), seen, back)
    return found if closer.laid is None else closer


def _explained_both_ways(
    match: Match, sides: tuple[_Side, _Side], seen: Inspection | None, back: Inspection | None
) -> Match:
    """Return ``match`` with what the pictures show; ``back``: with the reference as the copy."""
    ours, theirs = sides
    shape, explained = _named(match.segments, ours, theirs, seen)
    turned, reverse = _named(match.swapped().segments, theirs, ours, back)
    laid = both_ways(shape.overlay, turned.overlay) if shape and turned else None
    return replace(match, transformations=explained, reverse_transformations=reverse, laid=laid)


@dataclass(frozen=True, slots=True)
class _Side:
    """What tells what was done to one of two videos, beside what they share."""

    duration_ms: int
    size: tuple[int, int] | None


def _named(
    segments: tuple[Segment, ...], copy: _Side, source: _Side, seen: Inspection | None
) -> tuple[Measured | None, tuple[Transformation, ...]]:
    """Return what was done to the source, and what of it the pictures show."""
    shape = seen.measured() if seen is not None else None
    sizes = (copy.size, source.size) if copy.size and source.size else None
    return shape, transformations(
        segments, source.duration_ms, shape, query_duration_ms=copy.duration_ms, sizes=sizes
    )


def _wanted(video: VideoId, exclude: Container[VideoId], only: Collection[VideoId] | None) -> bool:
    return video not in exclude and (only is None or video in only)


def _itself(query: VideoId, examined: Examined) -> Match:
    end = max(1, examined.fingerprint.duration_ms)
    whole = Segment(0, end, 0, end, speed=1.0, mirrored=False, score=1.0)
    return Match(query, query, 1.0, (whole,))


class _Phases:
    """Adds up how long each step took."""

    def __init__(self) -> None:
        self._spent_ns = {"search": 0, "align": 0, "verify": 0}

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        started = time.perf_counter_ns()
        try:
            yield
        finally:
            self._spent_ns[name] += time.perf_counter_ns() - started

    def elapsed_ms(self) -> dict[str, int]:
        return {name: round(spent / 1e6) for name, spent in self._spent_ns.items()}
