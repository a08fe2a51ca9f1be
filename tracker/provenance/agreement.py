"""Which matches the others contradict.

Where three videos show the same footage, going from the first to the second and on to the third
leads to the same moment as going there at once. Matches of footage that only looks alike (other
moments of a shot in which little moves) lead to another moment each time. So a match that is not
sure by itself has to agree with those between the nearest copies of either side.

Source: cycle consistency, as in Zach, Klopschitz and Pollefeys, Disambiguating Visual Relations
Using Loop Constraints, CVPR 2010. The constants were set on made edit trees
(``benchmarks.accuracy.trees``, seeds 1 and 2).

Where next to nothing moves, a match tells the shot and not the moment: it ties nothing together,
and speaks against those beside it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from tracker.model.ids import VideoId
from tracker.model.match import LEAST_MOVING, Match, Segment, SoundAgreement

SURE_SCORE = 0.97
"""A match with this score stands by itself; both videos' nearest copies are found by such ones."""

SURE_WITH_OTHER_SOUND = 0.6
"""With another sound under it a match needs this score to tie footage together (seed 21)."""

AGREEING_SHARE = 0.75
"""A match that is not sure stands while this share of those beside it say the same, if any are."""

ODD_SPEED = 1.1
LEAST_COPIES = 1
"""A match at another speed than its own that is not sure needs a copy on either side that says the
same, where there are so many: a shot in which little moves resembles another one best when it is
sped up or slowed down (seeds 23 and 24).
"""

DOUBTED_ODDS = 4.0
"""Below these odds (logarithm; 0.98) that it shows one moment a match needs one beside it that says
the same and is not doubted, if either side has certain copies: of true families some copies tell
the moment well, of two takes of one camera none does. What is asked by way of a sure match counts
although that one is doubted, or shots that hardly move would lose their copies (seeds 21, 22, 24
and 26).
"""

TOLERANCE_MS = 500
"""Two ways to a moment that differ by more do not agree."""

MOST_NEAREST = 6
"""Of each video so many nearest copies are asked."""

_ASKED_AT = (0.1, 0.5, 0.9)
LEAST_MOMENTS = 2
"""A way that leads on from only one of the moments asked for says nothing."""

Pair = tuple[VideoId, VideoId]
_Spans = Sequence[tuple[int, int, int, int]]


def corroborated(matches: Iterable[Match]) -> list[Match]:
    """Return the asserted matches that tell one moment and that those beside them bear out."""
    asserted = [match for match in matches if match.asserted]
    telling = [match for match in asserted if tells_the_moment(match)]
    beside = _Beside(telling, [match for match in asserted if not tells_the_moment(match)])
    return [match for match in telling if not beside.contradict(match)]


def tells_the_moment(match: Match) -> bool:
    """Tell whether a match ties footage together: one shot is not one moment of it.

    Sound is a witness of its own, for a moment that the pictures do not tell, and against one
    that they hardly do or in which the originals show that next to nothing moves.
    """
    if _seen_clearly(match):
        return True
    still = match.instants is not None and match.instants.moving < LEAST_MOVING
    hardly = match.score < SURE_WITH_OTHER_SOUND or still
    if match.sound is SoundAgreement.DIFFERENT and hardly:
        return False
    return match.moment_told or match.sound is SoundAgreement.SAME


class _Beside:
    """All matches, to be asked what moment of a video is which of another.

    ``untold`` are those of the same shot, nobody knows at which moment.
    """

    def __init__(self, matches: Sequence[Match], untold: Iterable[Match]) -> None:
        self._untold = {frozenset((match.query, match.reference)) for match in untold}
        self._doubted = {frozenset((m.query, m.reference)) for m in matches if _doubted(m)}
        self._spans: dict[Pair, _Spans] = {}
        nearest: dict[VideoId, list[tuple[float, VideoId]]] = defaultdict(list)
        for match in matches:
            one, other = match.query, match.reference
            self._spans[one, other] = _spans(match.segments)
            self._spans[other, one] = [(c, d, a, b) for a, b, c, d in self._spans[one, other]]
            if match.score >= SURE_SCORE and not _seen_apart(match):
                nearest[one].append((-match.score, other))
                nearest[other].append((-match.score, one))
        self._nearest: Mapping[VideoId, list[VideoId]] = {
            video: [other for _, other in sorted(found)[:MOST_NEAREST]]
            for video, found in nearest.items()
        }

    def contradict(self, match: Match) -> bool:
        """Tell whether too few of the matches between copies of either side say the same.

        A sure match stands, unless most of them cannot even tell the moment: of one moment,
        copies show the same little that moves. One whose moment is doubted needs support, and one
        that the originals show needs none.
        """
        if _seen_clearly(match):
            return False
        if match.score < SURE_SCORE and _at_odd_speed(match) and self._alone(match):
            return True
        pairs = [
            (one, other)
            for one in (match.query, *self._nearest.get(match.query, ()))
            for other in (match.reference, *self._nearest.get(match.reference, ()))
        ]
        if _doubted(match) and self._unsupported(match, pairs):
            return True
        untold = sum(frozenset(pair) in self._untold for pair in pairs)
        said = [agrees for pair in pairs if (agrees := self._agrees(match, *pair)) is not None]
        if match.score >= SURE_SCORE:
            return untold > len(said)
        return sum(said) < AGREEING_SHARE * (len(said) + untold)

    def _alone(self, match: Match) -> bool:
        """Tell whether on either side there are copies of which none says the same."""
        query, reference = match.query, match.reference
        sides = (
            [(copy, reference) for copy in self._nearest.get(query, ())],
            [(query, copy) for copy in self._nearest.get(reference, ())],
        )
        return any(
            len(pairs) >= LEAST_COPIES and not any(self._agrees(match, *pair) for pair in pairs)
            for pairs in sides
        )

    def _unsupported(self, match: Match, pairs: Iterable[Pair]) -> bool:
        """Tell whether there are certain copies to ask, and all that say the same are doubted."""
        if not any(map(self._has_certain_copies, (match.query, match.reference))):
            return False
        return not any(
            frozenset(pair) not in self._doubted and self._agrees(match, *pair) for pair in pairs
        )

    def _has_certain_copies(self, video: VideoId) -> bool:
        near = self._nearest.get(video, ())
        return any(frozenset((video, copy)) not in self._doubted for copy in near)

    def _agrees(self, match: Match, one: VideoId, other: VideoId) -> bool | None:
        """Tell whether a way by two copies leads to the same moments; None: there is none."""
        query, reference = match.query, match.reference
        if (one, other) not in self._spans or one == reference or other == query:
            return None
        if (one, other) == (query, reference):
            return None
        apart = []
        for at_ms, found_ms in _moments(self._spans[query, reference]):
            way = at_ms if one == query else self._moment(query, one, at_ms)
            way = None if way is None else self._moment(one, other, way)
            if way is not None and other != reference:
                way = self._moment(other, reference, way)
            if way is not None:
                apart.append(abs(way - found_ms))
        if len(apart) < LEAST_MOMENTS:
            return None
        return sorted(apart)[len(apart) // 2] <= TOLERANCE_MS

    def _moment(self, one: VideoId, other: VideoId, at_ms: float) -> float | None:
        """Return the moment of ``other`` that a moment of ``one`` is, None if it has none."""
        for start, end, to_start, to_end in self._spans[one, other]:
            if start - TOLERANCE_MS <= at_ms <= end + TOLERANCE_MS:
                return to_start + (at_ms - start) * (to_end - to_start) / (end - start)
        return None


def _seen_clearly(match: Match) -> bool:
    """Tell whether what moves in the originals fits its own instants, and no others."""
    return match.instants is not None and match.instants.clear


def _seen_apart(match: Match) -> bool:
    """Tell whether what moves in the originals is not alike; sound is a witness of its own."""
    told = match.instants is not None and match.instants.against
    return told and match.sound is not SoundAgreement.SAME


def _doubted(match: Match) -> bool:
    """Tell whether what moves may well be another moment; sound is a witness of its own.

    Originals see better than fingerprints.
    """
    if match.sound is SoundAgreement.SAME or _seen_clearly(match):
        return False
    if _seen_apart(match):
        return True
    return match.moment_odds is not None and match.moment_odds < DOUBTED_ODDS


def _at_odd_speed(match: Match) -> bool:
    speed = match.longest_segment.speed
    return max(speed, 1 / speed) > ODD_SPEED


def _spans(segments: Iterable[Segment]) -> _Spans:
    return [
        (s.query_start_ms, s.query_end_ms, s.reference_start_ms, s.reference_end_ms)
        for s in segments
    ]


def _moments(spans: _Spans) -> Iterable[tuple[float, float]]:
    for start, end, to_start, to_end in spans:
        for share in _ASKED_AT:
            yield start + share * (end - start), to_start + share * (to_end - to_start)
