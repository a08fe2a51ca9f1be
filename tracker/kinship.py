"""Who is likely whose source, among videos that share footage: measured once, then remembered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from sqlmodel import Session

from storage import fingerprints as fingerprint_rows
from storage import leanings as leaning_rows
from storage import likenesses as likeness_rows
from storage import videos as video_rows
from storage.database import Database
from storage.leanings import Contest
from tracker.component import Component, Pair
from tracker.matching.likeness import likeness
from tracker.model.fingerprint import Fingerprint
from tracker.model.ids import VideoId
from tracker.model.likeness import Likeness
from tracker.model.match import Match
from tracker.provenance.descent import Facts, log_odds, precedence_odds

NEAREST = 40
"""Of each video so many matches are measured: those that explain most of it with fewest edits."""

PRINTS_AT_HAND = 200
"""So many fingerprints are kept in memory while pairs of them are measured."""


@dataclass(frozen=True, slots=True)
class Kinship:
    """How alike the videos of a component are, and what else tells who was made from whom.

    ``leanings`` is what is known of contests between two possible sources, ``asked`` those of which
    nothing is known that somebody asked for.
    """

    likenesses: Mapping[Pair, Likeness]
    facts: Mapping[VideoId, Facts]
    leanings: Mapping[Contest, float | None]
    asked: set[Contest] = field(default_factory=set, compare=False)

    def odds(self, match: Match) -> float:
        """Return the log-odds that the query of ``match`` was made from its reference."""
        facts = self.facts[match.query], self.facts[match.reference]
        return log_odds(match, self._likeness(match), *facts)

    def precedes(self, match: Match) -> float:
        """Return the log of how likely the reference of ``match`` came before its query."""
        facts = self.facts[match.query], self.facts[match.reference]
        return precedence_odds(match, *facts)

    def leaning(self, video: VideoId, one: VideoId, other: VideoId) -> float | None:
        """Return how far the video takes after ``one`` rather than ``other``, from -0.5 to 0.5.

        ``None`` where that is not known, or the pictures tell nothing.
        """
        first, second = sorted((one, other))
        contest = (video, first, second)
        if contest not in self.leanings:
            self.asked.add(contest)
        leaning = self.leanings.get(contest)
        return leaning if leaning is None or one == first else 0.0 - leaning

    def _likeness(self, match: Match) -> Likeness | None:
        alike = self.likenesses.get((match.query, match.reference))
        if alike is not None:
            return alike
        turned = self.likenesses.get((match.reference, match.query))
        return turned.swapped() if turned is not None else None


def load_kinship(session: Session, component: Component, algorithm_key: str) -> Kinship:
    """Return what is held of the component's videos."""
    facts = video_rows.facts(session, component.videos)
    return Kinship(
        likeness_rows.likenesses(session, component.videos, algorithm_key),
        {video: Facts(*values) for video, values in facts.items()},
        leaning_rows.leanings(session, component.videos, algorithm_key),
    )


def measure(
    database: Database, component: Component, held: Mapping[Pair, Likeness], algorithm_key: str
) -> dict[Pair, Likeness]:
    """Return how alike those near pairs are of which it is not ``held`` yet."""
    wanted = [match for match in _near(component) if (match.query, match.reference) not in held]
    wanted.sort(key=lambda match: (match.query, match.reference))

    @lru_cache(PRINTS_AT_HAND)
    def held_print(video: VideoId) -> Fingerprint | None:
        with database.read() as session:
            return fingerprint_rows.get_fingerprint(session, video, algorithm_key)

    found: dict[Pair, Likeness] = {}
    for match in wanted:
        query, reference = held_print(match.query), held_print(match.reference)
        if query is not None and reference is not None:
            found[match.query, match.reference] = likeness(query, reference, match.segments)
    return found


def _near(component: Component) -> list[Match]:
    """Return each match that is among the nearest of either video, the smaller id as query."""
    by_video: dict[VideoId, list[Match]] = {}
    for match in component.matches.values():
        by_video.setdefault(match.query, []).append(match)
    near: dict[Pair, Match] = {}
    for matches in by_video.values():
        for match in sorted(matches, key=_nearness)[:NEAREST]:
            one = match if match.query < match.reference else match.swapped()
            near[one.query, one.reference] = one
    return list(near.values())


def _nearness(match: Match) -> tuple[float, int, int, str]:
    shared = sum(s.query_end_ms - s.query_start_ms for s in match.segments)
    return -round(match.score, 2), len(match.transformations), -shared, match.reference
