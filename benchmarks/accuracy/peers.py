"""Prints what a plain count of perceptual hashes finds on a corpus folder, beside the product.

    python -m benchmarks.accuracy.peers DIR

The plain count takes one 64-bit pHash a second of every video and calls two videos related when
enough hashes of the query lie near hashes of the reference. As a favour to it, distance and
count are chosen on the corpus itself: those that find most with no false positive.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import faiss
import imagehash
import numpy as np
import numpy.typing as npt
from PIL import Image
from rich.console import Console
from rich.table import Table

from tracker.benchmark import BenchResult, run_bench
from tracker.benchmark.corpus import Corpus, Query, Reference, read_corpus
from tracker.errors import TrackerError
from tracker.media.frames import FrameReader, Sampling
from tracker.media.probe import MediaLimits

DISTANCES = range(2, 21, 2)


@dataclass(frozen=True, slots=True)
class NaiveCounts:
    """The best the plain count can do without a false positive."""

    max_distance_bits: int
    least_share: float
    recall: float
    false_positives: int
    wrong_assertions: int
    recall_of: Mapping[str, float]


def naive_counts(directory: Path) -> NaiveCounts:
    """Return what counting near hashes finds on the corpus in ``directory``."""
    corpus = read_corpus(directory)
    references = {r.id: _hashes(corpus, r) for r in corpus.references}
    queries = {q.id: _hashes(corpus, q) for q in corpus.queries}
    results = []
    for radius in DISTANCES:
        shares = {q.id: _shares(queries[q.id], references, radius) for q in corpus.queries}
        results.append(_at_no_false_positive(corpus, shares, radius))
    return max(results, key=lambda result: result.recall)


def _hashes(corpus: Corpus, entry: Reference | Query) -> npt.NDArray[np.uint8]:
    reader = FrameReader(corpus.path(entry), Sampling(interval_ms=1000), MediaLimits())
    bits = [imagehash.phash(Image.fromarray(frame.gray)).hash.ravel() for frame in reader]
    return np.packbits(np.array(bits), axis=1)


def _shares(
    codes: npt.NDArray[np.uint8], references: Mapping[str, npt.NDArray[np.uint8]], radius: int
) -> dict[str, float]:
    """Return of each reference the share of the query's hashes that it holds a near one to."""
    shares = {}
    for name, held in references.items():
        index = faiss.IndexBinaryFlat(64)
        index.add(held)
        nearest = index.search(codes, 1)[0][:, 0]
        shares[name] = float((nearest <= radius).mean())
    return shares


def _at_no_false_positive(
    corpus: Corpus, shares: Mapping[str, Mapping[str, float]], radius: int
) -> NaiveCounts:
    negatives = [max(shares[q.id].values()) for q in corpus.queries if not q.positive]
    threshold = max([0.0, *negatives])
    found: dict[str, list[bool]] = defaultdict(list)
    wrong = 0
    for query in corpus.queries:
        if query.ref is None:
            continue
        named = {name for name, share in shares[query.id].items() if share > threshold}
        found[query.transform].append(query.ref in named)
        wrong += len(named - {query.ref})
    every = [hit for hits in found.values() for hit in hits]
    recall_of = {name: sum(hits) / len(hits) for name, hits in sorted(found.items())}
    recall = sum(every) / len(every) if every else 0.0
    return NaiveCounts(radius, threshold, recall, 0, wrong, recall_of)


def _table(naive: NaiveCounts, ours: BenchResult) -> Table:
    table = Table("transform", "plain count", "tracker")
    for name, row in ours.by_transform().items():
        if row.recall is not None:
            table.add_row(name, f"{naive.recall_of[name]:.2f}", f"{row.recall:.2f}")
    overall = ours.overall()
    table.add_section()
    table.add_row("recall", f"{naive.recall:.2f}", f"{overall.recall or 0:.2f}")
    table.add_row("false positives", str(naive.false_positives), str(overall.false_positives))
    table.add_row("wrong assertions", str(naive.wrong_assertions), str(overall.wrong_assertions))
    return table


def main() -> int:
    """Print both side by side and return the exit code."""
    if len(sys.argv) != 2:
        print("usage: python -m benchmarks.accuracy.peers DIR", file=sys.stderr)
        return 2
    directory = Path(sys.argv[1])
    try:
        naive, ours = naive_counts(directory), run_bench(directory)
    except TrackerError as exc:
        print(exc, file=sys.stderr)
        return exc.exit_code
    Console().print(_table(naive, ours))
    print(f"plain count: within {naive.max_distance_bits} bits, more than {naive.least_share:.0%}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
