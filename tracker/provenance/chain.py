"""The provenance chain of a clip, put together from its appearances."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from tracker.model.chain import Chain, ChainLink, Conflict, Coverage, Revision
from tracker.model.clip import Appearance, Clip
from tracker.model.discovery import Discovery
from tracker.model.ids import PostKey, VideoId
from tracker.model.post import Lead
from tracker.model.verdict import Verdict, VerdictKind
from tracker.provenance.answer import MAX_NAMED, answer
from tracker.provenance.contest import LeaningOf
from tracker.provenance.order import in_order, not_orderable_with, one_citation_a_page
from tracker.provenance.parents import (
    Evidence,
    Matches,
    OddsOf,
    PrecedesOf,
    link_appearances,
)
from tracker.provenance.stated import StatedLinks


@dataclass(frozen=True, slots=True)
class ChainInputs:
    """Everything a chain is computed from, so that equal inputs give equal chains."""

    clip: Clip
    appearances: Sequence[Appearance]
    stated: StatedLinks = field(default_factory=dict)
    media_ids: Mapping[PostKey, frozenset[str]] = field(default_factory=dict)
    claim_conflicts: Sequence[Conflict] = ()
    leads: Sequence[Lead] = ()
    searched: Coverage = field(default_factory=Coverage)
    discovery: Sequence[Discovery] = ()
    verdicts: Sequence[Verdict] = ()
    looking_alike: Collection[VideoId] = ()


def build_chain(
    inputs: ChainInputs,
    matches: Matches,
    *,
    history: Sequence[Revision],
    revision: int,
    as_of: datetime,
    odds_of: OddsOf | None = None,
    precedes_of: PrecedesOf | None = None,
    leaning_of: LeaningOf | None = None,
) -> Chain:
    """Return the chain; raise ``ValueError`` when there is no appearance to begin it with."""
    ordered = one_citation_a_page(in_order(inputs.appearances))
    if not ordered:
        raise ValueError(f"clip {inputs.clip.id} has no appearance")
    evidence = Evidence(matches, inputs.stated, inputs.media_ids, judged=_judged(inputs.verdicts))
    if odds_of is not None:
        evidence = replace(evidence, odds_of=odds_of)
    if precedes_of is not None:
        evidence = replace(evidence, precedes_of=precedes_of)
    if leaning_of is not None:
        evidence = replace(evidence, leaning_of=leaning_of)
    links = link_appearances(ordered, inputs.clip.duration_ms, evidence)
    root = links[0].appearance
    rivals = not_orderable_with(root, ordered)
    return Chain(
        clip=inputs.clip.id,
        revision=revision,
        as_of=as_of,
        duration_ms=inputs.clip.duration_ms,
        root=root.id,
        links=tuple(links),
        conflicts=(*inputs.claim_conflicts, *_rival_conflict(root, rivals)),
        leads=tuple(inputs.leads),
        history=tuple(history),
        searched=inputs.searched,
        discovery=tuple(inputs.discovery),
        answer=answer(
            root,
            rivals,
            inputs.claim_conflicts,
            [describe(r) for r in rivals],
            _undecided(inputs.looking_alike, inputs.verdicts),
        ),
        verdicts=tuple(inputs.verdicts),
    )


def _undecided(videos: Iterable[VideoId], verdicts: Iterable[Verdict]) -> list[str]:
    """Name the videos that nobody has judged, or nobody for sure.

    By their digests: a redacted export knows the accounts of the chain's own posts only.
    """
    latest = _latest(verdicts)
    left = (v for v in videos if latest.get(v, VerdictKind.UNSURE) is VerdictKind.UNSURE)
    return [describe_file(video) for video in sorted(left)]


def _judged(verdicts: Sequence[Verdict]) -> frozenset[VideoId]:
    """Return the videos whose latest verdict says that they show the clip."""
    same = (video for video, kind in _latest(verdicts).items() if kind is VerdictKind.SAME)
    return frozenset(same)


def _latest(verdicts: Iterable[Verdict]) -> dict[VideoId, VerdictKind]:
    return {verdict.video: verdict.kind for verdict in verdicts}


def _rival_conflict(root: Appearance, rivals: Sequence[Appearance]) -> list[Conflict]:
    if not rivals:
        return []
    names = [describe(rival) for rival in rivals[:MAX_NAMED]]
    more = len(rivals) - len(names)
    listed = "; ".join(names) + (f"; and {more} more" if more else "")
    text = f"Not orderable: these may have been published before {describe(root)}: {listed}."
    return [Conflict(claims=(), text=text, appearance=root.id)]


def describe(appearance: Appearance) -> str:
    """Return what a reader knows the appearance by: its address, its file, or its digest."""
    if appearance.post is not None:
        return appearance.post.key
    if appearance.files:
        return appearance.files[0]
    return describe_file(appearance.video)


def describe_file(video: VideoId) -> str:
    """Return what a reader knows a file without a name by."""
    return f"the file {video[:12]}…"


def shape(links: Sequence[ChainLink], root: str) -> dict[str, object]:
    """Return what makes two revisions of a chain differ: members, order, parents, relations.

    Confidences and sentences are left out: a changed wording is no new finding.
    """
    return {
        "root": root,
        "links": [
            {
                "appearance": link.appearance.id,
                "video": link.appearance.video,
                "post": link.appearance.post.key if link.appearance.post else None,
                "parent": link.parent,
                "relation": str(link.relation),
            }
            for link in links
        ],
    }
