"""Each appearance's most likely parent among those that could have come before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from tracker.model.chain import ChainLink, Relation
from tracker.model.clip import Appearance
from tracker.model.ids import PostKey, VideoId
from tracker.model.match import Match, Transformation
from tracker.model.post import LinkRelation
from tracker.provenance.footage import PART_OF_SHARE
from tracker.provenance.order import interval_of

MatchOf = Callable[[VideoId, VideoId], Match | None]
"""The asserted match with the first video as query and the second as reference."""

StatedLinks = Mapping[tuple[PostKey, PostKey], LinkRelation]
"""(child, parent) → how the child's platform or page says it points at the parent."""

NOT_ORDERABLE_FACTOR = 0.6
"""A copy whose time interval overlaps its parent's may as well be the parent."""


@dataclass(frozen=True, slots=True)
class _Proposal:
    parent: Appearance
    relation: Relation
    confidence: float
    why: str
    transformations: tuple[Transformation, ...] = ()


def link_appearances(
    ordered: Sequence[Appearance],
    duration_ms: int,
    stated: StatedLinks,
    media_ids: Mapping[PostKey, frozenset[str]],
    match_of: MatchOf,
) -> list[ChainLink]:
    """Return one link an appearance; ``ordered`` is earliest known first and not empty.

    ``duration_ms`` is the length of the whole clip. Parents always stand earlier in the order, so
    the links form a tree with the first appearance as its root.
    """
    links = [
        ChainLink(ordered[0], None, Relation.ROOT, _root_confidence(ordered), _root_why(ordered))
    ]
    for position, child in enumerate(ordered[1:], start=1):
        proposals = [
            proposal
            for parent in ordered[:position]
            if (proposal := _propose(parent, child, duration_ms, stated, media_ids, match_of))
        ]
        links.append(_best_link(child, proposals))
    return links


def _root_confidence(ordered: Sequence[Appearance]) -> float:
    """Return 1 when the root precedes all else for certain; less the more rivals there are."""
    root = interval_of(ordered[0])
    others = [a for a in ordered[1:] if not a.cites]
    rivals = sum(not root.certainly_before(interval_of(other)) for other in others)
    return round(1.0 / (1 + rivals), 3)


def _root_why(ordered: Sequence[Appearance]) -> str:
    if len(ordered) == 1:
        return "the only appearance known to this archive"
    if _root_confidence(ordered) == 1.0:
        return "published before every other appearance known to this archive"
    return (
        "known to have been public at the earliest time; "
        "others whose time is less certain may have been earlier"
    )


def _best_link(child: Appearance, proposals: Sequence[_Proposal]) -> ChainLink:
    if not proposals:
        why = "shows footage of this clip; which earlier appearance it was taken from is not known"
        return ChainLink(child, None, Relation.PARTIAL_COPY, 0.0, why)
    best = max(proposals, key=lambda p: p.confidence)  # the earliest of equals: max keeps the first
    changed = replace(child, transformations=best.transformations)
    return ChainLink(changed, best.parent.id, best.relation, best.confidence, best.why)


def _propose(
    parent: Appearance,
    child: Appearance,
    duration_ms: int,
    stated: StatedLinks,
    media_ids: Mapping[PostKey, frozenset[str]],
    match_of: MatchOf,
) -> _Proposal | None:
    """Return why ``child`` may come from ``parent``, the strongest kind of reason first."""
    # What a page shows is a fact even where the page is older: articles are updated.
    by_statement = _by_statement(parent, child, stated)
    if by_statement is not None:
        return by_statement
    if interval_of(child).certainly_before(interval_of(parent)):
        return None
    return (
        _by_media_id(parent, child, media_ids)
        or _by_bytes(parent, child)
        or _by_picture(parent, child, duration_ms, match_of)
    )


def _by_statement(parent: Appearance, child: Appearance, stated: StatedLinks) -> _Proposal | None:
    if parent.post is None or child.post is None:
        return None
    relation = stated.get((child.post.key, parent.post.key))
    if relation is LinkRelation.SHARES:
        why = "the platform says it is a share of that post"
        return _Proposal(parent, Relation.NATIVE_SHARE, 0.99, why)
    shows_it = child.cites and not parent.cites and child.video == parent.video
    if shows_it and relation is not None:
        why = "the page shows or links that post"
        return _Proposal(parent, Relation.CITES, 0.98, why)
    return None


def _by_media_id(
    parent: Appearance, child: Appearance, media_ids: Mapping[PostKey, frozenset[str]]
) -> _Proposal | None:
    if parent.post is None or child.post is None or child.cites:
        return None
    if parent.post.platform != child.post.platform:
        return None
    if not media_ids.get(parent.post.key, frozenset()) & media_ids.get(child.post.key, frozenset()):
        return None
    why = "both posts carry the same media id of the platform"
    return _Proposal(parent, Relation.SAME_MEDIA, 0.97, why)


def _by_bytes(parent: Appearance, child: Appearance) -> _Proposal | None:
    if parent.video != child.video or child.cites:
        return None
    return _Proposal(
        parent,
        Relation.SAME_FILE,
        0.95 * _order_factor(parent, child),
        "both posts served the same file, byte for byte",
    )


def _by_picture(
    parent: Appearance, child: Appearance, duration_ms: int, match_of: MatchOf
) -> _Proposal | None:
    if child.cites or parent.cites or parent.video == child.video:
        return None
    match = match_of(child.video, parent.video)
    if match is None:
        return None
    partial = child.end_ms - child.start_ms < PART_OF_SHARE * duration_ms
    relation = Relation.PARTIAL_COPY if partial else Relation.COPY
    confidence = round(0.9 * match.score * _order_factor(parent, child), 3)
    extent = "part of the clip" if partial else "the clip"
    why = f"the picture shows {extent} as in that appearance (match score {match.score:.2f})"
    return _Proposal(parent, relation, confidence, why, match.transformations)


def _order_factor(parent: Appearance, child: Appearance) -> float:
    certain = interval_of(parent).certainly_before(interval_of(child))
    return 1.0 if certain else NOT_ORDERABLE_FACTOR
