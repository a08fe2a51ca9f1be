"""Fits what leanings count for beside the odds of ``tracker.provenance.descent``.

    python -m benchmarks.accuracy.trees.fit_contests REFDIR --work DIR --seed N… [--trees N]

Of each copy whose close sources were compared on the originals: which of the earlier videos it was
made from (conditional logit with a ridge, by Newton's method). Odds are surer on the trees that
their weights were fitted to: take seeds that ``fit`` has not seen, and judge on others again.

Source: McFadden, Conditional Logit Analysis of Qualitative Choice Behavior, 1974.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random

import numpy as np

from benchmarks.accuracy.trees.archive import chains, compared, opened
from benchmarks.accuracy.trees.fit import Floats, Seen, rendered, seen, show
from benchmarks.accuracy.trees.make import make_worlds
from benchmarks.accuracy.trees.times import said
from benchmarks.accuracy.trees.truth import World
from storage import leanings as leaning_rows
from storage.leanings import Contest
from tracker.kinship import Kinship
from tracker.provenance.contest import close_sources, told_by_leanings

NAMES = ("ODDS_WEIGHT", "MEAN_WEIGHT", "WORST_WEIGHT")
RIDGE = 0.3
STEPS = 60
FLAT = 1e-4

Choice = tuple[Floats, int]
"""Float64 (n, 3): odds, mean and least leaning of each earlier video; which is the source."""


def choices(world: World) -> Iterator[Choice]:
    """Yield the choice of each copy whose sources were compared and hold the true one."""
    known = seen(world)
    kinship = Kinship(known.likenesses, known.facts, _leanings(world, known))
    for parents in rendered(world):
        earlier: list[str] = []
        for child, parent in parents.items():
            if parent is not None:
                yield from _choice(known, kinship, child, parent, earlier)
            earlier.append(child)


def _choice(
    known: Seen, kinship: Kinship, child: str, parent: str, earlier: Sequence[str]
) -> Iterator[Choice]:
    video = known.ids[child]
    pairs = [(video, known.ids[name]) for name in earlier]
    odds = {pair[1]: kinship.odds(known.matches[pair]) for pair in pairs if pair in known.matches}
    close = close_sources(odds, dict.fromkeys(odds, 1.0))
    told = told_by_leanings(video, odds, close, kinship.leaning)
    if told is not None and known.ids[parent] in odds:
        values = np.array([(said, *told[source]) for source, said in odds.items()])
        yield values, list(odds).index(known.ids[parent])


def _leanings(world: World, known: Seen) -> Mapping[Contest, float | None]:
    base = compared(world)
    rng = Random(world.folder.name)  # noqa: S311  # repeatable on purpose
    # Whoever makes the chains compares what is close.
    chains(world, base, said(world.posts, "known", rng), rng, world.folder / "asked")
    with opened(base) as app, app.archive.database.read() as session:
        return leaning_rows.leanings(session, set(known.ids.values()), app.algorithm_key)


def fitted(made: Sequence[Choice], ridge: float = RIDGE) -> Floats:
    """Return the weights that make the true choices most likely."""
    weights = np.zeros(len(NAMES))
    for _ in range(STEPS):
        slope, bend = -ridge * weights, ridge * np.eye(len(weights))
        for values, chosen in made:
            sums = values @ weights
            likely = np.exp(sums - sums.max())
            likely /= likely.sum()
            mean = likely @ values
            slope = slope + values[chosen] - mean
            bend = bend + (values * likely[:, None]).T @ values - np.outer(mean, mean)
        step = np.linalg.solve(bend, slope)
        weights = weights + step
        if np.abs(step).max() < FLAT:
            break
    return np.asarray(weights, np.float64)


def right(made: Sequence[Choice], weights: Floats) -> int:
    """Return of how many copies the likeliest source is the true one."""
    return sum(int((values @ weights).argmax()) == chosen for values, chosen in made)


def main(arguments: list[str] | None = None) -> int:
    """Print the weights and how often they are right, each world predicted by the others."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy.trees.fit_contests")
    parser.add_argument("folder", type=Path, metavar="REFDIR")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--seed", type=int, nargs="+", required=True)
    parser.add_argument("--trees", type=int, default=50, help="trees a seed")
    options = parser.parse_args(arguments)
    worlds = [
        list(choices(world))
        for seed in options.seed
        for world in make_worlds(options.folder, options.work, seed, options.trees)
    ]
    made = [choice for world in worlds for choice in world]
    show("weights", NAMES, fitted(made))
    alone = right(made, np.array([1.0, 0.0, 0.0]))
    left_out = [
        right(world, fitted([c for other in worlds if other is not world for c in other]))
        for world in worlds
    ]
    print(
        f"of {len(made)} copies right by odds alone {alone}, with leanings {sum(left_out)} "
        "(each world predicted by the others)",
        file=sys.stderr,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
