"""What each view, channel and step adds, and what it costs to search.

    python -m benchmarks.accuracy.ablation DIR [--only NAME…] [--half A|B|all] [--write DOCUMENT]

Each row leaves something out of the fingerprints of both queries and references, fingerprinting
and thresholds being as they are. What a fingerprint holds is taken from the cache of
``benchmarks.accuracy.run``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
from platformdirs import user_cache_path

from benchmarks.accuracy.analysis import borders, without_lookalikes
from benchmarks.accuracy.cache import FingerprintCache
from benchmarks.accuracy.report import of_half
from benchmarks.accuracy.tables import Marks, written_between
from tracker.benchmark import BenchResult, run_bench
from tracker.benchmark.metrics import scores
from tracker.benchmark.run import Measured
from tracker.errors import TrackerError
from tracker.fingerprint.views import View
from tracker.model.features import Features
from tracker.model.fingerprint import Examined, Fingerprint

MARKS = Marks("ablation")
Change = Callable[[Examined], Examined]


def _rows(examined: Examined, kept: npt.NDArray[np.bool_]) -> Examined:
    whole = examined.fingerprint
    return _with(
        examined,
        replace(
            whole,
            codes=whole.codes[kept],
            pts_ms=whole.pts_ms[kept],
            views=whole.views[kept],
            quality=whole.quality[kept],
            boxes=whole.boxes[kept] if len(whole.boxes) else whole.boxes,
        ),
    )


def _with(examined: Examined, fingerprint: Fingerprint) -> Examined:
    return replace(examined, fingerprint=fingerprint)


def full_frames_only(examined: Examined) -> Examined:
    """Keep the hash of the full frame alone."""
    return _rows(examined, examined.fingerprint.views == View.FULL)


def without_views(left_out: Sequence[View], examined: Examined) -> Examined:
    """Leave out the hashes of these views."""
    return _rows(examined, ~np.isin(examined.fingerprint.views, left_out))


def without_hashes(examined: Examined) -> Examined:
    """Leave out every hash."""
    return _rows(examined, np.zeros(len(examined.fingerprint.views), np.bool_))


def without_features(examined: Examined) -> Examined:
    """Leave out local features."""
    return _with(examined, replace(examined.fingerprint, features=Features.none()))


def fewer_features(share: float, examined: Examined) -> Examined:
    """Keep the most telling ``share`` of each frame's features."""
    features = examined.fingerprint.features
    counts = np.minimum(np.ceil(features.counts * share), features.counts).astype(np.uint8)
    kept = features.ranks < counts[features.frames]
    fewer = Features(features.pts_ms, counts, features.codes[kept], features.places[kept])
    return _with(examined, replace(examined.fingerprint, features=fewer))


def sparser_features(step: int, examined: Examined) -> Examined:
    """Keep every ``step``-th frame of features."""
    fingerprint = examined.fingerprint
    return _with(examined, replace(fingerprint, features=fingerprint.features.every(step)))


def sparser_hashes(step: int, examined: Examined) -> Examined:
    """Keep every ``step``-th sampled frame."""
    times = np.unique(examined.fingerprint.pts_ms)[::step]
    return _rows(examined, np.isin(examined.fingerprint.pts_ms, times))


def without_pictures(examined: Examined) -> Examined:
    """Leave out the keyframes, and with them verification and what is measured on pictures."""
    return replace(examined, keyframes=())


def full_frames_and_nothing_else(examined: Examined) -> Examined:
    """Keep the hash of the full frame, no features, no pictures."""
    return without_pictures(without_features(full_frames_only(examined)))


CHANGES: Mapping[str, Change] = {
    "everything": lambda examined: examined,
    "no insets": partial(without_views, (View.INSET, View.SECOND_INSET)),
    "no content box, no moving part": partial(without_views, (View.CONTENT, View.MOVING)),
    "full frames only, with features": full_frames_only,
    "no local features": without_features,
    "local features only": without_hashes,
    "half the features": partial(fewer_features, 0.5),
    "features half as often": partial(sparser_features, 2),
    "hashes half as often": partial(sparser_hashes, 2),
    "hashes a quarter as often": partial(sparser_hashes, 4),
    "no verification on pictures": without_pictures,
    "full frames and nothing else": full_frames_and_nothing_else,
}


@dataclass(frozen=True, slots=True)
class Changed:
    """Measures files as ``cache`` does, and then leaves something out of what was measured."""

    cache: FingerprintCache
    change: Change

    def measure(self, paths: Sequence[Path], workers: int) -> Iterator[Measured]:
        """Yield what was measured of each file, changed."""
        for measured in self.cache.measure(paths, workers):
            yield replace(measured, examined=self.change(measured.examined))


COLUMNS = (
    "fingerprint",
    "recall",
    "wrong",
    "false positives",
    "segment F1",
    "borders within 1 s",
    "micro-AP",
    "searched, MB/h",
    "lookup CPU p50, ms",
)


def row(name: str, result: BenchResult, half: str) -> str:
    """Return the table's line for one change."""
    outcomes = without_lookalikes(of_half(result.outcomes, half))
    found = scores(outcomes)
    cells = (
        name,
        _share(found.recall),
        str(found.wrong_assertions),
        str(found.false_positives),
        _share(found.segment_f1),
        _share(borders(outcomes).share),
        _share(found.micro_ap),
        f"{result.cost.index_bytes_per_hour / 1e6:.2f}",
        f"{result.lookup_cpu_ms(0.5):.0f}",
    )
    return f"| {' | '.join(cells)} |"


def main(arguments: list[str] | None = None) -> int:
    """Print the table and return the exit code."""
    options = _parser().parse_args(arguments)
    cache = FingerprintCache(options.cache)
    lines = [f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|"]
    print("\n".join(lines))
    try:
        for name in options.only or CHANGES:
            changed = Changed(cache, CHANGES[name])
            result = run_bench(options.corpus, measure=changed.measure)
            lines.append(row(name, result, options.half))
            print(lines[-1], flush=True)
        if options.write:
            written_between(MARKS, options.write, [*lines, ""])
    except TrackerError as exc:
        print(exc, file=sys.stderr)
        return exc.exit_code
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy.ablation")
    parser.add_argument("corpus", type=Path, metavar="DIR", help="a corpus folder")
    parser.add_argument("--only", nargs="*", choices=list(CHANGES), default=[])
    parser.add_argument("--half", choices=("A", "B", "all"), default="all")
    parser.add_argument("--cache", type=Path, default=user_cache_path("tracker-benchmarks"))
    parser.add_argument("--write", type=Path, metavar="DOCUMENT", help="put the table there")
    return parser


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


if __name__ == "__main__":
    sys.exit(main())
