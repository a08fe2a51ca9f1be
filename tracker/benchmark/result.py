"""What a benchmark run measured, as a value and as the contract's JSON object."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import groupby

from tracker.benchmark.metrics import Outcome, Scores, percentile, scores

SCHEMA = "tracker/bench/1"


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU time and space.

    ``examine_cpu_s`` is the CPU time of decoding and fingerprinting ``video_ms`` of footage;
    ``ffmpeg_cpu_s`` that of ffmpeg decoding the same files to nothing on one thread.
    ``index_bytes`` is the size on disk of the index over ``indexed_ms`` of references,
    ``sound_bytes`` that of the index of their sounds, ``keyframe_bytes`` that of the pictures
    kept of them.
    """

    video_ms: int
    examine_cpu_s: float
    ffmpeg_cpu_s: float
    indexed_ms: int
    index_bytes: int
    sound_bytes: int = 0
    keyframe_bytes: int = 0

    @property
    def cpu_s_per_minute(self) -> float:
        """CPU seconds that fingerprinting a minute of video takes."""
        return self.examine_cpu_s / (self.video_ms / 60_000)

    @property
    def ffmpeg_cpu_s_per_minute(self) -> float:
        """CPU seconds that ffmpeg takes to decode a minute of the same video."""
        return self.ffmpeg_cpu_s / (self.video_ms / 60_000)

    @property
    def ratio(self) -> float:
        """How many times the CPU time of ffmpeg's decoding alone."""
        return self.examine_cpu_s / self.ffmpeg_cpu_s

    @property
    def index_bytes_per_hour(self) -> float:
        """Bytes of index an hour of video takes."""
        return self.index_bytes / (self.indexed_ms / 3_600_000)

    @property
    def sound_bytes_per_hour(self) -> float:
        """Bytes of sound index an hour of video takes."""
        return self.sound_bytes / (self.indexed_ms / 3_600_000)

    @property
    def keyframe_bytes_per_hour(self) -> float:
        """Bytes of kept pictures an hour of video takes."""
        return self.keyframe_bytes / (self.indexed_ms / 3_600_000)


@dataclass(frozen=True, slots=True)
class BenchResult:
    """All outcomes of a run and what they cost; ``algorithm_key`` says of which algorithm."""

    algorithm_key: str
    references: int
    outcomes: tuple[Outcome, ...]
    cost: Cost

    def overall(self) -> Scores:
        """Return the accuracy over all queries."""
        return scores(self.outcomes)

    def by_transform(self) -> dict[str, Scores]:
        """Return the accuracy of each transform, by name."""
        return self._by(lambda outcome: outcome.query.transform)

    def by_family(self) -> dict[str, Scores]:
        """Return the accuracy of each family of transforms, by name."""
        return self._by(lambda outcome: outcome.query.family)

    def lookup_ms(self, share: float) -> float:
        """Return the time of a lookup that this share of the lookups did not exceed."""
        return percentile([outcome.lookup_ms for outcome in self.outcomes], share)

    def lookup_cpu_ms(self, share: float) -> float:
        """Return the CPU time of a lookup that this share of the lookups did not exceed."""
        return percentile([outcome.lookup_cpu_ms for outcome in self.outcomes], share)

    def best_wrong_score(self) -> float:
        """Return the highest score given to a reference that shares no footage with its query."""
        return max(
            (
                answer.score
                for outcome in self.outcomes
                for answer in outcome.answers
                if answer.reference != outcome.query.ref
            ),
            default=0.0,
        )

    def missed(self) -> tuple[str, ...]:
        """Return the ids of positives whose right reference is not asserted."""
        return tuple(o.query.id for o in self.outcomes if o.query.positive and not o.found)

    def document(self) -> dict[str, object]:
        """Return the run as the contract's JSON object."""
        return {
            "schema": SCHEMA,
            "algorithm": self.algorithm_key,
            "references": self.references,
            "queries": len(self.outcomes),
            "overall": _scores_document(self.overall()),
            "transforms": {k: _scores_document(v) for k, v in self.by_transform().items()},
            "families": {k: _scores_document(v) for k, v in self.by_family().items()},
            "fingerprint": self._fingerprint_document(),
            "lookup_ms": {
                "p50": round(self.lookup_ms(0.50), 1),
                "p95": round(self.lookup_ms(0.95), 1),
            },
            "lookup_cpu_ms": {
                "p50": round(self.lookup_cpu_ms(0.50), 1),
                "p95": round(self.lookup_cpu_ms(0.95), 1),
            },
            "index": {"bytes_per_hour": round(self.cost.index_bytes_per_hour)},
            "sound": {"bytes_per_hour": round(self.cost.sound_bytes_per_hour)},
            "keyframes": {"bytes_per_hour": round(self.cost.keyframe_bytes_per_hour)},
            "best_wrong_score": round(self.best_wrong_score(), 4),
            "missed": list(self.missed()),
        }

    def _fingerprint_document(self) -> Mapping[str, float]:
        cost = self.cost
        return {
            "video_minutes": round(cost.video_ms / 60_000, 3),
            "cpu_s_per_minute": round(cost.cpu_s_per_minute, 4),
            "ffmpeg_cpu_s_per_minute": round(cost.ffmpeg_cpu_s_per_minute, 4),
            "ratio_to_ffmpeg": round(cost.ratio, 3),
        }

    def _by(self, key: Callable[[Outcome], str]) -> dict[str, Scores]:
        ordered = sorted(self.outcomes, key=key)
        return {name: scores(list(group)) for name, group in groupby(ordered, key=key)}


def _scores_document(value: Scores) -> dict[str, object]:
    return {
        "positives": value.positives,
        "negatives": value.negatives,
        "recall": _rounded(value.recall),
        "wrong_assertions": value.wrong_assertions,
        "false_positives": value.false_positives,
        "segment_precision": _rounded(value.segment_precision),
        "segment_recall": _rounded(value.segment_recall),
        "segment_f1": _rounded(value.segment_f1),
        "micro_ap": _rounded(value.micro_ap),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
