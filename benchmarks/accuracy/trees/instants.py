"""How well what moves in two originals agrees: copies, and other moments before one camera.

    python -m benchmarks.accuracy.trees.instants REFDIR --work DIR --seed N… [--trees N]

*Copies*: every asserted match between copies of one footage of which the originals were asked, as
fingerprints left its moment in doubt. *Other takes*: such matches between two takes of one camera
(the first two roots of a world), and those roots themselves, one laid over the other. *Halves*: of
each root the second half laid over the first. Printed is how many of each reach some surplus
(``InstantAgreement.surplus``), of those that could be laid over each other and move, and in a
second row of those of which most instants fit each other best (``InstantAgreement.mutual``).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.accuracy.trees.archive import compared, opened, video_ids
from benchmarks.accuracy.trees.make import make_worlds
from benchmarks.accuracy.trees.truth import World
from storage import matches as match_rows
from storage import videos as video_rows
from tracker.app import App
from tracker.model.ids import VideoId
from tracker.model.match import LEAST_MOVING, InstantAgreement, Segment

SURPLUSES = (0.0, 0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.7)
COPIES, TAKES, HALVES = "copies in doubt", "other takes", "halves of a shot"

Named = tuple[str, InstantAgreement | None]


def found(world: World) -> Iterator[Named]:
    """Yield what each pair of the world is, and what its originals say."""
    ids = video_ids(world)
    shows = {ids[post.file]: set(post.footage) for post in world.posts}
    roots = [ids[f"{tree}n00.mp4"] for tree in world.trees]
    with opened(compared(world)) as app:
        with app.archive.database.read() as session:
            asked = [
                match
                for match in match_rows.matches_among(session, set(shows), app.algorithm_key)
                if match.instants is not None
            ]
            lengths = video_rows.durations(session, set(roots))
        for match in asked:
            same = shows[match.query] & shows[match.reference]
            yield COPIES if same else TAKES, match.instants
        first, second = roots[:2]
        together_ms = min(lengths[first], lengths[second])
        yield TAKES, _laid(app, first, second, 0, together_ms)
        for root in roots:
            half_ms = lengths[root] // 2
            yield HALVES, _laid(app, root, root, half_ms, half_ms)


def _laid(
    app: App, query: VideoId, reference: VideoId, later_ms: int, length_ms: int
) -> InstantAgreement | None:
    segment = Segment(0, length_ms, later_ms, later_ms + length_ms, 1.0, mirrored=False, score=1.0)
    return app.originals.instant_agreement(query, reference, segment)


def main(arguments: list[str] | None = None) -> int:
    """Print the table and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy.trees.instants")
    parser.add_argument("folder", type=Path, metavar="REFDIR")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--seed", type=int, nargs="+", required=True)
    parser.add_argument("--trees", type=int, default=50, help="trees a seed")
    options = parser.parse_args(arguments)
    told: dict[str, list[InstantAgreement | None]] = {COPIES: [], TAKES: [], HALVES: []}
    for seed in options.seed:
        for world in make_worlds(options.folder, options.work, seed, options.trees):
            for name, agreement in found(world):
                told[name].append(agreement)
            print(f"{world.folder.name} looked at", file=sys.stderr)
    bounds = " | ".join(f"≥ {least:.2f}" for least in SURPLUSES)
    print(f"| pairs | laid and moving | standing still | not laid | highest | {bounds} |")
    print("|---" * (5 + len(SURPLUSES)) + "|")
    for name, all_told in told.items():
        laid = [one for one in all_told if one is not None]
        moving = [one for one in laid if one.moving >= LEAST_MOVING]
        mutual = [one for one in moving if one.mostly_mutual]
        _row(name, len(laid) - len(moving), len(all_told) - len(laid), moving)
        _row(f"{name}, most instants fit best", "", "", mutual)
    return 0


def _row(
    name: str, still: int | str, not_laid: int | str, seen: Sequence[InstantAgreement]
) -> None:
    surpluses = [one.surplus for one in seen]
    highest = f"{max(surpluses):.2f}" if surpluses else "–"
    counts = [sum(surplus >= least for surplus in surpluses) for least in SURPLUSES]
    cells = (name, len(seen), still, not_laid, highest, *counts)
    print(f"| {' | '.join(map(str, cells))} |")


if __name__ == "__main__":
    sys.exit(main())
