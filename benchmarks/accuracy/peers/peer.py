"""A method that is compared with the product, and what it found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from benchmarks.accuracy.analysis import LOOKALIKE, at_threshold
from tracker.benchmark.corpus import Corpus, Query, Reference
from tracker.benchmark.metrics import Answer, Outcome
from tracker.media.probe import probe
from tracker.model.match import Segment

Data = TypeVar("Data")


@dataclass(frozen=True, slots=True)
class Features(Generic[Data]):
    """What a method keeps of a file: the data, the bytes it takes and the CPU time it cost."""

    data: Data
    kept_bytes: int
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Judged:
    """How alike a method finds a query and a reference, and where, if it says so."""

    score: float
    segments: tuple[Segment, ...] = ()


@dataclass(frozen=True, slots=True)
class PeerResult:
    """A method, by name and version, what it scored, and what it cost.

    ``shipped_score`` is the score from which on the method, as it is shipped, says "the same";
    ``None`` if it leaves that to its user.
    """

    name: str
    version: str
    shipped_score: float | None
    outcomes: tuple[Outcome, ...]
    cpu_s: float
    kept_bytes_per_hour: float

    def at_no_false_positive(self) -> list[Outcome]:
        """Return what is asserted by the lowest threshold that no negative reaches.

        Look-alikes do not take part in choosing it.
        """
        best = (
            answer.score
            for outcome in self.outcomes
            if not outcome.query.positive and not outcome.query.family.startswith(LOOKALIKE)
            for answer in outcome.answers
        )
        return at_threshold(self.outcomes, max(best, default=0.0))

    def as_shipped(self) -> list[Outcome] | None:
        """Return what is asserted by the shipped settings, if there are any."""
        if self.shipped_score is None:
            return None
        # Thresholds assert what lies above them; the shipped score itself is enough.
        return at_threshold(self.outcomes, self.shipped_score - 1e-9)


def entries(corpus: Corpus) -> list[Reference | Query]:
    """Return references and queries."""
    return [*corpus.references, *corpus.queries]


def measured_peer(
    name: str,
    version: str,
    shipped_score: float | None,
    corpus: Corpus,
    features: Mapping[str, Features[Data]],
    judge: Callable[[Data, Data], Judged],
) -> PeerResult:
    """Return what ``judge(query, reference)`` makes of every pair of the corpus."""
    outcomes = [
        _outcome(query, features[query.id].data, corpus.references, features, judge)
        for query in corpus.queries
    ]
    hours = _hours(corpus)
    kept = sum(features[reference.id].kept_bytes for reference in corpus.references)
    cpu_s = sum(one.cpu_s for one in features.values())
    return PeerResult(name, version, shipped_score, tuple(outcomes), cpu_s, kept / hours)


def _outcome(
    query: Query,
    data: Data,
    references: Sequence[Reference],
    features: Mapping[str, Features[Data]],
    judge: Callable[[Data, Data], Judged],
) -> Outcome:
    judged = ((r.id, judge(data, features[r.id].data)) for r in references)
    answers = (Answer(name, j.score, False, j.segments) for name, j in judged if j.score > 0)
    return Outcome(query, tuple(answers), 0.0)


def _hours(corpus: Corpus) -> float:
    return sum(_seconds(corpus.path(reference)) for reference in corpus.references) / 3600


def _seconds(path: Path) -> float:
    return probe(path).duration_ms / 1000


def of_entries(corpus: Corpus, found: Iterable[Features[Data]]) -> dict[str, Features[Data]]:
    """Return features in the order of ``entries`` by id."""
    return {entry.id: one for entry, one in zip(entries(corpus), found, strict=True)}
