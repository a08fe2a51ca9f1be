from __future__ import annotations

from itertools import chain, combinations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.accuracy.temporal_network import longest_path, network_runs
from tracker.matching.alignment import AlignedRun
from tracker.matching.frame_hits import FrameHits

STEP_MS = 250


def hits(
    pairs: list[tuple[int, int]], *, mirrored: bool = False, distances: list[int] | None = None
) -> FrameHits:
    """Pairs of (query frame, reference frame), sampled four times a second."""
    ordered = np.array(pairs, np.int64).reshape(-1, 2)
    n = len(ordered)
    times = np.arange(400, dtype=np.int64) * STEP_MS
    return FrameHits(
        query_frames=ordered[:, 0],
        reference_frames=ordered[:, 1],
        distances=np.array(distances or [10] * n, np.int64),
        mirrored=np.full(n, mirrored),
        query_views=np.zeros(n, np.uint8),
        reference_views=np.zeros(n, np.uint8),
        query_ms=times,
        reference_ms=times,
        moving=np.full(n, -1, np.int64),
        agreeing=np.zeros(n, np.int64),
    )


def frames(run: AlignedRun) -> tuple[int, int, int, int]:
    query, reference = run.hits.query_frames, run.hits.reference_frames
    return int(query[0]), int(query[-1]), int(reference[0]), int(reference[-1])


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_line_is_found_among_stray_hits(mirrored: bool) -> None:
    line = [(q, q + 50) for q in range(10, 40)]
    stray = [(12, 300), (25, 5), (33, 200)]
    (run,) = network_runs(hits(sorted(line + stray), mirrored=mirrored))
    assert frames(run) == (10, 39, 60, 89)
    assert run.line.speed == 1.0
    assert run.line.offset_ms == 50 * STEP_MS
    assert run.line.mirrored is mirrored


def test_another_speed_shows_in_the_line() -> None:
    (run,) = network_runs(hits([(q, round(1.5 * q) + 20) for q in range(40)]))
    assert run.line.speed == pytest.approx(1.5, abs=0.03)


def test_two_stretches_are_two_runs_the_longer_first() -> None:
    one = [(q, q + 200) for q in range(12)]
    two = [(q, q) for q in range(40, 80)]
    assert [frames(run) for run in network_runs(hits(one + two))] == [
        (40, 79, 40, 79),
        (0, 11, 200, 211),
    ]


def test_footage_played_backwards_is_no_run() -> None:
    assert not list(network_runs(hits([(q, 90 - q) for q in range(40)])))


def test_a_gap_is_bridged_up_to_the_limit() -> None:
    pairs = [(q, q + 30) for q in chain(range(20), range(32, 52))]
    assert len(list(network_runs(hits(pairs), gap_ms=12 * STEP_MS))) == 2
    assert len(list(network_runs(hits(pairs), gap_ms=13 * STEP_MS))) == 1


def test_only_the_closest_frames_are_nodes() -> None:
    near = [(q, q) for q in range(10)]
    far = [(q, q + 100) for q in range(10)]
    pairs = sorted(near + far)
    found = hits(pairs, distances=[10 if q == r else 60 for q, r in pairs])
    assert len(list(network_runs(found))) == 2
    assert [frames(run) for run in network_runs(found, closest=1)] == [(0, 9, 0, 9)]


def test_no_hits_no_run() -> None:
    assert not list(network_runs(hits([])))


nodes = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(1, 9)),
    min_size=1,
    max_size=8,
    unique_by=lambda node: node[:2],
)


@given(nodes=nodes, gap=st.integers(1, 6))
def test_no_path_weighs_more_than_the_longest(nodes: list[tuple[int, int, int]], gap: int) -> None:
    query, reference, worth = np.array(sorted(nodes), np.float64).T
    path = longest_path(query, reference, worth, gap)
    assert is_path(query[path], reference[path], gap)
    chosen = chain.from_iterable(
        combinations(range(len(nodes)), count) for count in range(1, len(nodes) + 1)
    )
    best = max(
        worth[list(rows)].sum()
        for rows in chosen
        if is_path(query[list(rows)], reference[list(rows)], gap)
    )
    assert worth[path].sum() == best


def is_path(query: npt.NDArray[np.float64], reference: npt.NDArray[np.float64], gap: int) -> bool:
    steps = np.concatenate([np.diff(query), np.diff(reference)])
    return bool(((steps > 0) & (steps <= gap)).all())
