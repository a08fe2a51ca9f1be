"""All videos that share footage with one another, loaded once: what clips are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlmodel import Session

from storage import clips as clip_rows
from storage import fingerprints as fingerprint_rows
from storage import matches as match_rows
from storage import verdicts as verdict_rows
from storage import videos as video_rows
from tracker.matching.cuts import hard_cut_near
from tracker.model.fingerprint import Fingerprint
from tracker.model.ids import VideoId
from tracker.model.match import Match
from tracker.model.verdict import Verdict, VerdictKind
from tracker.provenance.agreement import corroborated
from tracker.provenance.footage import Footage
from tracker.provenance.overlaps import BORDER_TOLERANCE_MS
from tracker.provenance.verdicts import Ruling, grouped_as_judged

Pair = tuple[VideoId, VideoId]


@dataclass(frozen=True, slots=True)
class Component:
    """Videos tied together by matches or by a person, and the clips they make.

    ``matches`` are the asserted ones, by both orders of the pair. ``versions`` tell how often the
    evidence about each video had changed when this was loaded. ``apart`` are pairs that look the
    same and that no clip joins for it: what moves may be another moment.
    """

    videos: frozenset[VideoId]
    matches: Mapping[Pair, Match]
    footage: tuple[Footage, ...]
    versions: Mapping[VideoId, int]
    apart: tuple[Pair, ...]

    def beside(self, footage: Footage) -> frozenset[VideoId]:
        """Return who looks like a member of a clip at that place, and is none."""
        members = {member.video for member in footage.members}
        outside = [set(pair) - members for pair in self.apart]
        return frozenset[VideoId]().union(*(others for others in outside if len(others) == 1))


def load_component(session: Session, video: VideoId, algorithm_key: str) -> Component:
    """Return the component of ``video``; raises ``UnknownSubject`` if it is not held."""
    rulings = _rulings(session)
    videos = _reached(session, video, algorithm_key, rulings)
    matches: dict[Pair, Match] = {}
    for match in match_rows.matches_among(session, videos, algorithm_key):
        matches[match.query, match.reference] = match
    tying = {(match.query, match.reference) for match in corroborated(matches.values())}
    apart = tuple(sorted(set(matches) - tying))
    footage = grouped_as_judged(
        video_rows.durations(session, videos),
        list(matches.values()),
        _CutFinder(session, algorithm_key),
        different=_of_kind(rulings, VerdictKind.DIFFERENT),
        same=_of_kind(rulings, VerdictKind.SAME),
    )
    matches |= {(m.reference, m.query): m.swapped() for m in list(matches.values())}
    versions = video_rows.evidence_versions(session, videos)
    return Component(videos, matches, footage, versions, apart)


def _rulings(session: Session) -> dict[Ruling, Verdict]:
    """Return the judgements that are obeyed, by the video that anchors the judged clip."""
    found: dict[Ruling, Verdict] = {}
    for (clip, video), verdict in verdict_rows.standing(session).items():
        held = clip_rows.get_clip(session, clip)
        if held is not None:
            found[held.reference, video] = verdict
    return found


def _of_kind(rulings: Mapping[Ruling, Verdict], kind: VerdictKind) -> list[Ruling]:
    return [ruling for ruling, verdict in rulings.items() if verdict.kind is kind]


def _reached(
    session: Session, video: VideoId, algorithm_key: str, rulings: Mapping[Ruling, Verdict]
) -> frozenset[VideoId]:
    """Return all videos that matches, or a person's word that they are the same, lead to."""
    reached = match_rows.component(session, video, algorithm_key)
    tied = _of_kind(rulings, VerdictKind.SAME)
    while new := _tied_to(reached, tied):
        for other in sorted(new):
            reached |= match_rows.component(session, other, algorithm_key)
    return reached


def _tied_to(reached: frozenset[VideoId], tied: Iterable[Ruling]) -> set[VideoId]:
    ends = [set(ruling) for ruling in tied if reached & set(ruling)]
    return set().union(*ends) - reached


class _CutFinder:
    """Answers "is there a hard cut here" from stored fingerprints, each loaded once."""

    def __init__(self, session: Session, algorithm_key: str) -> None:
        self._session = session
        self._algorithm = algorithm_key
        self._loaded: dict[VideoId, Fingerprint | None] = {}

    def __call__(self, video: VideoId, at_ms: int) -> bool:
        if video not in self._loaded:
            self._loaded[video] = fingerprint_rows.get_fingerprint(
                self._session, video, self._algorithm
            )
        fingerprint = self._loaded[video]
        return fingerprint is not None and hard_cut_near(fingerprint, at_ms, BORDER_TOLERANCE_MS)
