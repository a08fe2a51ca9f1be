"""Judges chains on made edit trees, in which it is known who copied whom.

    python -m benchmarks.accuracy.trees.run REFDIR --work DIR --seed N [--trees N] [--write DOC]

Trees are drawn from the seed and rendered once; fingerprints and matches are kept under the work
directory and made anew when the code behind them changes. Each tree is then judged four times:
with times known, partly known, wrong, and none at all.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from random import Random

from benchmarks.accuracy.tables import Marks, versions_line, written_between
from benchmarks.accuracy.trees.archive import chains, compared
from benchmarks.accuracy.trees.make import make_worlds
from benchmarks.accuracy.trees.score import (
    Totals,
    TreeScore,
    false_merges,
    pooled,
    tree_scores,
)
from benchmarks.accuracy.trees.times import CONDITIONS, WITH_TIMES, said
from tracker.errors import TrackerError

MARKS = Marks("trees")

CONFIDENCES = (0.0, 0.3, 0.5, 0.7, 0.85, 1.01)
"""Between these the confidences of parents are held against how often they are right."""

Results = Mapping[str, tuple[Totals, int]]
"""Condition → scores of the trees, and false merges."""


def judged(folder: Path, work: Path, seed: int, trees: int) -> Results:
    """Return what the product makes of ``trees`` trees under each condition."""
    scores: dict[str, list[TreeScore]] = {condition: [] for condition in CONDITIONS}
    merges = dict.fromkeys(CONDITIONS, 0)
    for world in make_worlds(folder, work, seed, trees, _show):
        base = compared(world)
        for condition in CONDITIONS:
            rng = Random(f"{seed}/{world.folder.name}/{condition}")  # noqa: S311  # repeatable
            told = said(world.posts, condition, rng)
            found = chains(world, base, told, rng, world.folder / "asked")
            scores[condition] += tree_scores(world, found)
            merges[condition] += false_merges(world, found)
        _show(f"{world.folder.name} judged")
    return {condition: (pooled(scores[condition]), merges[condition]) for condition in CONDITIONS}


def main(arguments: list[str] | None = None) -> int:
    """Print the table and return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        results = judged(options.folder, options.work, options.seed, options.trees)
    except TrackerError as exc:
        print(exc, file=sys.stderr)
        return exc.exit_code
    lines = list(_lines(results, options))
    print("\n".join(lines))
    if options.write:
        written_between(MARKS, options.write, lines)
    if options.json:
        document = {name: [asdict(s) for s in one.scores] for name, (one, _) in results.items()}
        options.json.write_text(json.dumps(document, indent=1), "utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy.trees.run")
    parser.add_argument("folder", type=Path, metavar="REFDIR", help="videos to cut roots from")
    parser.add_argument("--work", type=Path, required=True, help="where renders are kept")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--trees", type=int, default=50, help="trees, in worlds of five")
    parser.add_argument("--write", type=Path, metavar="DOCUMENT", help="put the table there")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every tree's score there")
    return parser


def _show(name: str) -> None:
    print(name, file=sys.stderr)


def _lines(results: Results, options: argparse.Namespace) -> Iterator[str]:
    command = f"python -m benchmarks.accuracy.trees.run REFDIR --work DIR --seed {options.seed}"
    yield versions_line(f"{command} --trees {options.trees}")
    yield ""
    yield (
        "| times | trees | posts | root right | root, same bytes count | parents: precision "
        "| recall | F1 | F1, same bytes count | members missed | false merges | orders said "
        "| of these wrong |"
    )
    yield "|---" * 13 + "|"
    for condition in CONDITIONS:
        yield _row(condition, *results[condition])
    with_times = pooled(s for condition in WITH_TIMES for s in results[condition][0].scores)
    merges = sum(results[condition][1] for condition in WITH_TIMES)
    yield _row("all with times", with_times, merges)
    yield ""
    bounds = list(pairwise(CONFIDENCES))
    yield "| parents by pictures said with | " + " | ".join(map(_between, bounds)) + " |"
    yield "|---" * (1 + len(bounds)) + "|"
    for condition in CONDITIONS:
        told = [results[condition][0].confident(*bound) for bound in bounds]
        yield f"| {condition} | " + " | ".join(map(_how_often_right, told)) + " |"


def _between(bound: tuple[float, float]) -> str:
    return f"{bound[0]:.2f} to {min(1.0, bound[1]):.2f}"


def _how_often_right(said: Sequence[tuple[float, bool]]) -> str:
    if not said:
        return "–"
    mean, right = (sum(float(one[place]) for one in said) / len(said) for place in (0, 1))
    return f"{len(said)}, mean {mean:.2f}: {right:.2f} right"


def _row(name: str, totals: Totals, merges: int) -> str:
    right, named, edges = (totals.total(n) for n in ("right", "named", "edges"))
    cells = (
        name,
        str(len(totals.scores)),
        str(totals.total("posts")),
        f"{totals.share('root_right'):.3f}",
        f"{totals.share('root_alike'):.3f}",
        f"{right / max(1, named):.3f}",
        f"{right / max(1, edges):.3f}",
        f"{totals.f1():.3f}",
        f"{totals.f1('alike'):.3f}",
        str(totals.total("missed")),
        str(merges),
        str(totals.total("orders")),
        str(totals.total("misordered")),
    )
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
