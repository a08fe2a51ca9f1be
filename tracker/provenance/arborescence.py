"""The most likely tree of sources, given how likely each single source is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from math import exp, fsum
from typing import NamedTuple, TypeVar

import numpy as np

NameT = TypeVar("NameT", bound=str)

BEGINNING = -1_000.0
"""What it costs to begin a tree: more than any sum of odds, so no more than needed begin."""

MOST_SOURCES = 8
"""Of each child the likeliest sources are looked at; a ninth is hardly ever the true one."""

MOST_WEIGHED = 1_500
"""Among more nodes each child's sources are weighed against each other alone: all trees over so
many take a second."""

ANOTHER_BEGINNING = 1e-6
"""So much seldomer than it has its likeliest source begins a video another tree whose beginning is
the likeliest of all."""

_NOBODY = 0
_LEAST = -60.0
_LEAST_BEGINNING = -14.0
"""Lower logarithms count as this: the inverse must bear them."""


class Edge(NamedTuple):
    """A possible source: numbers of parent and child, and the log-odds; ``name`` is the edge's."""

    parent: int
    child: int
    weight: float
    name: int


def likeliest_tree(
    beginnings: Mapping[NameT, float], sources: Mapping[NameT, Mapping[NameT, float]]
) -> dict[NameT, NameT | None]:
    """Return the tree (or the fewest trees) whose summed log-odds are highest.

    ``beginnings`` says of every node how likely it is to begin a tree; ``sources`` maps a child to
    its possible parents and their log-odds. A parent of ``None`` begins a tree. It is the maximum
    spanning arborescence over the likeliest sources of each, from a node that stands for nobody.
    Equal sums are decided by the nodes' names, so that the order of the input changes nothing.
    """
    names = sorted(beginnings)
    numbers = {name: number for number, name in enumerate(names, start=1)}
    edges: list[Edge] = []
    for child in names:
        held = sources.get(child, {})
        named = sorted((p for p in held if p in numbers), key=lambda p: (-held[p], p))
        for parent in named[:MOST_SOURCES]:
            edges.append(Edge(numbers[parent], numbers[child], held[parent], len(edges)))
        weight = BEGINNING + beginnings[child]
        edges.append(Edge(_NOBODY, numbers[child], weight, len(edges)))
    tree: dict[NameT, NameT | None] = dict.fromkeys(names)
    for number in maximum_arborescence(edges):
        edge = edges[number]
        source = names[edge.parent - 1] if edge.parent != _NOBODY else None
        tree[names[edge.child - 1]] = source
    return tree


def source_probabilities(
    beginnings: Mapping[NameT, float], sources: Mapping[NameT, Mapping[NameT, float]]
) -> dict[NameT, dict[NameT, float]]:
    """Return, of every child, how probable each of its sources is, over all trees there may be.

    A tree is as likely as the exponential of its summed log-odds; the arguments are those of
    ``likeliest_tree``. A child's probabilities add up to one less what there is for its beginning
    a tree. Weighed by the exponentials of a child's own log-odds alone where nodes are too many.

    Source: Tutte, The Dissection of Equilateral Triangles, 1948 (the matrix-tree theorem), by which
    the inverse of a Laplacian counts the trees with a given pair in them.
    """
    names = sorted(beginnings)
    numbers = {name: number for number, name in enumerate(names)}
    # In one order, as the last digit of a sum depends on it.
    held = {c: sorted((p, w) for p, w in sources.get(c, {}).items() if p in numbers) for c in names}
    best = {child: max((odds for _, odds in found), default=0.0) for child, found in held.items()}
    likely = {c: {p: exp(max(_LEAST, w - best[c])) for p, w in found} for c, found in held.items()}
    if len(names) > MOST_WEIGHED:
        return {
            c: {p: w / fsum(found.values()) for p, w in found.items()}
            for c, found in likely.items()
        }
    # What a child's sources were divided by, its beginning is as well.
    begins = {child: beginnings[child] - best[child] for child in names}
    likeliest = max(begins.values(), default=0.0)
    laplacian = np.zeros((len(names), len(names)))  # of (child, parent)
    for child, i in numbers.items():
        alone = ANOTHER_BEGINNING * exp(max(_LEAST_BEGINNING, begins[child] - likeliest))
        laplacian[i, i] = alone + fsum(likely[child].values())
        for parent, weight in likely[child].items():
            laplacian[i, numbers[parent]] -= weight
    through = np.linalg.inv(laplacian)

    def probability(child: int, parent: int, weight: float) -> float:
        return min(1.0, max(0.0, weight * float(through[child, child] - through[parent, child])))

    return {
        child: {parent: probability(i, numbers[parent], weight) for parent, weight in found.items()}
        for (child, found), i in zip(likely.items(), numbers.values(), strict=True)
    }


def maximum_arborescence(edges: Sequence[Edge]) -> set[int]:
    """Return the names of the edges of the heaviest tree that reaches every child from node 0.

    Every node must have an edge from node 0. Nodes are walked backwards along their heaviest
    edges; a circle is merged into one node, whose edges weigh what they would replace in it.
    Equal to networkx's answer, which takes a minute and more for two thousand nodes.

    Source: Edmonds, Optimum Branchings, 1967; Tarjan, Finding Optimum Branchings, 1977.
    """
    size = 1 + max((edge.child for edge in edges), default=0)
    queues = [_Queue() for _ in range(size)]
    for edge in edges:
        queues[edge.child].add(edge)
    merged = _Merged(size)
    state = _Walk(queues, merged, seen=[None] * size, into={}, circles=[])
    state.seen[_NOBODY] = _NOBODY
    for start in range(1, size):
        _walk_back(state, start)
    for node, mark, circle in reversed(state.circles):
        entering = state.into[node]
        merged.undo(mark)
        for edge in (*circle, entering):
            state.into[merged.find(edge.child)] = edge
    return {edge.name for edge in state.into.values()}


@dataclass(slots=True)
class _Walk:
    """``into`` is the edge chosen into each (merged) node; ``circles`` were merged, in order."""

    queues: list[_Queue]
    merged: _Merged
    seen: list[int | None]
    into: dict[int, Edge]
    circles: list[tuple[int, int, list[Edge]]]


def _walk_back(state: _Walk, start: int) -> None:
    """Follow the heaviest edges from ``start`` to a node that was reached before."""
    node, path, taken = state.merged.find(start), list[int](), list[Edge]()
    while state.seen[node] is None:
        edge = state.queues[node].take(node, state.merged)
        state.seen[node] = start
        path.append(node)
        taken.append(edge)
        node = state.merged.find(edge.parent)
        if state.seen[node] == start:
            node = _merge_circle(state, node, path, taken)
    for edge in taken:
        state.into[state.merged.find(edge.child)] = edge


def _merge_circle(state: _Walk, node: int, path: list[int], taken: list[Edge]) -> int:
    """Make one node of the circle at the end of ``path``; return it, not yet seen."""
    begin = path.index(node)
    mark, queue = state.merged.mark(), _Queue()
    for other in path[begin:]:
        queue = queue.joined(state.queues[other])
        node = state.merged.join(node, other)
    state.queues[node], state.seen[node] = queue, None
    state.circles.append((node, mark, taken[begin:]))
    del path[begin:], taken[begin:]
    return node


class _Queue:
    """Edges into one node, the heaviest first; taking one lowers all others by its weight."""

    def __init__(self) -> None:
        self.heap: list[tuple[float, int, Edge]] = []
        self.lowered = 0.0

    def add(self, edge: Edge) -> None:
        heappush(self.heap, (-edge.weight, edge.name, edge))

    def take(self, node: int, merged: _Merged) -> Edge:
        """Take out the heaviest edge that comes from outside of ``node``; others are dropped."""
        while True:
            cost, _, edge = heappop(self.heap)
            if merged.find(edge.parent) != node:
                self.lowered = -cost
                return edge

    def joined(self, other: _Queue) -> _Queue:
        """Return both queues as one: the smaller is poured into the larger."""
        small, large = sorted((self, other), key=lambda queue: len(queue.heap))
        for cost, name, edge in small.heap:
            heappush(large.heap, (cost + small.lowered - large.lowered, name, edge))
        return large


class _Merged:
    """Nodes made one, by size and without shortcuts, so that it can be undone."""

    def __init__(self, size: int) -> None:
        self._above = list(range(size))
        self._sizes = [1] * size
        self._joined: list[int] = []

    def find(self, node: int) -> int:
        while self._above[node] != node:
            node = self._above[node]
        return node

    def join(self, one: int, other: int) -> int:
        one, other = self.find(one), self.find(other)
        if one == other:
            return one
        low, high = sorted((one, other), key=lambda node: (self._sizes[node], node))
        self._above[low] = high
        self._sizes[high] += self._sizes[low]
        self._joined.append(low)
        return high

    def mark(self) -> int:
        return len(self._joined)

    def undo(self, mark: int) -> None:
        while len(self._joined) > mark:
            low = self._joined.pop()
            self._sizes[self._above[low]] -= self._sizes[low]
            self._above[low] = low
