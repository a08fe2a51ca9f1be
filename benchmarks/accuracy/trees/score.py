"""How far chains are from the trees that were made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.accuracy.trees.truth import Made, World
from tracker.model.chain import Chain, Relation
from tracker.provenance.order import interval_of

Edge = tuple[str, str]
"""Child and parent."""


@dataclass(frozen=True, slots=True)
class TreeScore:
    """One tree under one condition.

    ``edges`` are those of the truth, ``named`` the parents that the chain names, ``right`` those
    that are the true ones, ``alike`` those that are the true one or a post of the same file.
    ``undirected`` counts named edges that are true in one of both directions. ``orders`` are the
    pairs said to be in order, ``misordered`` those that are not. ``confident`` has, of each parent
    named by the pictures, the confidence and whether it is the true one.
    """

    tree: str
    root_right: bool
    root_alike: bool
    posts: int
    missed: int
    edges: int
    named: int
    right: int
    alike: int
    undirected: int
    orders: int
    misordered: int
    wrong_edges: tuple[Edge, ...] = field(default=(), repr=False)
    named_root: str = ""
    confident: tuple[tuple[float, bool], ...] = field(default=(), repr=False)


def tree_scores(world: World, chains: Sequence[Chain]) -> list[TreeScore]:
    """Return one score a tree, by the chain that holds most of its posts."""
    by_key = {post.key: post for post in world.posts}
    told = [_told(chain, by_key) for chain in chains]
    return [_score(tree, world, told) for tree in world.trees]


def false_merges(world: World, chains: Sequence[Chain]) -> int:
    """Return in how many chains no piece of footage is in all that they hold."""
    by_key = {post.key: post for post in world.posts}
    count = 0
    for chain in chains:
        shown = [set(post.footage) for post in _told(chain, by_key).posts]
        count += not set.intersection(*shown)
    return count


@dataclass(frozen=True, slots=True)
class _Told:
    chain: Chain
    posts: tuple[Made, ...]
    parents: Mapping[str, str]
    root: str
    by_pictures: Mapping[str, float]
    """Post → confidence."""


def _told(chain: Chain, by_key: Mapping[str, Made]) -> _Told:
    posts = {
        link.appearance.id: by_key[link.appearance.post.key]
        for link in chain.links
        if link.appearance.post is not None
    }
    parents = {
        posts[link.appearance.id].id: posts[link.parent].id
        for link in chain.links
        if link.parent is not None
    }
    by_pictures = {
        posts[link.appearance.id].id: link.confidence
        for link in chain.links
        if link.parent is not None and link.relation in {Relation.COPY, Relation.PARTIAL_COPY}
    }
    return _Told(chain, tuple(posts.values()), parents, posts[chain.root].id, by_pictures)


def _score(tree: str, world: World, told: Sequence[_Told]) -> TreeScore:
    members = {post.id: post for post in world.of_tree(tree)}
    best = max(told, key=lambda one: sum(post.id in members for post in one.posts))
    truth = {post.id: post.parents[tree] for post in members.values()}
    root = next(post for post in members.values() if truth[post.id] is None)
    file = {post.id: post.file for post in world.posts}
    edges = {(child, parent) for child, parent in truth.items() if parent is not None}
    named = {(child, parent) for child, parent in best.parents.items() if child in members}
    alike = [(c, p) for c, p in named if truth[c] is not None and file[p] == file[truth[c] or p]]
    turned = {(parent, child) for child, parent in edges}
    orders, misordered = _orders(best)
    return TreeScore(
        tree=f"{world.folder.name}/{tree}",
        root_right=best.root == root.id,
        root_alike=file[best.root] == root.file,
        posts=len(members),
        missed=sum(post.id not in {one.id for one in best.posts} for post in members.values()),
        edges=len(edges),
        named=len(named),
        right=len(named & edges),
        alike=len(alike),
        undirected=len(named & (edges | turned)),
        orders=orders,
        misordered=misordered,
        wrong_edges=tuple(sorted(named - edges)),
        named_root=best.root,
        confident=tuple(
            (best.by_pictures[child], (child, parent) in edges)
            for child, parent in sorted(named)
            if child in best.by_pictures
        ),
    )


def _orders(told: _Told) -> tuple[int, int]:
    """Return how many pairs are said to be in order of time, and how many of them are not."""
    at = {post.key: post.published_at for post in told.posts}
    seen = [link.appearance for link in told.chain.links if link.appearance.post is not None]
    said = wrong = 0
    for one in seen:
        for other in seen:
            if interval_of(one).certainly_before(interval_of(other)):
                assert one.post is not None
                assert other.post is not None
                said += 1
                wrong += at[one.post.key] > at[other.post.key]
    return said, wrong


@dataclass(frozen=True, slots=True)
class Totals:
    """Many trees together."""

    scores: tuple[TreeScore, ...]

    def share(self, name: str) -> float:
        """Return in which share of the trees ``name`` holds."""
        return self.total(name) / max(1, len(self.scores))

    def total(self, name: str) -> int:
        """Return the sum of a count over the trees."""
        return sum(int(getattr(score, name)) for score in self.scores)

    def confident(self, least: float, below: float) -> list[tuple[float, bool]]:
        """Return the parents named by the pictures with a confidence between the two."""
        return [
            said for score in self.scores for said in score.confident if least <= said[0] < below
        ]

    def f1(self, right: str = "right") -> float:
        """Return the harmonic mean of precision and recall of parents, over all trees pooled."""
        return 2 * self.total(right) / max(1, self.total("edges") + self.total("named"))


def pooled(scores: Iterable[TreeScore]) -> Totals:
    """Return the scores as one."""
    return Totals(tuple(scores))
