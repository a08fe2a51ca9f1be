"""The heaviest tree of sources: networkx is the oracle."""

from __future__ import annotations

from itertools import product
from math import exp

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.provenance.arborescence import (
    ANOTHER_BEGINNING,
    BEGINNING,
    MOST_WEIGHED,
    Edge,
    likeliest_tree,
    maximum_arborescence,
    source_probabilities,
)

WEIGHTS = st.integers(-50, 50)


@st.composite
def graphs(draw: st.DrawFn) -> list[Edge]:
    nodes = range(1, draw(st.integers(1, 9)) + 1)
    pairs = [(0, child) for child in nodes]
    pairs += [
        (parent, child)
        for parent in nodes
        for child in nodes
        if parent != child and draw(st.booleans())
    ]
    weights = [draw(WEIGHTS) - (1000 if parent == 0 else 0) for parent, _ in pairs]
    return [
        Edge(parent, child, float(weight), name)
        for name, ((parent, child), weight) in enumerate(zip(pairs, weights, strict=True))
    ]


@given(graphs())
def test_it_weighs_as_much_as_the_one_of_networkx(edges: list[Edge]) -> None:
    graph = nx.DiGraph()
    graph.add_weighted_edges_from((e.parent, e.child, e.weight) for e in edges)
    wanted = nx.maximum_spanning_arborescence(graph).size(weight="weight")
    chosen = [edges[name] for name in maximum_arborescence(edges)]
    assert sum(edge.weight for edge in chosen) == wanted
    assert sorted(edge.child for edge in chosen) == sorted({edge.child for edge in edges})
    tree = nx.DiGraph((edge.parent, edge.child) for edge in chosen)
    assert nx.is_arborescence(tree)


@given(
    st.dictionaries(
        st.sampled_from("abcdef"), st.dictionaries(st.sampled_from("abcdef"), WEIGHTS), min_size=1
    ),
    st.randoms(use_true_random=False),
)
def test_the_order_of_the_input_changes_nothing(
    sources: dict[str, dict[str, int]], random: object
) -> None:
    names = sorted(sources)
    cleaned = {c: {p: float(w) for p, w in s.items() if p != c} for c, s in sources.items()}
    straight = likeliest_tree(dict.fromkeys(names, 0.0), cleaned)
    turned = {c: dict(reversed(s.items())) for c, s in reversed(cleaned.items())}
    assert likeliest_tree(dict.fromkeys(reversed(names), 0.0), turned) == straight


def test_no_more_trees_begin_than_must() -> None:
    tree = likeliest_tree({"a": 0.0, "b": 5.0, "c": 0.0}, {"a": {"b": -90.0}, "b": {"a": -1.0}})
    assert tree == {"a": None, "b": "a", "c": None}
    assert BEGINNING < -500


def test_many_nodes_whose_likeliest_sources_run_in_a_circle() -> None:
    names = [f"{n:04}" for n in range(1500)]
    sources = {
        name: {names[n - 1]: -1.0, names[n // 2]: -2.0} for n, name in enumerate(names) if n != 0
    } | {names[0]: {names[-1]: -1.0}}
    tree = likeliest_tree(dict.fromkeys(names, 0.0), sources)
    assert sum(parent is None for parent in tree.values()) == 1


ODDS = st.floats(-3, 3)
BEGINS = st.fixed_dictionaries(dict.fromkeys("abcd", ODDS))
SOURCES = st.fixed_dictionaries(
    {
        name: st.fixed_dictionaries({}, optional={p: ODDS for p in "abcd" if p != name})
        for name in "abcd"
    }
)


@given(BEGINS, SOURCES)
def test_probabilities_are_those_of_all_trees_there_are(
    begins: dict[str, float], sources: dict[str, dict[str, float]]
) -> None:
    likeliest = max(begins[c] - max(sources[c].values(), default=0.0) for c in "abcd")
    begun = ANOTHER_BEGINNING * exp(-likeliest)
    weights: dict[tuple[str | None, ...], float] = {}
    for parents in product(*([None, *sources[name]] for name in "abcd")):
        tree = dict(zip("abcd", parents, strict=True))
        if not nx.is_directed_acyclic_graph(nx.DiGraph((p, c) for c, p in tree.items() if p)):
            continue
        log_odds = sum(sources[c][p] if p else begins[c] for c, p in tree.items())
        weights[parents] = exp(log_odds) * begun ** parents.count(None)
    found = source_probabilities(begins, sources)
    total = sum(weights.values())
    for place, child in enumerate("abcd"):
        assert sorted(found[child]) == sorted(sources[child])
        for parent in sources[child]:
            wanted = sum(w for tree, w in weights.items() if tree[place] == parent) / total
            assert found[child][parent] == pytest.approx(wanted, abs=1e-3)


def test_among_very_many_a_child_weighs_its_own_sources() -> None:
    names = [f"video {number}" for number in range(MOST_WEIGHED + 1)]
    found = source_probabilities(
        dict.fromkeys(names, 0.0), {names[2]: dict.fromkeys(names[:2], 1.0)}
    )
    assert found[names[2]] == {names[0]: 0.5, names[1]: 0.5}
    assert found[names[1]] == {}
