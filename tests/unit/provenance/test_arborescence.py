"""The heaviest tree of sources: networkx is the oracle."""

from __future__ import annotations

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from tracker.provenance.arborescence import BEGINNING, Edge, likeliest_tree, maximum_arborescence

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
