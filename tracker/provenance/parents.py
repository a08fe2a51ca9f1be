"""Each appearance's most likely parent among those that could have come before it.

What a platform or page states goes before everything, then equal media ids, then equal bytes. What
is left is told by the pictures: the videos make a tree in which every one is explained by its
source as well as can be (``descent``, ``arborescence``), and no source is certainly later. Of
several posts of the source's file the pictures tell nothing: the last one before the copy is
named, as posts are mostly copied while they are new, and the confidence is shared among them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import exp, expm1, fsum, log

from tracker.model.chain import ChainLink, Relation
from tracker.model.clip import Appearance
from tracker.model.ids import PostKey, VideoId
from tracker.model.match import Match
from tracker.provenance.arborescence import source_probabilities
from tracker.provenance.contest import LeaningOf, close_sources, in_words, settled
from tracker.provenance.footage import covered_ms
from tracker.provenance.lineage import existence_of, first_of_the_beginnings, likeliest_lineage
from tracker.provenance.order import interval_of, not_orderable_with
from tracker.provenance.overlaps import PART_OF_SHARE
from tracker.provenance.stated import Proposal, StatedLinks, same_file, stated_parents

Matches = Mapping[tuple[VideoId, VideoId], Match]
"""The asserted matches by query and reference, each in both orders."""

OddsOf = Callable[[Match], float]
"""How well the reference of a match explains its query as made from it (log-odds)."""

PrecedesOf = Callable[[Match], float]
"""How likely the reference of a match came before its query, by what they show (a logarithm).

Asked of where a tree begins alone: ``OddsOf`` has counted it for each child and its source."""

NOT_EARLIEST_ODDS = -1.0
"""What it costs in log-odds to begin the chain with another than the earliest known appearance.

Only a picture that says clearly who was copied makes an appearance of uncertain time the root.
"""

BEGINS_BEFORE = 12.0
BEGINS_FOUND = 6.0
"""What it counts for beginning the chain to have come before the others, by what each pair shows,
and to be found in many of them: what was copied most is the best there was.

Both were chosen on made edit trees (seed 21, where half or twice as much changes next to nothing).
"""

CERTAINLY_NOT = -8.0
"""Stands for the logarithm of no chance at all."""

BEYOND_MS = 2_000
BEYOND_SHARE = 0.15
"""Whoever shows so much more of the clip than another cannot have it from that one alone."""

NO_SOURCE = "shows footage of this clip; which earlier appearance it was taken from is not known"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known about who has it from whom."""

    matches: Matches
    stated: StatedLinks = field(default_factory=dict)
    media_ids: Mapping[PostKey, frozenset[str]] = field(default_factory=dict)
    odds_of: OddsOf = lambda match: match.score
    precedes_of: PrecedesOf = lambda _match: log(0.5)
    leaning_of: LeaningOf = lambda _video, _one, _other: None
    judged: frozenset[VideoId] = frozenset()


def link_appearances(
    ordered: Sequence[Appearance], duration_ms: int, evidence: Evidence
) -> list[ChainLink]:
    """Return one link an appearance, the root first, then in order of time.

    ``ordered`` is earliest known first and not empty; ``duration_ms`` is the length of the whole
    clip. Parents make a tree or, where sources are not known, several.
    """
    told = stated_parents(ordered, evidence.stated, evidence.media_ids)
    firsts = _first_of_each_video([seen for seen in ordered if seen.id not in told])
    if not firsts:  # whatever shows the footage only points at something else
        firsts = _first_of_each_video(ordered[:1])
        told.pop(ordered[0].id, None)
    pictures = _Pictures(ordered, firsts, evidence, told)
    tree = pictures.tree()
    root = pictures.earliest_of(first_of_the_beginnings(tree, pictures.existence))
    firsts[root.video] = root
    told.pop(root.id, None)
    links = [_root_link(root, ordered)]
    for child in ordered:
        if child.id == root.id:
            continue
        proposal = told.get(child.id) or same_file(child, firsts)
        if proposal is None:
            proposal = pictures.proposal(child, tree[child.video], duration_ms)
        links.append(
            _link(child, proposal)
            if proposal is not None
            else _open_link(child, duration_ms, pictures.excerpts(child), evidence)
        )
    return links


# --- the root ----------------------------------------------------------------------------


def _root_link(root: Appearance, ordered: Sequence[Appearance]) -> ChainLink:
    confidence = _root_confidence(root, ordered)
    return ChainLink(root, None, Relation.ROOT, confidence, _root_why(root, ordered, confidence))


def _root_confidence(root: Appearance, ordered: Sequence[Appearance]) -> float:
    """Return 1 when the root precedes all else for certain; less the more rivals there are."""
    return round(1.0 / (1 + len(not_orderable_with(root, ordered))), 3)


def _root_why(root: Appearance, ordered: Sequence[Appearance], confidence: float) -> str:
    if len(ordered) == 1:
        return "the only appearance known to this archive"
    if confidence == 1.0:
        return "published before every other appearance known to this archive"
    if root.id != ordered[0].id:
        return (
            "its time is not known closely enough to say that it came first; "
            "by the pictures the others were made from it, not it from them"
        )
    return (
        "known to have been public at the earliest time; "
        "others whose time is less certain may have been earlier"
    )


def _first_of_each_video(ordered: Iterable[Appearance]) -> dict[VideoId, Appearance]:
    firsts: dict[VideoId, Appearance] = {}
    for seen in ordered:
        if not seen.cites:
            firsts.setdefault(seen.video, seen)
    return firsts


# --- the pictures ------------------------------------------------------------------------


class _Pictures:
    """The tree of the videos: which one each was made from, by what they show and when."""

    def __init__(
        self,
        ordered: Sequence[Appearance],
        firsts: Mapping[VideoId, Appearance],
        evidence: Evidence,
        told: Mapping[str, Proposal],
    ) -> None:
        self._firsts, self._told = firsts, told
        self._sources_of: dict[VideoId, dict[VideoId, Match]] = {video: {} for video in firsts}
        for (query, reference), match in evidence.matches.items():
            if query in firsts and reference in firsts and query != reference:
                self._sources_of[query][reference] = match
        self._seen: dict[VideoId, list[Appearance]] = defaultdict(list)
        for seen in ordered:
            if not seen.cites:
                self._seen[seen.video].append(seen)
        self.existence = {video: existence_of(self._seen[video]) for video in firsts}
        self._precedes_of, self._leaning_of = evidence.precedes_of, evidence.leaning_of
        self._preceding: dict[tuple[VideoId, VideoId], float] = {}
        self._rivals: dict[VideoId, Mapping[VideoId, float]] = {}
        self._sources = {video: self._odds(video, evidence) for video in firsts}
        self._earliest = next(iter(firsts))
        self._beginnings = {video: self._beginning(video) for video in firsts}

    def _odds(self, video: VideoId, evidence: Evidence) -> dict[VideoId, float]:
        """Return every video that this one may be made from, and its log-odds."""
        child, found = self._firsts[video], {}
        for other, match in self._sources_of[video].items():
            if not self._may_precede(other, child) or beyond(child, match):
                continue
            found[other] = evidence.odds_of(match)
        there = {other: exp(self._log_before(other, video)) for other in found}
        self._rivals[video] = close_sources(found, there)
        return settled(video, found, self._rivals[video], evidence.leaning_of)

    def _may_precede(self, parent: VideoId, child: Appearance) -> bool:
        interval = interval_of(child)
        return any(not interval.certainly_before(interval_of(s)) for s in self._seen[parent])

    def tree(self) -> Mapping[VideoId, VideoId | None]:
        """Return the source of each video, ``None`` for the root and where none is known."""
        return likeliest_lineage(self._beginnings, self._sources, self.existence)

    @cached_property
    def _probable(self) -> Mapping[VideoId, Mapping[VideoId, float]]:
        """How probable each source of each video is, over all trees there may be."""
        return source_probabilities(self._beginnings, self._sources)

    def earliest_of(self, video: VideoId) -> Appearance:
        """Return the video's first showing but for those that certainly come after another's."""
        known_at = min(existence.latest_at for existence in self.existence.values())
        able = (s for s in self._seen[video] if existence_of([s]).earliest_at <= known_at)
        return next(able, self._firsts[video])

    def _beginning(self, video: VideoId) -> float:
        """Return how well the video would begin the tree (log-odds)."""
        known = 0.0 if video == self._earliest else NOT_EARLIEST_ODDS
        others = self._sources_of[video]
        if not others:
            return known
        before = [self._log_before(video, other) for other in others]
        return known + BEGINS_BEFORE * fsum(before) / len(before) + BEGINS_FOUND * log(len(before))

    def _log_before(self, video: VideoId, other: VideoId) -> float:
        """Return the log of how likely the video came before another one."""
        here, there = self.existence[video], self.existence[other]
        if here.certainly_before(there):
            return 0.0
        if there.certainly_before(here):
            return CERTAINLY_NOT
        return self._precedes(other, video)

    def _precedes(self, video: VideoId, other: VideoId) -> float:
        """Return the log of how likely another video came before this one, by what they show."""
        if (video, other) not in self._preceding:
            one, two = sorted((video, other))
            likely = self._precedes_of(self._sources_of[one][two])
            self._preceding[one, two] = likely
            self._preceding[two, one] = log(max(-expm1(likely), exp(CERTAINLY_NOT)))
        return self._preceding[video, other]

    def proposal(
        self, child: Appearance, source: VideoId | None, duration_ms: int
    ) -> Proposal | None:
        if source is None:
            return None
        match = self._sources_of[child.video][source]
        posts = self._posts_before(child, source)
        interval = interval_of(child)
        certain = [post for post in posts if interval_of(post).certainly_before(interval)]
        parent = certain[-1] if certain else posts[0]
        share = self._probable[child.video][source]
        partial = child.end_ms - child.start_ms < PART_OF_SHARE * duration_ms
        confidence = round(0.9 * match.score * share / len(posts), 3)
        relation = Relation.PARTIAL_COPY if partial else Relation.COPY
        why = _picture_why(match, partial=partial, share=share)
        why += in_words(self._leanings(child.video, source))
        why += _posts_why(len(posts))
        return Proposal(parent, relation, confidence, why, match.transformations)

    def _posts_before(self, child: Appearance, source: VideoId) -> list[Appearance]:
        """Return the posts of the source that may be what was copied, in order of time."""
        interval = interval_of(child)
        able = [s for s in self._seen[source] if not interval.certainly_before(interval_of(s))]
        return [seen for seen in able if self._is_a_post_of_its_own(seen)] or able

    def _is_a_post_of_its_own(self, seen: Appearance) -> bool:
        """Tell whether a post is no native share, and is not said to come from another file.

        Who copies a share copies the post that it shares. What comes from another file may descend
        from the very copy that is asked about.
        """
        told = self._told.get(seen.id)
        while told is not None:
            if told.relation is Relation.NATIVE_SHARE or told.parent.video != seen.video:
                return False
            told = self._told.get(told.parent.id)
        return True

    def _leanings(self, video: VideoId, source: VideoId) -> list[float | None]:
        """Return how far the video takes after ``source`` rather than each of its rivals."""
        rivals = self._rivals[video]
        others = [rival for rival in rivals if rival != source and source in rivals]
        return [self._leaning_of(video, source, other) for other in others]

    def excerpts(self, child: Appearance) -> list[Appearance]:
        """Return earlier appearances that show only a part of what ``child`` shows."""
        near = self._sources_of[child.video]
        return [
            first
            for other, first in self._firsts.items()
            if other in near and beyond(child, near[other]) and self._may_precede(other, child)
        ]


def beyond(child: Appearance, match: Match) -> bool:
    """Tell whether ``child`` shows clearly more of the clip than the reference of ``match`` has."""
    covered = covered_ms(
        (max(s.query_start_ms, child.start_ms), min(s.query_end_ms, child.end_ms))
        for s in match.segments
    )
    length = child.end_ms - child.start_ms
    return length - covered > max(BEYOND_MS, BEYOND_SHARE * length)


def _picture_why(match: Match, *, partial: bool, share: float) -> str:
    extent = "part of the clip" if partial else "the clip"
    text = f"the picture shows {extent} as in that appearance (match score {match.score:.2f})"
    if match.instants is not None and match.instants.clear:
        text += (
            f"; in the original files what moves agrees at the same instants "
            f"(correlation {match.instants.correlation:.2f}) and not at others "
            f"({max(0.0, match.instants.elsewhere):.2f})"
        )
    if share < 0.995:
        text += f"; by the pictures it was taken from there with a probability of {share:.0%}"
    return text


def _posts_why(posts: int) -> str:
    if posts == 1:
        return ""
    return (
        f"; that file is in {posts} posts that may have come before: the pictures cannot tell from "
        "which of them it was taken, and the confidence is shared among them"
    )


# --- links -------------------------------------------------------------------------------


def _link(child: Appearance, proposal: Proposal) -> ChainLink:
    changed = replace(child, transformations=proposal.transformations)
    return ChainLink(
        changed, proposal.parent.id, proposal.relation, proposal.confidence, proposal.why
    )


def _open_link(
    child: Appearance, duration_ms: int, excerpts: Sequence[Appearance], evidence: Evidence
) -> ChainLink:
    """Return a link that says why no parent is named."""
    partial = child.cites or child.end_ms - child.start_ms < PART_OF_SHARE * duration_ms
    relation = Relation.PARTIAL_COPY if partial else Relation.COPY
    why = NO_SOURCE
    if excerpts:
        why = (
            "shows more of the footage than any appearance before it that is known here, so it was "
            "made from none of them: they likely have a common source that is not held"
        )
    elif child.video in evidence.judged:
        why = "a person judged that it shows this clip; which appearance it was taken from is open"
    return ChainLink(child, None, relation, 0.0, why)
