"""What finds stretches better, voting over lines or a temporal network, and what each step adds.

    python -m benchmarks.accuracy.aligners DIR [--alike DIR] [--write DOCUMENT]

Each method gets the very frame hits the product works on, of the very candidates; it is scored as
``tracker bench`` scores. "Alone" means: stretches straight from the runs, proved by how alike
their frames are. The steps after it are the product's own. What a fingerprint holds is taken from
the cache of ``benchmarks.accuracy.run``.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.accuracy.analysis import LOOKALIKE
from benchmarks.accuracy.cache import FingerprintCache
from benchmarks.accuracy.rows import ACCURACY, accuracy_cells, show_table, table_head, table_parser
from benchmarks.accuracy.tables import Marks
from benchmarks.accuracy.temporal_network import network_runs
from storage.index import FaissHashIndex, feature_rows, features_key
from tracker.benchmark.corpus import Query, Reference, read_corpus
from tracker.benchmark.metrics import Answer, Outcome, percentile
from tracker.fingerprint.algorithm import CODE_BYTES, current_algorithm
from tracker.matching.alignment import AlignedRun, aligned_runs
from tracker.matching.borders import borders
from tracker.matching.candidates import candidates
from tracker.matching.compare import LEAST_PROOF
from tracker.matching.feature_pairs import FeaturePairs
from tracker.matching.frame_hits import FrameHits, frame_hits
from tracker.matching.moments import Moment, moment
from tracker.matching.score import MATCH_SCORE, SEGMENT_EVIDENCE, evidence, proven, score
from tracker.model.features import CODE_BYTES as FEATURE_CODE_BYTES
from tracker.model.features import Features
from tracker.model.fingerprint import Fingerprint
from tracker.model.ids import VideoId, video_id
from tracker.model.match import Segment

PROGRAM = "benchmarks.accuracy.aligners"
MARKS = Marks("aligners")
LEAST_SCORE = 0.02
"""Pairs below this are not named, as in the product."""

Align = Callable[[FrameHits, Callable[[AlignedRun], bool]], Iterator[AlignedRun]]
Found = tuple[Segment, float]
"""A stretch and what it proves."""


def _network(
    hits: FrameHits, _useful: Callable[[AlignedRun], bool], gap_ms: int
) -> Iterator[AlignedRun]:
    return network_runs(hits, gap_ms=gap_ms)


@dataclass(frozen=True, slots=True)
class Method:
    """How runs are found, and which steps come after it."""

    align: Align
    motion: bool = False
    second_look: bool = False


SHORT_GAPS = partial(_network, gap_ms=2500)
LONG_GAPS = partial(_network, gap_ms=10_000)
METHODS = {
    "network alone, gaps to 2.5 s": Method(SHORT_GAPS),
    "network alone, gaps to 10 s": Method(LONG_GAPS),
    "voting alone": Method(aligned_runs),
    "network (2.5 s), motion, second look": Method(SHORT_GAPS, motion=True, second_look=True),
    "network (10 s), motion, second look": Method(LONG_GAPS, motion=True, second_look=True),
    "voting, motion": Method(aligned_runs, motion=True),
    "voting, motion, second look": Method(aligned_runs, motion=True, second_look=True),
}


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Two fingerprints, the shorter first, with what is alike in them."""

    query: Fingerprint
    reference: Fingerprint
    hits: FrameHits
    features: FeaturePairs
    turned: bool

    @classmethod
    def of(cls, query: Fingerprint, reference: Fingerprint) -> Pair:
        """Return the pair; ``turned`` tells that the reference is the shorter one."""
        turned = query.duration_ms > reference.duration_ms
        one, other = (reference, query) if turned else (query, reference)
        features = FeaturePairs(one.features, other.features)
        return cls(one, other, frame_hits(one, other, features), features, turned)


def stretches(method: Method, pair: Pair) -> list[Found]:
    """Return what the method says the two videos share, and what each stretch proves."""
    found: list[Found] = []
    refused: list[AlignedRun] = []
    for run in method.align(pair.hits, lambda run: run not in refused):
        stretch = _stretch(method, run, pair)
        if stretch is None or stretch[1] < LEAST_PROOF:
            refused.append(run)
        else:
            found.append(stretch)
    strong = [stretch for stretch in found if stretch[1] >= SEGMENT_EVIDENCE]
    return strong or sorted(found, key=lambda stretch: -stretch[1])[:1]


def _stretch(method: Method, run: AlignedRun, pair: Pair) -> Found | None:
    alike = evidence(run, pair.query, pair.reference)
    if alike < LEAST_PROOF:
        return None
    known = _known(method, run, pair)
    ends = borders(run, known, pair.query, pair.reference)
    if ends is None:
        return None
    proof = proven(alike, known)
    segment = Segment(*ends, known.line.speed, known.line.mirrored, score(proof))
    return (segment.swapped() if pair.turned else segment), proof


def _known(method: Method, run: AlignedRun, pair: Pair) -> Moment:
    if not method.motion:
        return Moment(run.line, 1.0, None, None, None, still=False)
    nothing = FeaturePairs(Features.none(), Features.none())
    features = pair.features if method.second_look else nothing
    return moment(run, features, pair.query, pair.reference)


class Library:
    """The fingerprints of a corpus, its references indexed in ``directory``."""

    def __init__(self, corpus: Path, cache: FingerprintCache, directory: Path, *, alike: bool):
        read = read_corpus(corpus)
        self.queries = [q for q in read.queries if not alike or q.family.startswith(LOOKALIKE)]
        entries: list[Reference | Query] = [*read.references, *self.queries]
        measured = cache.measure([read.path(entry) for entry in entries], 1)
        prints = [one.examined.fingerprint for one in measured]
        self._names = {_video(at): one.id for at, one in enumerate(read.references)}
        self._references = dict(zip(self._names, prints, strict=False))
        self.prints = dict(
            zip((q.id for q in self.queries), prints[len(self._names) :], strict=True)
        )
        key = current_algorithm().key
        self._hashes = FaissHashIndex(directory, key, CODE_BYTES)
        self._hashes.refresh(self._after)
        self._features = FaissHashIndex(
            directory, features_key(key), FEATURE_CODE_BYTES, feature_rows
        )
        self._features.refresh(self._after)

    def candidates(self, query: Query) -> list[tuple[str, Fingerprint]]:
        """Return name and fingerprint of every reference worth a look."""
        found = candidates(self.prints[query.id], self._hashes, self._features)
        return [(self._names[one.video], self._references[one.video]) for one in found]

    def _after(self, row: int) -> Iterator[tuple[int, VideoId, Fingerprint]]:
        for number, (video, fingerprint) in enumerate(self._references.items(), start=1):
            if number > row:
                yield number, video, fingerprint


def _video(number: int) -> VideoId:
    return video_id(f"{number:064x}")


def outcomes(library: Library, methods: Sequence[str]) -> dict[str, list[Outcome]]:
    """Return what each method answers to every query."""
    answered: dict[str, list[Outcome]] = {name: [] for name in methods}
    for query in library.queries:
        started = time.process_time()
        print_ = library.prints[query.id]
        pairs = [(name, Pair.of(print_, other)) for name, other in library.candidates(query)]
        common_ms = 1000 * (time.process_time() - started)
        for name in methods:
            started = time.process_time()
            answers = tuple(_answers(METHODS[name], pairs))
            spent_ms = common_ms + 1000 * (time.process_time() - started)
            answered[name].append(Outcome(query, answers, spent_ms, spent_ms))
    return answered


def _answers(method: Method, pairs: Sequence[tuple[str, Pair]]) -> Iterator[Answer]:
    for name, pair in pairs:
        found = stretches(method, pair)
        total = score(sum(proof for _, proof in found))
        if found and total >= LEAST_SCORE:
            segments = tuple(segment for segment, _ in found)
            yield Answer(name, total, total >= MATCH_SCORE, segments)


def _table(options: argparse.Namespace) -> Iterator[str]:
    cache, methods = FingerprintCache(options.cache), options.only or list(METHODS)
    with tempfile.TemporaryDirectory(prefix="tracker-bench-") as folder:
        main_folder, alike_folder = Path(folder, "main"), Path(folder, "alike")
        alike: dict[str, list[Outcome]] = {name: [] for name in methods}
        if options.alike:
            library = Library(options.alike, cache, alike_folder, alike=True)
            alike = outcomes(library, methods)
        answered = outcomes(Library(options.corpus, cache, main_folder, alike=False), methods)
    yield from table_head(("aligned by", *ACCURACY, "lookup CPU p50, ms"))
    for name in methods:
        cpu_ms = percentile([outcome.lookup_cpu_ms for outcome in answered[name]], 0.5)
        cells = (name, *accuracy_cells(answered[name], alike[name]), f"{cpu_ms:.0f}")
        yield f"| {' | '.join(cells)} |"


def main(arguments: list[str] | None = None) -> int:
    """Print the table and return the exit code."""
    options = table_parser(PROGRAM, METHODS).parse_args(arguments)
    return show_table(PROGRAM, MARKS, _table(options), options.write)


if __name__ == "__main__":
    sys.exit(main())
