"""Fits the weights of ``tracker.matching.moment_odds`` to made trees.

    python -m benchmarks.accuracy.trees.fit_moments REFDIR --work DIR --seed N… [--trees N…]

Every asserted match of a world in which something moves is one moment if both videos show a
piece of the same footage, and another moment or another place if not: two references of a world
are takes of one camera, and the weights are about telling those apart. Left out are pairs that
may share foreign footage, because insets were made in both lines of descent. Logistic regression
with a ridge, by Newton's method; judge the weights on trees of another seed.

Then it prints, left out and predicted by world, how many matches lie below some odds.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.trees.archive import compared, opened
from benchmarks.accuracy.trees.fit import Seen, fitted_labels, seen, show
from benchmarks.accuracy.trees.make import make_worlds
from benchmarks.accuracy.trees.truth import Made, World
from storage import fingerprints as fingerprint_rows
from tracker.matching.compare import compare, proof
from tracker.matching.moment_odds import WEIGHTS, moment_numbers
from tracker.matching.verify import verification
from tracker.model.fingerprint import Fingerprint
from tracker.model.ids import VideoId
from tracker.model.keyframe import Keyframe

Floats = npt.NDArray[np.float64]

WITH_FOREIGN_FOOTAGE = frozenset({"pip", "reaction", "split", "compilation"})

ODDS_SHOWN = (1.4, 2.2, 2.9, 3.5, 4.0, 4.6)


@dataclass(frozen=True, slots=True)
class Labelled:
    """What tells the moment of one match, whether it is one, and which world it is from."""

    numbers: tuple[float, ...]
    one_moment: bool
    world: str


def labelled(world: World, known: Seen) -> Iterator[Labelled]:
    """Yield the world's asserted matches in which something moves."""
    shows = {known.ids[post.file]: post for post in reversed(world.posts)}
    lines = {video: _line(post, world) for video, post in shows.items()}
    prints, keyframes = _fingerprints(world, known)
    for query, reference in known.matches:
        ours, theirs = prints[query].duration_ms, prints[reference].duration_ms
        if (ours, query) > (theirs, reference):
            continue
        same = bool(set(shows[query].footage) & set(shows[reference].footage))
        insets = [lines[video] & WITH_FOREIGN_FOOTAGE for video in (query, reference)]
        if not same and all(insets):
            continue
        found = compare(query, prints[query], reference, prints[reference])
        surest = max(found.stretches, key=lambda stretch: proof(stretch.segment))
        if surest.signs is None:
            continue
        pictures = verification(surest.segment, keyframes[query], keyframes[reference])
        moving = pictures.moving_agreement if pictures is not None else None
        numbers = moment_numbers(surest.signs, surest.segment, moving)
        yield Labelled(numbers, same, f"{world.folder.parent.name}/{world.folder.name}")


def _line(post: Made, world: World) -> frozenset[str]:
    """Return every edit between the post's video and the root it comes from."""
    by_id = {one.id: one for one in world.posts}
    edits: set[str] = set()
    waiting = [post.id]
    while waiting:
        one = by_id[waiting.pop()]
        edits |= {*one.edits, one.how}
        waiting += [parent for parent in one.parents.values() if parent is not None]
    return frozenset(edits)


def _fingerprints(
    world: World, known: Seen
) -> tuple[dict[VideoId, Fingerprint], dict[VideoId, Sequence[Keyframe]]]:
    prints: dict[VideoId, Fingerprint] = {}
    keyframes: dict[VideoId, Sequence[Keyframe]] = {}
    with opened(compared(world)) as app, app.archive.database.read() as session:
        for video in known.ids.values():
            found = fingerprint_rows.get_fingerprint(session, video, app.algorithm_key)
            assert found is not None
            prints[video] = found
            keyframes[video] = app.archive.keyframes.get(video, app.algorithm_key)
    return prints, keyframes


def main(arguments: list[str] | None = None) -> int:
    """Print the weights, and what they say of worlds that they were not fitted to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy.trees.fit_moments")
    parser.add_argument("folder", type=Path, metavar="REFDIR")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--seed", type=int, nargs="+", required=True)
    parser.add_argument("--trees", type=int, nargs="+", default=[], help="one number a seed")
    options = parser.parse_args(arguments)
    found: list[Labelled] = []
    counts = options.trees or [50] * len(options.seed)
    for seed, count in zip(options.seed, counts, strict=True):
        for world in make_worlds(options.folder, options.work, seed, count):
            found += labelled(world, seen(world))
    numbers = np.array([one.numbers for one in found])
    one_moment = np.array([one.one_moment for one in found])
    show("WEIGHTS", WEIGHTS, fitted_labels(numbers, one_moment))
    worlds = np.array([one.world for one in found])
    odds = np.zeros(len(found))
    for world_name in sorted(set(worlds)):
        held_out = worlds == world_name
        weights = fitted_labels(numbers[~held_out], one_moment[~held_out])
        odds[held_out] = numbers[held_out] @ weights
    print(f"{one_moment.sum()} of one moment, {(~one_moment).sum()} of others", file=sys.stderr)
    for limit in ODDS_SHOWN:
        below = odds < limit
        of_one, of_others = (below & one_moment).sum(), (below & ~one_moment).sum()
        print(f"below {limit}: {of_one} of one moment, {of_others} of others", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
