"""One corpus measured: everything worth knowing about it, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.accuracy.analysis import (
    borders,
    half,
    lookalikes,
    short_copies,
    threshold_report,
    without_lookalikes,
    wrong_answers,
)
from benchmarks.accuracy.labels import label_scores
from tracker.benchmark import BenchResult
from tracker.benchmark.metrics import Outcome, Scores, scores

SCHEMA = "tracker/accuracy/1"


@dataclass(frozen=True, slots=True)
class Measurement:
    """A corpus, named, and what a run over it found."""

    corpus: str
    result: BenchResult


def of_half(outcomes: Sequence[Outcome], wanted: str) -> tuple[Outcome, ...]:
    """Return the outcomes of half ``A`` or ``B``, or of ``all``."""
    return tuple(o for o in outcomes if wanted == "all" or half(o) == wanted)


def report_lines(result: BenchResult, wanted_half: str) -> Iterator[str]:
    """Yield what the benchmark's tables leave out, one finding a line.

    Only the threshold is about both halves.
    """
    outcomes = of_half(result.outcomes, wanted_half)
    families = by_family(outcomes)
    yield "recall per family, misses named:"
    for name, group in families.items():
        yield from _family_line(name, group)
    yield from _short_lines(outcomes)
    yield from _border_lines(outcomes)
    yield from _label_lines(outcomes)
    wrong = wrong_answers(outcomes)
    yield f"wrong assertions at any rank: {len(wrong)}{_listed(wrong)}"
    yield from _lookalike_lines(outcomes)
    plain = without_lookalikes(result.outcomes)
    yield from _threshold_lines("without look-alikes", plain)
    if len(plain) < len(result.outcomes):
        yield from _threshold_lines("all queries", result.outcomes)


def report_document(measurement: Measurement, wanted_half: str) -> dict[str, object]:
    """Return the measurement as one JSON object."""
    outcomes = of_half(measurement.result.outcomes, wanted_half)
    near, labels, short = borders(outcomes), label_scores(outcomes), short_copies(outcomes)
    return {
        "schema": SCHEMA,
        "corpus": measurement.corpus,
        "half": wanted_half,
        "bench": measurement.result.document(),
        "recall": scores(outcomes).recall,
        "missed": {name: _missed(group) for name, group in by_family(outcomes).items()},
        "wrong": wrong_answers(outcomes),
        "short_copies": {"queries": len(short), "found": sum(o.found for o in short)},
        "borders": {"reported": near.reported, "within_1_s": near.share, "far": near.far},
        "labels": {
            "judged": labels.judged,
            "right": labels.accuracy,
            "contradicted": labels.contradicted,
            "wrong": labels.wrong,
        },
        "lookalikes": {
            name: {"queries": len(group), "asserted": wrong_answers(group)}
            for name, group in by_family(lookalikes(outcomes)).items()
        },
        "threshold": _threshold_document(without_lookalikes(measurement.result.outcomes)),
        "threshold_with_lookalikes": _threshold_document(measurement.result.outcomes),
    }


def by_family(outcomes: Sequence[Outcome]) -> dict[str, list[Outcome]]:
    """Return the outcomes of each family of edits."""
    names = sorted({outcome.query.family for outcome in outcomes})
    return {name: [o for o in outcomes if o.query.family == name] for name in names}


def _missed(group: Sequence[Outcome]) -> list[str]:
    return [o.query.id for o in group if o.query.positive and not o.found]


def _family_line(name: str, group: Sequence[Outcome]) -> Iterator[str]:
    row = scores(group)
    if row.positives:
        found = f"{row.found}/{row.positives} = {row.recall or 0:.2f}"
        yield f"  {name:<18} {found:<14} seg F1 {_number(row.segment_f1)}{_listed(_missed(group))}"


def _short_lines(outcomes: Sequence[Outcome]) -> Iterator[str]:
    short = short_copies(outcomes)
    if short:
        found = sum(outcome.found for outcome in short)
        share = f"{found}/{len(short)} = {found / len(short):.2f}"
        yield f"copies of 3 s found: {share}{_listed(_missed(short))}"


def _border_lines(outcomes: Sequence[Outcome]) -> Iterator[str]:
    near = borders(outcomes)
    yield f"borders within 1 s: {near.near}/{near.reported} = {_number(near.share)}"
    if near.far:
        yield f"  farther: {'; '.join(near.far)}"


def _label_lines(outcomes: Sequence[Outcome]) -> Iterator[str]:
    labels = label_scores(outcomes)
    yield (
        f"main edit named: {labels.right}/{labels.judged} = {_number(labels.accuracy)}; "
        f"copies with a label that has no ground: {labels.contradicted}"
    )
    yield from (f"  {line}" for line in labels.wrong)


def _lookalike_lines(outcomes: Sequence[Outcome]) -> Iterator[str]:
    for name, group in by_family(lookalikes(outcomes)).items():
        wrong = wrong_answers(group)
        best = max((a.score for o in group for a in o.answers), default=0.0)
        asserted = f"{len(wrong)} wrong assertions on {len(group)} queries"
        yield f"{name}: {asserted}, best score {best:.2f}{_listed(wrong)}"


def _threshold_lines(name: str, outcomes: Sequence[Outcome]) -> Iterator[str]:
    report = threshold_report(outcomes)
    chosen = report.threshold
    yield (
        f"threshold chosen on half A, {name}: {chosen.least_score:.3f} (best wrong score "
        f"{chosen.best_wrong:.3f}, weakest right one above it {_number(chosen.weakest_right)})"
    )
    for name, row in (("A", report.on_a), ("B", report.on_b)):
        yield (
            f"  half {name} under it: recall {_number(row.recall)} of {row.positives}, "
            f"{row.wrong_assertions} wrong references, {row.false_positives} false positives "
            f"on {row.negatives}"
        )


def _threshold_document(outcomes: Sequence[Outcome]) -> dict[str, object]:
    report = threshold_report(outcomes)
    return {
        "chosen_on_a": round(report.threshold.least_score, 4),
        "best_wrong_on_a": round(report.threshold.best_wrong, 4),
        "weakest_right_on_a": report.threshold.weakest_right,
        "a": _brief(report.on_a),
        "b": _brief(report.on_b),
    }


def _brief(row: Scores) -> dict[str, object]:
    return {
        "positives": row.positives,
        "negatives": row.negatives,
        "recall": row.recall,
        "wrong_assertions": row.wrong_assertions,
        "false_positives": row.false_positives,
    }


def _listed(names: Sequence[str]) -> str:
    return f": {', '.join(names)}" if names else ""


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
