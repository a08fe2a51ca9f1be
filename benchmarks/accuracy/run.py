"""Measures the product on corpus folders; what fingerprints cost is paid once.

    python -m benchmarks.accuracy.run DIR… [--half A|B|all] [--peers NAMES] [--write DOCUMENT]

Prints what ``tracker bench`` prints and then recall per family with the misses named, copies of
three seconds, borders, labels, look-alikes, and the threshold that half A asks for. Fingerprints
are kept in a cache outside the repository. With ``--peers`` other methods run on the same
corpora, and ``--write`` puts all tables into a document.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

from platformdirs import user_cache_path
from rich.console import Console

from benchmarks.accuracy.analysis import without_lookalikes
from benchmarks.accuracy.cache import FingerprintCache
from benchmarks.accuracy.peers.peer import PeerResult
from benchmarks.accuracy.peers.run import NAMES, run_peers
from benchmarks.accuracy.report import Measurement, of_half, report_document, report_lines
from benchmarks.accuracy.tables import Compared, write_tables
from tracker.benchmark import run_bench
from tracker.benchmark.metrics import Outcome, scores
from tracker.cli.bench_text import bench_tables
from tracker.errors import TrackerError


def measured(directory: Path, cache: FingerprintCache, workers: int) -> Measurement:
    """Return what the product does on the corpus in ``directory``."""
    result = run_bench(directory, workers=workers, measure=cache.measure)
    return Measurement(directory.name, result)


def main(arguments: list[str] | None = None) -> int:
    """Print the measurements and return the exit code."""
    options = _parser().parse_args(arguments)
    cache = FingerprintCache(options.cache)
    try:
        measurements = [measured(d, cache, options.workers) for d in options.corpora]
        compared = [
            Compared(one, _peers(directory, options))
            for one, directory in zip(measurements, options.corpora, strict=True)
        ]
    except TrackerError as exc:
        print(exc, file=sys.stderr)
        return exc.exit_code
    for one in compared:
        _print(one, options.half)
    if options.write:
        write_tables(options.write, compared, _command(options))
    if options.json:
        documents = [report_document(m, options.half) for m in measurements]
        options.json.write_text(json.dumps(documents, indent=1), "utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy.run")
    parser.add_argument("corpora", nargs="+", type=Path, metavar="DIR", help="corpus folders")
    parser.add_argument("--half", choices=("A", "B", "all"), default="all")
    parser.add_argument("--cache", type=Path, default=user_cache_path("tracker-benchmarks"))
    parser.add_argument("--workers", type=int, default=1, help="processes that fingerprint")
    parser.add_argument("--peers", nargs="*", choices=NAMES, default=[], help="other methods")
    parser.add_argument("--peers-python", type=Path, default=Path(".venv-peers/bin/python"))
    parser.add_argument("--write", type=Path, metavar="DOCUMENT", help="put the tables there")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the measurements there")
    return parser


def _peers(directory: Path, options: argparse.Namespace) -> tuple[PeerResult, ...]:
    def show(name: str) -> None:
        print(f"{directory.name}: {name}", file=sys.stderr)

    return tuple(run_peers(directory, options.peers, options.peers_python, show))


def _command(options: argparse.Namespace) -> str:
    """Return the command as somebody else would give it; folders by their last name."""
    names = " ".join(directory.name for directory in options.corpora)
    peers = f" --peers {' '.join(options.peers)}" if options.peers else ""
    return f"python -m benchmarks.accuracy.run {names}{peers}"


def _print(one: Compared, half: str) -> None:
    measurement = one.measurement
    outcomes = of_half(measurement.result.outcomes, half)
    result = replace(measurement.result, outcomes=outcomes)
    console = Console(soft_wrap=True, highlight=False)
    console.rule(f"{measurement.corpus}, half {half}: {len(outcomes)} queries")
    console.print(bench_tables(result))
    cost = result.cost
    console.print(f"keyframes, MB per hour of video: {cost.keyframe_bytes_per_hour / 1e6:.1f}")
    console.print(
        f"lookup CPU p50 / p95, ms: {result.lookup_cpu_ms(0.5):.0f} / "
        f"{result.lookup_cpu_ms(0.95):.0f}"
    )
    for line in report_lines(measurement.result, half):
        console.print(line, markup=False)
    for peer in one.peers:
        console.print(f"{peer.name} ({peer.version})", markup=False)
        _print_peer("no false positive", peer.at_no_false_positive(), console)
        shipped = peer.as_shipped()
        if shipped is not None:
            _print_peer("as shipped", shipped, console)


def _print_peer(settings: str, outcomes: list[Outcome], console: Console) -> None:
    row = scores(without_lookalikes(outcomes))
    console.print(
        f"  {settings}: recall {row.recall or 0:.2f}, {row.wrong_assertions} wrong references, "
        f"{row.false_positives} false positives, segment F1 {row.segment_f1 or 0:.2f}",
        markup=False,
    )


if __name__ == "__main__":
    sys.exit(main())
