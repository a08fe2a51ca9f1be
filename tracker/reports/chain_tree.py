"""The chain as a tree: who took the footage from whom, as far as that is known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from tracker.model.chain import Chain, Relation
from tracker.model.ids import AppearanceId
from tracker.reports.views import AppearanceView, TreeView

MAX_DEPTH = 8
"""Deeper branches are drawn at this depth: a phone has no room for more, and each line names
its parent anyway."""


def chain_tree(chain: Chain, views: Mapping[AppearanceId, AppearanceView]) -> tuple[TreeView, ...]:
    """Return the tree's roots: the earliest known first, then what has no known parent."""
    children: dict[AppearanceId | None, list[AppearanceId]] = defaultdict(list)
    uncertain: set[AppearanceId] = set()
    for link in chain.links:
        children[link.parent].append(link.appearance.id)
        if link.parent is None and link.relation is not Relation.ROOT:
            uncertain.add(link.appearance.id)
    return tuple(
        _node(name, views, children, uncertain, MAX_DEPTH) for name in children.get(None, ())
    )


def _node(
    name: AppearanceId,
    views: Mapping[AppearanceId, AppearanceView],
    children: Mapping[AppearanceId | None, list[AppearanceId]],
    uncertain: set[AppearanceId],
    depth: int,
) -> TreeView:
    below: Iterable[AppearanceId] = children.get(name, ())
    if depth == 1:
        flat = tuple(TreeView(views[n], ()) for n in _descendants(name, children))
        return TreeView(views[name], flat, name in uncertain)
    nodes = tuple(_node(n, views, children, uncertain, depth - 1) for n in below)
    return TreeView(views[name], nodes, name in uncertain)


def _descendants(
    name: AppearanceId, children: Mapping[AppearanceId | None, list[AppearanceId]]
) -> list[AppearanceId]:
    found: list[AppearanceId] = []
    waiting = list(reversed(children.get(name, ())))
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting.extend(reversed(children.get(one, ())))
    return found
