"""What each view, channel and step adds, and what it costs to search.

    python -m benchmarks.accuracy.ablation DIR [--alike DIR] [--only NAME…] [--half A|B|all]
        [--write DOCUMENT]

Each row leaves something out of the fingerprints of both queries and references, fingerprinting
and thresholds being as they are. What a fingerprint holds is taken from the cache of
``benchmarks.accuracy.run``. Of the corpus ``--alike`` the look-alikes are asked, and nothing else.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.analysis import LOOKALIKE
from benchmarks.accuracy.cache import FingerprintCache
from benchmarks.accuracy.report import of_half
from benchmarks.accuracy.rows import ACCURACY, accuracy_cells, show_table, table_head, table_parser
from benchmarks.accuracy.tables import Marks
from tracker.benchmark import BenchResult, run_bench
from tracker.benchmark.corpus import read_corpus
from tracker.benchmark.run import Measured
from tracker.fingerprint.algorithm import CODE_BYTES, HASH_SIZE
from tracker.fingerprint.views import View
from tracker.model.features import Features
from tracker.model.fingerprint import Examined, Fingerprint
from tracker.model.search_rows import search_rows
from tracker.model.thumbnails import Thumbnails

PROGRAM = "benchmarks.accuracy.ablation"
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


def fewer_features(most: int, examined: Examined) -> Examined:
    """Keep the ``most`` most telling features of each frame."""
    features = examined.fingerprint.features
    counts = np.minimum(features.counts, most).astype(np.uint8)
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


def without_motion(examined: Examined) -> Examined:
    """Leave out the thumbnails, and with them every check of what moves."""
    held = examined.fingerprint.thumbnails
    nothing = Thumbnails(held.pts_ms[:0], held.pictures[:0])
    return _with(examined, replace(examined.fingerprint, thumbnails=nothing))


SHORT_SIDE = 8
"""64 bits: the lowest eight frequencies each way."""


def low_frequencies(examined: Examined) -> Examined:
    """Keep 64 of the 256 bits of each hash, those of the lowest frequencies, four times over.

    So every distance is four times that of the 64 bits, and all radii scale with the length.
    """
    codes = examined.fingerprint.codes
    bits = np.unpackbits(codes, axis=1).reshape(-1, HASH_SIZE, HASH_SIZE)
    times = HASH_SIZE // SHORT_SIDE
    low = np.tile(bits[:, :SHORT_SIDE, :SHORT_SIDE], (1, times, times))
    packed = np.packbits(low.reshape(len(codes), -1), axis=1)
    return _with(examined, replace(examined.fingerprint, codes=packed))


def without_pictures(examined: Examined) -> Examined:
    """Leave out the keyframes, and with them verification and what is measured on pictures."""
    return replace(examined, keyframes=())


def full_frames_and_nothing_else(examined: Examined) -> Examined:
    """Keep the hash of the full frame, no features, no pictures."""
    return without_pictures(without_features(full_frames_only(examined)))


SHORT_HASHES = "64 of 256 bits"
CHANGES: Mapping[str, Change] = {
    "everything": lambda examined: examined,
    "no insets": partial(without_views, (View.INSET, View.SECOND_INSET)),
    "no content box": partial(without_views, (View.CONTENT,)),
    "no moving part": partial(without_views, (View.MOVING,)),
    "full frames only, with features": full_frames_only,
    "no local features": without_features,
    "local features only": without_hashes,
    "40 of 60 features a frame": partial(fewer_features, 40),
    "24 of 60 features a frame": partial(fewer_features, 24),
    "features every 2 s": partial(sparser_features, 2),
    SHORT_HASHES: low_frequencies,
    "hashes every 500 ms": partial(sparser_hashes, 2),
    "hashes every 1000 ms": partial(sparser_hashes, 4),
    "no motion check": without_motion,
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


COLUMNS = ("fingerprint", *ACCURACY, "searched, MB/h", "lookup CPU p50, ms")


def row(
    name: str, result: BenchResult, half: str, alike: BenchResult | None, spared_bytes: int
) -> str:
    """Return the table's line for one change; ``spared_bytes`` of the index would not be kept."""
    per_hour = (result.cost.index_bytes - spared_bytes) / (result.cost.indexed_ms / 3_600_000)
    cells = (
        name,
        *accuracy_cells(of_half(result.outcomes, half), alike.outcomes if alike else ()),
        f"{per_hour / 1e6:.2f}",
        f"{result.lookup_cpu_ms(0.5):.0f}",
    )
    return f"| {' | '.join(cells)} |"


def repeated_bytes(corpus: Path, changed: Changed) -> int:
    """Return the bytes of the references' index that only repeat bits of short hashes."""
    read = read_corpus(corpus)
    measured = changed.measure([read.path(one) for one in read.references], 1)
    rows = sum(len(search_rows(one.examined.fingerprint)) for one in measured)
    return rows * (CODE_BYTES - SHORT_SIDE * SHORT_SIDE // 8)


def lookalikes_only(corpus: Path, folder: Path) -> Path:
    """Return ``folder``, made a corpus of the references and the look-alikes of ``corpus``."""
    read_corpus(corpus)
    truth = json.loads((corpus / "gt.json").read_bytes())
    truth["queries"] = [q for q in truth["queries"] if q["family"].startswith(LOOKALIKE)]
    for number, entry in enumerate([*truth["refs"], *truth["queries"]]):
        file, entry["file"] = entry["file"], f"{number}.video"
        shutil.copyfile(corpus / file, folder / entry["file"])
    (folder / "gt.json").write_text(json.dumps(truth), "utf-8")
    return folder


def _table(options: argparse.Namespace) -> Iterator[str]:
    yield from table_head(COLUMNS)
    with tempfile.TemporaryDirectory(prefix="tracker-bench-") as folder:
        alike = lookalikes_only(options.alike, Path(folder)) if options.alike else None
        cache = FingerprintCache(options.cache)
        for name in options.only or CHANGES:
            changed = Changed(cache, CHANGES[name])
            result = run_bench(options.corpus, measure=changed.measure)
            asked = run_bench(alike, measure=changed.measure) if alike else None
            spared = repeated_bytes(options.corpus, changed) if name == SHORT_HASHES else 0
            yield row(name, result, options.half, asked, spared)


def main(arguments: list[str] | None = None) -> int:
    """Print the table and return the exit code."""
    parser = table_parser(PROGRAM, CHANGES)
    parser.add_argument("--half", choices=("A", "B", "all"), default="all")
    options = parser.parse_args(arguments)
    return show_table(PROGRAM, MARKS, _table(options), options.write)


if __name__ == "__main__":
    sys.exit(main())
