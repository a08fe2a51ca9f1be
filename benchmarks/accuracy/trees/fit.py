"""Fits the weights of ``tracker.provenance.descent`` to made trees.

    python -m benchmarks.accuracy.trees.fit REFDIR --work DIR --seed N… [--trees N…]

*Nearness*: every copy chooses one parent among the videos of its tree that were there before it: a
conditional logit model with a ridge. *Precedence*: every copy and the parent it has, which of the
two came first: logistic regression with a ridge. Both are fitted by Newton's method. Judge the
weights on trees of another seed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
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


@dataclass(frozen=True, slots=True)
class Seen:
    """What the archive of a world knows: matches in both orders, likenesses, facts."""

    ids: Mapping[str, VideoId]
    matches: Mapping[tuple[VideoId, VideoId], Match]
    likenesses: Mapping[tuple[VideoId, VideoId], Likeness]
    facts: Mapping[VideoId, Facts]


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """A copy, what describes each video it may come from, and which of them it does come from."""

    child: str
    parents: tuple[str, ...]
    values: Floats
    chosen: int


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


def choices(world: World, known: Seen) -> Iterator[Choice]:
    """Yield one choice for every rendered copy that is found in its parent, if it has a choice."""
    for child, parent, others in _rendered(world):
        named, values = [], []
        for other in others:
            pair = known.ids[child], known.ids[other]
            if pair in known.matches:
                named.append(other)
                values.append(nearness(*_evidence(known, pair)))
        if parent in named and len(named) > 1:
            yield Choice(child, tuple(named), np.array(values), named.index(parent))


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
    child, parent = pair
    return known.matches[pair], known.likenesses[pair], known.facts[child], known.facts[parent]


def _rendered(world: World) -> Iterator[tuple[str, str, list[str]]]:
    """Yield each rendered file, its parent's, and those of its tree that were there before it."""
    files = {post.id: post.file for post in world.posts}
    for tree in world.trees:
        members = sorted(world.of_tree(tree), key=lambda post: post.published_at)
        there: list[str] = []
        for post in members:
            parent = post.parents[tree]
            if parent is not None and post.file not in there:
                yield post.file, files[parent], list(there)
            if post.file not in there:
                there.append(post.file)


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


def fitted_choice(made: Sequence[Choice], ridge: float = RIDGE) -> Floats:
    """Return the weights of nearness that make the true parents most likely."""
    weights = np.zeros(len(NEARNESS))
    for _ in range(STEPS):
        slope, bend = -ridge * weights, ridge * np.eye(len(weights))
        for choice in made:
            odds = _probabilities(choice, weights)
            mean = odds @ choice.values
            slope += choice.values[choice.chosen] - mean
            bend += (choice.values.T * odds) @ choice.values - np.outer(mean, mean)
        weights += _step(slope, bend)
    return weights


def fitted_order(made: Sequence[Floats], ridge: float = RIDGE) -> Floats:
    """Return the weights of precedence that make it most likely that parents come first."""
    weights, values = np.zeros(len(PRECEDENCE)), np.array(made)
    for _ in range(STEPS):
        odds = 1.0 / (1.0 + np.exp(-values @ weights))
        slope = values.T @ (1.0 - odds) - ridge * weights
        bend = (values.T * (odds * (1.0 - odds))) @ values + ridge * np.eye(len(weights))
        weights += _step(slope, bend)
    return weights


def _step(slope: Floats, bend: Floats) -> Floats:
    step = np.linalg.solve(bend, slope)
    return np.asarray(step * min(1.0, LARGEST_STEP / max(1e-9, float(np.abs(step).max()))))


def _probabilities(choice: Choice, weights: Floats) -> Floats:
    sums = choice.values @ weights
    odds = np.exp(sums - sums.max())
    return np.asarray(odds / odds.sum(), np.float64)


def right_choices(made: Sequence[Choice], weights: Floats) -> int:
    """Return of how many copies the likeliest parent is the true one."""
    return sum(int((choice.values @ weights).argmax()) == choice.chosen for choice in made)


def main(arguments: list[str] | None = None) -> int:
    """Print the weights and how often they are right on the trees they were fitted to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy.trees.fit")
    parser.add_argument("folder", type=Path, metavar="REFDIR")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--seed", type=int, nargs="+", required=True)
    parser.add_argument("--trees", type=int, nargs="+", default=[50], help="one number a seed")
    options = parser.parse_args(arguments)
    chosen: list[Choice] = []
    ordered: list[Floats] = []
    for seed, trees in zip(options.seed, options.trees, strict=True):
        for world in make_worlds(options.folder, options.work, seed, trees):
            known = seen(world)
            chosen += choices(world, known)
            ordered += orders(world, known)
    near, order = fitted_choice(chosen), fitted_order(ordered)
    _show("NEARNESS_WEIGHTS", NEARNESS, near)
    _show("PRECEDENCE_WEIGHTS", PRECEDENCE, order)
    print(f"nearness: {right_choices(chosen, near)} of {len(chosen)} right", file=sys.stderr)
    before = sum(float(values @ order) > 0 for values in ordered)
    print(f"precedence: {before} of {len(ordered)} right", file=sys.stderr)
    return 0


def _show(title: str, names: Sequence[str], weights: Floats) -> None:
    print(title)
    for name, weight in zip(names, weights, strict=True):
        print(f'    "{name}": {weight:.2f},')


if __name__ == "__main__":
    sys.exit(main())
