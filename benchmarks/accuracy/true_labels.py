"""Prints how well edits are named where the shared stretch is known, apart from finding it.

    python -m benchmarks.accuracy.true_labels DIR [--cache CACHE] [--workers N]

Each copy of the corpus folder is compared with its reference over the true stretch; what the
keyframes then show is held against the family of the edit. Prints the share of copies whose main
edit is named, by family, what is named without ground, and the CPU time it takes.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from platformdirs import user_cache_path
from rich.console import Console
from rich.table import Table

from benchmarks.accuracy.cache import FingerprintCache
from benchmarks.accuracy.labels import label_scores
from tracker.benchmark.corpus import Corpus, Query, Reference, read_corpus
from tracker.benchmark.metrics import Answer, Outcome
from tracker.errors import TrackerError
from tracker.matching.transformations import transformations
from tracker.matching.verify import measured
from tracker.model.fingerprint import Examined
from tracker.model.match import Segment


def labelled(corpus: Corpus, cache: FingerprintCache, workers: int) -> Iterator[Outcome]:
    """Yield each copy with what is named of it, and the time that took."""
    copies = [query for query in corpus.queries if query.positive]
    entries: list[Reference | Query] = [*corpus.references, *copies]
    files = [corpus.path(entry) for entry in entries]
    found = zip(entries, cache.measure(files, workers), strict=True)
    examined = {entry.id: one.examined for entry, one in found}
    mirrored = _mirrored(corpus)
    for query in copies:
        segments = tuple(_segments(query, mirrored=query.id in mirrored))
        yield _outcome(query, segments, examined[query.id], examined[query.ref or ""])


def _mirrored(corpus: Corpus) -> set[str]:
    truth = json.loads((corpus.directory / "gt.json").read_bytes())
    return {query["id"] for query in truth["queries"] if query.get("flip")}


def _segments(query: Query, *, mirrored: bool) -> Iterator[Segment]:
    for shared in query.stretches:
        q0, q1 = round(1000 * shared.query_start), round(1000 * shared.query_end)
        r0, r1 = round(1000 * shared.ref_start), round(1000 * shared.ref_end)
        yield Segment(q0, q1, r0, r1, (r1 - r0) / (q1 - q0), mirrored, score=1.0)


def _outcome(
    query: Query, segments: tuple[Segment, ...], copy: Examined, reference: Examined
) -> Outcome:
    started = time.process_time()
    longest = max(segments, key=lambda s: s.query_end_ms - s.query_start_ms)
    named = transformations(
        segments,
        reference.fingerprint.duration_ms,
        measured(longest, copy.keyframes, reference.keyframes),
        query_duration_ms=copy.fingerprint.duration_ms,
    )
    spent_ms = 1000 * (time.process_time() - started)
    kinds = tuple(item.kind for item in named)
    answer = Answer(query.ref or "", 1.0, True, segments, kinds)
    return Outcome(query, (answer,), spent_ms, spent_ms)


def _print(outcomes: list[Outcome]) -> None:
    families: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        families[outcome.query.family].append(outcome)
    table = Table("family", "copies", "main edit named", "a label without ground")
    for family, members in [*families.items(), ("all", outcomes)]:
        scores = label_scores(members)
        share = "–" if scores.accuracy is None else f"{scores.accuracy:.3f}"
        table.add_row(family, str(scores.judged), share, str(scores.contradicted))
    console = Console()
    console.print(table)
    for line in label_scores(outcomes).wrong:
        console.print(f"  {line}", highlight=False)
    spent = [outcome.lookup_cpu_ms for outcome in outcomes]
    console.print(f"CPU a copy: median {np.median(spent):.0f} ms, mean {np.mean(spent):.0f} ms")


def main() -> int:
    """Print the table and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--cache", type=Path, default=user_cache_path("tracker-benchmarks"))
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    try:
        corpus = read_corpus(options.corpus)
        _print(list(labelled(corpus, FingerprintCache(options.cache), options.workers)))
    except TrackerError as exc:
        print(exc, file=sys.stderr)
        return exc.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
