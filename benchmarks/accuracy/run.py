"""Measures the product on corpus folders; what fingerprints cost is paid once.

    python -m benchmarks.accuracy.run DIR… [--half A|B|all] [--cache CACHE] [--json FILE]

Prints what ``tracker bench`` prints and then recall per family with the misses named, copies of
three seconds, borders, labels, look-alikes, and the threshold that half A asks for. Fingerprints
are kept under CACHE, outside the repository.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

from platformdirs import user_cache_path
from rich.console import Console

from benchmarks.accuracy.cache import FingerprintCache
from benchmarks.accuracy.report import Measurement, of_half, report_document, report_lines
from tracker.benchmark import run_bench
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
    except TrackerError as exc:
        print(exc, file=sys.stderr)
        return exc.exit_code
    for measurement in measurements:
        _print(measurement, options.half)
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
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the measurements there")
    return parser


def _print(measurement: Measurement, half: str) -> None:
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


if __name__ == "__main__":
    sys.exit(main())
