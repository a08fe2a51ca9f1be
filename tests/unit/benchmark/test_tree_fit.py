"""The weights of descent: no others make the trees they are fitted to likelier."""

from __future__ import annotations

from itertools import product

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.trees.fit import RIDGE, Tree, fitted_trees

Floats = npt.NDArray[np.float64]

VIDEOS, NUMBERS = 4, 3


def drawn(seed: int) -> Tree:
    """A tree of four videos whose pairs are described by chance; one pair was not found."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(VIDEOS, VIDEOS, NUMBERS))
    values[np.arange(VIDEOS), np.arange(VIDEOS)] = np.nan
    values[1, 3] = np.nan
    return Tree(values, (0, int(rng.integers(2)), int(rng.integers(3))))


def rooted(parents: tuple[int, ...]) -> bool:
    """Tell whether every video comes from video 0 in the end."""

    def from_root(video: int) -> bool:
        for _ in range(VIDEOS):
            video = 0 if video == 0 else parents[video - 1]
        return video == 0

    return all(map(from_root, range(VIDEOS)))


def log_likelihood(tree: Tree, weights: Floats, *, in_order: bool) -> float:
    """By going through all trees there are."""

    def weight(parents: tuple[int, ...]) -> float:
        return float(
            sum(tree.values[child, parent] @ weights for child, parent in enumerate(parents, 1))
        )

    possible = [
        parents
        for parents in product(range(VIDEOS), repeat=VIDEOS - 1)
        if rooted(parents)
        and not any(np.isnan(tree.values[c, p]).any() for c, p in enumerate(parents, 1))
        and not (in_order and any(p > c for c, p in enumerate(parents, 1)))
    ]
    assert tree.parents in possible
    return weight(tree.parents) - float(np.log(np.sum(np.exp([weight(p) for p in possible]))))


def test_no_other_weights_make_the_trees_likelier() -> None:
    made = [drawn(seed) for seed in range(12)]

    def likely(weights: Floats) -> float:
        told = [log_likelihood(t, weights, in_order=order) for t in made for order in (True, False)]
        return sum(told) - RIDGE / 2 * float(weights @ weights)

    fitted = fitted_trees(made)
    best = likely(fitted)
    assert best > likely(np.zeros(NUMBERS))
    for axis in np.eye(NUMBERS):
        for step in (-0.05, 0.05):
            assert best > likely(fitted + step * axis)
