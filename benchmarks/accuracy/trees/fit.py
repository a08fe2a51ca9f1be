"""Fits the weights of ``tracker.provenance.descent`` to made trees.

    python -m benchmarks.accuracy.trees.fit REFDIR --work DIR --seed N… [--trees N…]

Every copy chooses one parent among all other videos of its tree: a conditional logit model with
a ridge, fitted by Newton's method. Judge the weights on trees of another seed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.trees.archive import compared, opened, video_ids
from benchmarks.accuracy.trees.make import make_worlds
from benchmarks.accuracy.trees.truth import World
from storage import fingerprints as fingerprint_rows
from storage import matches as match_rows
from storage import videos as video_rows
from tracker.matching.likeness import likeness
from tracker.provenance.descent import NAMES, Facts, features

Floats = npt.NDArray[np.float64]

RIDGE = 1.0
STEPS = 60


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """A copy, what describes each video it may come from, and which of them it does come from."""

    child: str
    parents: tuple[str, ...]
    values: Floats
    chosen: int


def choices(world: World) -> Iterator[Choice]:
    """Yield one choice for every rendered copy of the world that is found in its parent."""
    ids = video_ids(world)
    with opened(compared(world)) as app, app.archive.database.read() as session:
        prints = {
            file: fingerprint_rows.get_fingerprint(session, video, app.algorithm_key)
            for file, video in ids.items()
        }
        facts = {file: video_rows.facts(session, {video})[video] for file, video in ids.items()}
        found = {
            (m.query, m.reference): m
            for video in ids.values()
            for m in match_rows.matches_of(session, video, app.algorithm_key)
            if m.asserted
        }
    for child, parent, others in _rendered(world):
        named, values = [], []
        for other in others:
            match = found.get((ids[child], ids[other]))
            one, two = prints[child], prints[other]
            if match is None or one is None or two is None:
                continue
            alike = likeness(one, two, match.segments)
            named.append(other)
            values.append(features(match, alike, Facts(*facts[child]), Facts(*facts[other])))
        if parent in named and len(named) > 1:
            yield Choice(child, tuple(named), np.array(values), named.index(parent))


def _rendered(world: World) -> Iterator[tuple[str, str, list[str]]]:
    """Yield each rendered file, its parent's and all others of the tree, for every tree."""
    files = {post.id: post.file for post in world.posts}
    for tree in world.trees:
        members = world.of_tree(tree)
        for post in members:
            parent = post.parents[tree]
            if parent is None or post.how in {"share", "same_media", "same_file"}:
                continue
            others = sorted({one.file for one in members} - {post.file})
            yield post.file, files[parent], others


def fitted(made: Sequence[Choice]) -> Floats:
    """Return the weights that make the true parents most likely."""
    weights = np.zeros(len(NAMES))
    for _ in range(STEPS):
        slope, bend = -RIDGE * weights, RIDGE * np.eye(len(NAMES))
        for choice in made:
            odds = _probabilities(choice, weights)
            mean = odds @ choice.values
            slope += choice.values[choice.chosen] - mean
            bend += (choice.values.T * odds) @ choice.values - np.outer(mean, mean)
        step = np.linalg.solve(bend, slope)
        weights += step * min(1.0, 2.0 / max(1e-9, float(np.abs(step).max())))
    return weights


def _probabilities(choice: Choice, weights: Floats) -> Floats:
    sums = choice.values @ weights
    odds = np.exp(sums - sums.max())
    return np.asarray(odds / odds.sum(), np.float64)


def _right(made: Sequence[Choice], weights: Floats) -> int:
    return sum(int((choice.values @ weights).argmax()) == choice.chosen for choice in made)


def main(arguments: list[str] | None = None) -> int:
    """Print the weights and how often the likeliest parent is the true one."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy.trees.fit")
    parser.add_argument("folder", type=Path, metavar="REFDIR")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--seed", type=int, nargs="+", required=True)
    parser.add_argument("--trees", type=int, nargs="+", default=[50], help="one number a seed")
    options = parser.parse_args(arguments)
    made = [
        choice
        for seed, trees in zip(options.seed, options.trees, strict=True)
        for world in make_worlds(options.folder, options.work, seed, trees)
        for choice in choices(world)
    ]
    weights = fitted(made)
    for name, weight in zip(NAMES, weights, strict=True):
        print(f'    "{name}": {weight:.2f},')
    print(f"{_right(made, weights)} of {len(made)} right, any time", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
