"""Fits the weights of ``tracker.provenance.descent`` to made trees.

    python -m benchmarks.accuracy.trees.fit REFDIR --work DIR --seed N… [--trees N…]

*Odds*: a tree over some videos is the likelier, the higher the sum of what its pairs of child and
source weigh; the weights make the true trees most likely among all, given where they begin. Each
tree counts twice, with times known, so that only earlier videos may be sources, and with none. The
sum over all trees is a determinant (matrix-tree theorem). *Precedence*: every copy and those it
descends from, which of the two came first: logistic regression. Both have a ridge and are fitted
by Newton's method. Judge the weights on trees of another seed.

Source: Koo, Globerson, Carreras, Collins, Structured Prediction Models via the Matrix-Tree
Theorem, EMNLP-CoNLL 2007; Tutte, The Dissection of Equilateral Triangles, 1948.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
from tracker.model.ids import VideoId
from tracker.model.likeness import Likeness
from tracker.model.match import Match
from tracker.provenance.descent import NEARNESS, PRECEDENCE, Facts, nearness, precedence

Floats = npt.NDArray[np.float64]

RIDGE = 1.0
STEPS = 60
LARGEST_STEP = 2.0
FLAT = 1e-3
DIFFERENCE = 1e-4


@dataclass(frozen=True, slots=True)
class Seen:
    """What the archive of a world knows: matches in both orders, likenesses, facts."""

    ids: Mapping[str, VideoId]
    matches: Mapping[tuple[VideoId, VideoId], Match]
    likenesses: Mapping[tuple[VideoId, VideoId], Likeness]
    facts: Mapping[VideoId, Facts]


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """Videos in order of time, the root first; ``values`` float64 (n, n, m): what describes the
    first index as made from the second, NaN where no match was found. ``parents`` are numbers of
    videos, of all but the root.
    """

    values: Floats
    parents: tuple[int, ...]


def seen(world: World) -> Seen:
    """Return what the archive of ``world`` knows once its files are compared."""
    ids = video_ids(world)
    with opened(compared(world)) as app, app.archive.database.read() as session:
        prints = {
            video: fingerprint_rows.get_fingerprint(session, video, app.algorithm_key)
            for video in ids.values()
        }
        facts = {v: Facts(*f) for v, f in video_rows.facts(session, set(ids.values())).items()}
        matches = {
            (match.query, match.reference): match
            for video in ids.values()
            for match in match_rows.matches_of(session, video, app.algorithm_key)
            if match.asserted
        }
    alike = {}
    for (query, reference), match in matches.items():
        one, two = prints[query], prints[reference]
        if one is not None and two is not None:
            alike[query, reference] = likeness(one, two, match.segments)
    return Seen(ids, matches, alike, facts)


def trees(world: World, known: Seen) -> Iterator[Tree]:
    """Yield the world's trees, each without copies that are not found in their source."""
    for parents in rendered(world):
        kept: list[str] = []
        for child, parent in parents.items():
            found = parent in kept and (known.ids[child], known.ids[parent]) in known.matches
            if parent is None or found:
                kept.append(child)
        if len(kept) > 2:
            numbers = tuple(kept.index(parents[child] or "") for child in kept[1:])
            yield Tree(_described(kept, known), numbers)


def _described(files: Sequence[str], known: Seen) -> Floats:
    values = np.full((len(files), len(files), len(NEARNESS) + len(PRECEDENCE)), np.nan)
    for i, child in enumerate(files):
        for j, parent in enumerate(files):
            pair = known.ids[child], known.ids[parent]
            if i != j and pair in known.matches:
                match, likeness_, *facts = _evidence(known, pair)
                near = nearness(match, likeness_, *facts)
                values[i, j] = (*near, *precedence(match, *facts))
    return values


def orders(world: World, known: Seen) -> Iterator[Floats]:
    """Yield what describes every copy and each of those it descends from, the ancestor first."""
    for child, ancestor in _descents(world):
        pair = known.ids[child], known.ids[ancestor]
        if pair in known.matches:
            match, _, *facts = _evidence(known, pair)
            yield np.array(precedence(match, *facts))


def _evidence(
    known: Seen, pair: tuple[VideoId, VideoId]
) -> tuple[Match, Likeness | None, Facts, Facts]:
    """Return what ``descent.log_odds`` is asked with about a child and a possible parent."""
    child, parent = pair
    return known.matches[pair], known.likenesses[pair], known.facts[child], known.facts[parent]


def rendered(world: World) -> Iterator[dict[str, str | None]]:
    """Yield the files of each tree in order of time, with the file that each was made from."""
    files = {post.id: post.file for post in world.posts}
    for tree in world.trees:
        parents: dict[str, str | None] = {}
        for post in sorted(world.of_tree(tree), key=lambda post: post.published_at):
            parent = post.parents[tree]
            parents.setdefault(post.file, files[parent] if parent is not None else None)
        yield parents


def _descents(world: World) -> Iterator[tuple[str, str]]:
    """Yield each two files of a tree of which one descends from the other."""
    posts = {post.id: post for post in world.posts}
    found: dict[tuple[str, str], None] = {}
    for tree in world.trees:
        for post in world.of_tree(tree):
            above = post.parents[tree]
            while above is not None:
                if posts[above].file != post.file:
                    found[post.file, posts[above].file] = None
                above = posts[above].parents[tree]
    yield from found


def fitted_trees(made: Sequence[Tree], ridge: float = RIDGE) -> Floats:
    """Return the weights of nearness and direction that make the true trees most likely."""
    size = made[0].values.shape[2]
    weights = np.zeros(size)

    def slope(at: Floats) -> Floats:
        total = -ridge * at
        for tree in made:
            total += _tree_slope(at, tree, in_order=True) + _tree_slope(at, tree, in_order=False)
        return np.asarray(total, np.float64)

    for _ in range(STEPS):
        here = slope(weights)
        if np.abs(here).max() < FLAT:
            break
        ahead = [slope(weights + DIFFERENCE * axis) for axis in np.eye(size)]
        bend = (here - np.array(ahead)) / DIFFERENCE
        weights = weights + _step(here, (bend + bend.T) / 2)
    return weights


def _tree_slope(weights: Floats, tree: Tree, *, in_order: bool) -> Floats:
    """Return how the logarithm of the true tree's likelihood changes with the weights."""
    values, there = np.nan_to_num(tree.values), ~np.isnan(tree.values[:, :, 0])
    if in_order:
        there = there & np.tri(len(there), k=-1, dtype=np.bool_)
    sums = np.where(there, values @ weights, -np.inf)
    # A child's sources only compete with each other: what is common to them is taken off.
    likely = np.exp(sums[1:] - sums[1:].max(axis=1, keepdims=True))
    laplacian = np.diag(likely.sum(axis=1)) - likely[:, 1:]
    inverse = np.linalg.inv(laplacian)  # of (child, parent); its minors count the trees
    alone = np.diag(inverse)
    through = np.column_stack([np.zeros(len(alone)), inverse.T])
    marginal = likely * (alone[:, None] - through)
    chosen = values[np.arange(1, len(values)), list(tree.parents)].sum(axis=0)
    return np.asarray(chosen - np.einsum("cp,cpm->m", marginal, values[1:]), np.float64)


def fitted_order(made: Sequence[Floats], ridge: float = RIDGE) -> Floats:
    """Return the weights of precedence that make it most likely that parents come first."""
    return fitted_labels(np.array(made), np.ones(len(made)), ridge)


def fitted_labels(values: Floats, labels: Floats, ridge: float = RIDGE) -> Floats:
    """Return the weights that make labels, 1 or 0 for each of ``values`` (n, m), most likely."""
    weights = np.zeros(values.shape[1])
    for _ in range(STEPS):
        odds = 1.0 / (1.0 + np.exp(-values @ weights))
        slope = values.T @ (labels - odds) - ridge * weights
        bend = (values.T * (odds * (1.0 - odds))) @ values + ridge * np.eye(len(weights))
        weights += _step(slope, bend)
    return weights


def _step(slope: Floats, bend: Floats) -> Floats:
    step = np.linalg.solve(bend, slope)
    return np.asarray(step * min(1.0, LARGEST_STEP / max(1e-9, float(np.abs(step).max()))))


def main(arguments: list[str] | None = None) -> int:
    """Print the weights and how often they are right on the trees they were fitted to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy.trees.fit")
    parser.add_argument("folder", type=Path, metavar="REFDIR")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--seed", type=int, nargs="+", required=True)
    parser.add_argument("--trees", type=int, nargs="+", default=[50], help="one number a seed")
    options = parser.parse_args(arguments)
    made: list[Tree] = []
    ordered: list[Floats] = []
    for seed, count in zip(options.seed, options.trees, strict=True):
        for world in make_worlds(options.folder, options.work, seed, count):
            known = seen(world)
            made += trees(world, known)
            ordered += orders(world, known)
    odds, order = fitted_trees(made), fitted_order(ordered)
    show("NEARNESS_WEIGHTS", NEARNESS, odds[: len(NEARNESS)])
    show("DIRECTION_WEIGHTS", PRECEDENCE, odds[len(NEARNESS) :])
    show("PRECEDENCE_WEIGHTS", PRECEDENCE, order)
    copies = sum(len(tree.parents) for tree in made)
    print(f"odds: {len(made)} trees, {copies} copies", file=sys.stderr)
    before = sum(float(values @ order) > 0 for values in ordered)
    print(f"precedence: {before} of {len(ordered)} right", file=sys.stderr)
    return 0


def show(title: str, names: Iterable[str], weights: Floats) -> None:
    """Print the weights as they stand in the code."""
    print(title)
    for name, weight in zip(names, weights, strict=True):
        print(f'    "{name}": {weight:.2f},')


if __name__ == "__main__":
    sys.exit(main())
