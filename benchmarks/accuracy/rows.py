"""Tables of many ways of working: the columns that say how accurate each is, and the command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from platformdirs import user_cache_path

from benchmarks.accuracy.analysis import borders, lookalikes, without_lookalikes
from benchmarks.accuracy.tables import Marks, versions_line, written_between
from tracker.benchmark.metrics import Outcome, scores
from tracker.errors import TrackerError

ACCURACY = (
    "recall",
    "wrong",
    "false positives",
    "look-alikes asserted",
    "segment F1",
    "borders within 1 s",
    "micro-AP",
)


def table_parser(program: str, ways: Collection[str]) -> argparse.ArgumentParser:
    """Return what reads the arguments of ``program``, which measures ``ways`` on a corpus."""
    parser = argparse.ArgumentParser(prog=f"python -m {program}")
    parser.add_argument("corpus", type=Path, metavar="DIR", help="a corpus folder")
    parser.add_argument("--alike", type=Path, metavar="DIR", help="a corpus with look-alikes")
    parser.add_argument("--only", nargs="*", choices=list(ways), default=[])
    parser.add_argument("--cache", type=Path, default=user_cache_path("tracker-benchmarks"))
    parser.add_argument("--write", type=Path, metavar="DOCUMENT", help="put the table there")
    return parser


def show_table(program: str, marks: Marks, lines: Iterable[str], document: Path | None) -> int:
    """Print each line as soon as it is measured; return the exit code.

    At the end the table is put between the ``marks`` of the ``document``, if there is one.
    """
    shown = []
    try:
        for line in lines:
            shown.append(line)
            print(line, flush=True)
        if document:
            command = f"python -m {program} DIR --alike DIR"
            written_between(marks, document, [versions_line(command), "", *shown, ""])
    except TrackerError as exc:
        print(exc, file=sys.stderr)
        return exc.exit_code
    return 0


def table_head(columns: Sequence[str]) -> tuple[str, str]:
    """Return a table's first two lines."""
    return f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"


def accuracy_cells(outcomes: Sequence[Outcome], alike: Sequence[Outcome]) -> tuple[str, ...]:
    """Return the cells under ``ACCURACY``: of ``alike`` and ``outcomes`` the look-alikes count.

    All other columns speak of what in ``outcomes`` is no look-alike.
    """
    plain = without_lookalikes(outcomes)
    found = scores(plain)
    meant = [*lookalikes(outcomes), *lookalikes(alike)]
    asserted = sum(bool(outcome.asserted) for outcome in meant)
    return (
        _share(found.recall),
        str(found.wrong_assertions),
        f"{found.false_positives} of {found.negatives}",
        f"{asserted} of {len(meant)}" if meant else "–",
        _share(found.segment_f1),
        _share(borders(plain).share),
        _share(found.micro_ap),
    )


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
