"""Arrangements found for many pairs of frames at once are those of each pair by itself."""

from __future__ import annotations

import numpy as np
import pytest

from tracker.matching.arrangements import (
    LARGEST_SIZE_ERROR,
    LARGEST_TURN_ERROR,
    LARGEST_ZOOM,
    LEAST_EXTENT,
    LEAST_PAIRS,
    REACH,
    FramePairs,
    arranged,
)
from tracker.matching.feature_pairs import Located

FEATURES = 120


def located(rng: np.random.Generator, n: int = FEATURES) -> Located:
    return Located(
        codes=np.zeros((n, 16), np.uint8),
        places=rng.random(n) + 0.56j * rng.random(n),
        octaves=rng.normal(0, 0.3, n),
        turns=rng.uniform(-np.pi, np.pi, n),
        frames=np.zeros(n, np.int64),
        times_ms=np.zeros(1, np.int64),
        starts=np.zeros(1, np.int64),
        counts=np.array([n], np.int64),
    )


def mapped(view: Located, zoom: float, turn: float, shift: complex) -> Located:
    """The same features in the picture turned, enlarged and shifted."""
    similar = zoom * np.exp(1j * turn)
    return Located(
        codes=view.codes,
        places=similar * view.places + shift,
        octaves=view.octaves + np.log2(zoom),
        turns=view.turns + turn,
        frames=view.frames,
        times_ms=view.times_ms,
        starts=view.starts,
        counts=view.counts,
    )


def one_by_one(query: Located, reference: Located, i: list[int], j: list[int]) -> set[int]:
    """What the docstring of ``arranged`` says, feature pair by feature pair."""
    best: list[int] = []
    for a in range(len(i)):
        octaves = query.octaves[i[a]] - reference.octaves[j[a]]
        turn = query.turns[i[a]] - reference.turns[j[a]]
        if abs(octaves) > np.log2(LARGEST_ZOOM):
            continue
        similar = 2**octaves * np.exp(1j * turn)
        on = []
        for b in range(len(i)):
            lands = query.places[i[a]] + similar * (reference.places[j[b]] - reference.places[j[a]])
            other = query.turns[i[b]] - reference.turns[j[b]]
            size = query.octaves[i[b]] - reference.octaves[j[b]]
            if (
                abs(lands - query.places[i[b]]) <= REACH * max(1.0, 2**octaves)
                and abs(np.angle(np.exp(1j * (other - turn)))) <= LARGEST_TURN_ERROR
                and abs(size - octaves) <= LARGEST_SIZE_ERROR
            ):
                on.append(b)
        if len(on) > len(best):
            best = on
    for features in (i, j):
        first = {features[b]: b for b in reversed(best)}
        best = [b for b in best if first[features[b]] == b]
    wide = all(
        min(np.ptp(places.real), np.ptp(places.imag)) >= LEAST_EXTENT
        for view, features in ((query, i), (reference, j))
        for places in [view.places[[features[b] for b in best]]]
        if best
    )
    return set(best) if len(best) >= LEAST_PAIRS and wide else set()


@pytest.mark.parametrize("seed", range(12))
def test_many_pairs_of_frames_give_what_each_gives_alone(seed: int) -> None:
    rng = np.random.default_rng(seed)
    reference = located(rng)
    query = mapped(reference, rng.uniform(0.5, 2), rng.uniform(-1, 1), complex(0.1, -0.2))
    i: list[int] = []
    j: list[int] = []
    counts: list[int] = []
    for _ in range(25):
        count = int(rng.integers(0, 70))
        true = rng.random(count) < rng.random()
        a = rng.integers(0, FEATURES, count)
        b = np.where(true, a, rng.integers(0, FEATURES, count))
        i, j, counts = [*i, *a.tolist()], [*j, *b.tolist()], [*counts, count]
    pairs = FramePairs(np.array(i, np.int64), np.array(j, np.int64), np.array(counts, np.int64))
    found = arranged(query, reference, pairs)
    assert found.counts.max() >= LEAST_PAIRS
    starts, taken = np.cumsum(counts) - counts, np.cumsum(found.counts) - found.counts
    for number, count in enumerate(counts):
        own = slice(starts[number], starts[number] + count)
        expected = one_by_one(query, reference, i[own], j[own])
        got = slice(taken[number], taken[number] + found.counts[number])
        assert set(zip(found.query[got], found.reference[got], strict=True)) == {
            (i[own][b], j[own][b]) for b in expected
        }


def test_no_pairs_of_frames_have_no_arrangement() -> None:
    nothing = np.zeros(0, np.int64)
    view = located(np.random.default_rng(0))
    found = arranged(view, view, FramePairs(nothing, nothing, nothing))
    assert len(found.query) == len(found.counts) == 0


def test_features_in_one_corner_are_a_logo() -> None:
    view = located(np.random.default_rng(1))
    corner = mapped(view, 0.05, 0.0, 0j)
    same = np.arange(20, dtype=np.int64)
    pairs = FramePairs(same, same, np.array([20], np.int64))
    assert arranged(view, view, pairs).counts.tolist() == [20]
    assert arranged(corner, corner, pairs).counts.tolist() == [0]
