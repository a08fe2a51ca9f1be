"""The parents that are stated: by platforms and pages, by equal media ids, by equal bytes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tracker.model.chain import Relation
from tracker.model.clip import Appearance
from tracker.model.ids import PostKey, VideoId
from tracker.model.match import Transformation
from tracker.model.post import LinkRelation
from tracker.provenance.order import interval_of

StatedLinks = Mapping[tuple[PostKey, PostKey], LinkRelation]
"""(child, parent) → how the child's platform or page says it points at the parent."""

NOT_ORDERABLE_FACTOR = 0.6
"""Who has the same file or upload, in an interval that overlaps its parent's, may as well be the
parent."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A parent, how it is known, how sure that is, and why."""

    parent: Appearance
    relation: Relation
    confidence: float
    why: str
    transformations: tuple[Transformation, ...] = ()


def stated_parents(
    ordered: Sequence[Appearance],
    stated: StatedLinks,
    media_ids: Mapping[PostKey, frozenset[str]],
) -> dict[str, Proposal]:
    """Return the parents that platforms, pages and media ids name, without any circle."""
    found: dict[str, Proposal] = {}
    by_post: dict[PostKey, list[Appearance]] = defaultdict(list)
    for seen in ordered:
        if seen.post is not None:
            by_post[seen.post.key].append(seen)
    named: dict[PostKey, list[PostKey]] = defaultdict(list)
    for pointing, pointed_at in stated:
        named[pointing].append(pointed_at)
    for child in ordered:
        pointed = sorted(named[child.post.key]) if child.post is not None else []
        near = [seen for key in pointed for seen in by_post[key]]
        proposals = [p for parent in near if (p := _by_statement(parent, child, stated))]
        if proposals:
            best = max(proposals, key=lambda p: p.confidence)
            if not _leads_back(best.parent.id, child.id, found):
                found[child.id] = best
    _add_same_media(ordered, media_ids, found)
    return found


def _leads_back(start: str, goal: str, found: Mapping[str, Proposal]) -> bool:
    node: str | None = start
    while node is not None and node != goal:
        node = found[node].parent.id if node in found else None
    return node == goal


def _by_statement(parent: Appearance, child: Appearance, stated: StatedLinks) -> Proposal | None:
    # What a page shows is a fact even where the page is older: articles are updated.
    if parent.post is None or child.post is None or parent.id == child.id:
        return None
    relation = stated.get((child.post.key, parent.post.key))
    if relation is LinkRelation.SHARES:
        why = "the platform says it is a share of that post"
        return Proposal(parent, Relation.NATIVE_SHARE, 0.99, why)
    shows_it = child.cites and not parent.cites and child.video == parent.video
    if shows_it and relation is not None:
        why = "the page shows or links that post"
        return Proposal(parent, Relation.CITES, 0.98, why)
    return None


def _add_same_media(
    ordered: Sequence[Appearance],
    media_ids: Mapping[PostKey, frozenset[str]],
    found: dict[str, Proposal],
) -> None:
    """Add that a post carries an upload that was seen in an earlier post of its platform."""
    first: dict[tuple[str, str], Appearance] = {}
    for child in ordered:
        if child.post is None or child.cites:
            continue
        uploads = [(child.post.platform, i) for i in sorted(media_ids.get(child.post.key, ()))]
        earlier = [first[upload] for upload in uploads if upload in first]
        if earlier and child.id not in found and not _leads_back(earlier[0].id, child.id, found):
            why = "both posts carry the same media id of the platform"
            confidence = round(0.97 * _order_factor(earlier[0], child), 3)
            found[child.id] = Proposal(earlier[0], Relation.SAME_MEDIA, confidence, why)
        for upload in uploads:
            first.setdefault(upload, child)


def same_file(child: Appearance, firsts: Mapping[VideoId, Appearance]) -> Proposal | None:
    """Return that the first post of the same bytes is the parent; ``firsts`` holds it by video."""
    first = firsts.get(child.video)
    if first is None or first.id == child.id or child.cites:
        return None
    return Proposal(
        first,
        Relation.SAME_FILE,
        round(0.95 * _order_factor(first, child), 3),
        "both posts served the same file, byte for byte",
    )


def _order_factor(parent: Appearance, child: Appearance) -> float:
    certain = interval_of(parent).certainly_before(interval_of(child))
    return 1.0 if certain else NOT_ORDERABLE_FACTOR
