"""Measurements as the tables of a document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks.accuracy.analysis import (
    borders,
    lookalikes,
    short_copies,
    threshold_report,
    without_lookalikes,
    wrong_answers,
)
from benchmarks.accuracy.labels import label_scores
from benchmarks.accuracy.peers.peer import PeerResult
from benchmarks.accuracy.report import Measurement, by_family
from tracker.benchmark.metrics import Outcome, Scores, scores
from tracker.errors import UsageError

_VERSIONS = ("av", "faiss-cpu", "imagehash", "numpy", "opencv-python-headless")
LEAST_RECALL = 0.92


@dataclass(frozen=True, slots=True)
class Compared:
    """A corpus measured by the product and by peers."""

    measurement: Measurement
    peers: tuple[PeerResult, ...]


@dataclass(frozen=True, slots=True)
class Marks:
    """The lines of a document between which measurements stand."""

    name: str

    @property
    def begin(self) -> str:
        """The line before."""
        return f"<!-- {self.name}: begin -->"

    @property
    def end(self) -> str:
        """The line after."""
        return f"<!-- {self.name}: end -->"


MARKS = Marks("measured")


def write_tables(document: Path, compared: Sequence[Compared], command: str) -> None:
    """Replace what stands between the marks of ``document`` by the tables.

    Raises ``UsageError`` if the marks are not there.
    """
    written_between(MARKS, document, list(_lines(compared, command)))


def written_between(marks: Marks, document: Path, lines: Sequence[str]) -> None:
    """Replace what stands between ``marks``; raise ``UsageError`` if they are not there."""
    text = document.read_text("utf-8")
    if marks.begin not in text or marks.end not in text:
        raise UsageError(f"{document} has no lines {marks.begin} and {marks.end}")
    body = "\n".join(lines)
    pattern = re.compile(f"{re.escape(marks.begin)}.*?{re.escape(marks.end)}", re.DOTALL)
    whole = f"{marks.begin}\n\n{body}\n{marks.end}"
    document.write_text(pattern.sub(lambda _: whole, text), "utf-8")


def versions_line(command: str) -> str:
    """Return what was run, and the versions of the libraries that decide."""
    versions = ", ".join(f"{name} {version(name)}" for name in _VERSIONS)
    return f"Command: `{command}`. Versions: {versions}."


def _lines(compared: Sequence[Compared], command: str) -> Iterator[str]:
    yield versions_line(command)
    yield ""
    for one in compared:
        yield from _corpus_lines(one)


def _corpus_lines(one: Compared) -> Iterator[str]:
    outcomes = one.measurement.result.outcomes
    plain = without_lookalikes(outcomes)
    yield f"### Corpus `{one.measurement.corpus}`"
    yield ""
    yield _size(one)
    yield ""
    yield from _method_table(one, plain)
    yield from _family_table(one, plain)
    yield from _target_table(one, plain)
    yield from _lookalike_table(one)
    yield from _short_of(plain)


def _size(one: Compared) -> str:
    result = one.measurement.result
    positives = sum(outcome.query.positive for outcome in result.outcomes)
    alike = len(lookalikes(result.outcomes))
    others = len(result.outcomes) - positives - alike
    minutes = result.cost.indexed_ms / 60_000
    more = f", {alike} look-alikes" if alike else ""
    return (
        f"{result.references} references ({minutes:.0f} minutes), {positives} copies, "
        f"{others} queries of footage that is in no reference{more}."
    )


_COLUMNS = (
    "method",
    "settings",
    "recall",
    "wrong references",
    "false positives",
    "segment F1",
    "micro-AP",
    "kept, MB/h",
    "CPU ÷ decode",
)


def _method_table(one: Compared, plain: Sequence[Outcome]) -> Iterator[str]:
    yield f"| {' | '.join(_COLUMNS)} |"
    yield "|---" * len(_COLUMNS) + "|"
    cost = one.measurement.result.cost
    row = scores(plain)
    kept = cost.index_bytes_per_hour / 1e6
    yield _method_row("**this product**", "its threshold", row, kept, cost.ratio)
    for peer in one.peers:
        name = f"{peer.name} ({peer.version})"
        kept, ratio = peer.kept_bytes_per_hour / 1e6, peer.cpu_s / cost.ffmpeg_cpu_s
        best = scores(without_lookalikes(peer.at_no_false_positive()))
        yield _method_row(name, "no false positive", best, kept, ratio)
        shipped = peer.as_shipped()
        if shipped is not None:
            yield _method_row(name, "shipped", scores(without_lookalikes(shipped)), kept, ratio)
    yield ""


def _method_row(name: str, settings: str, row: Scores, kept: float, ratio: float) -> str:
    cells = (
        name,
        settings,
        _share(row.recall),
        str(row.wrong_assertions),
        f"{row.false_positives} of {row.negatives}",
        _share(row.segment_f1 or None),
        _share(row.micro_ap),
        f"{kept:.2f}",
        f"{ratio:.2f}",
    )
    return f"| {' | '.join(cells)} |"


def _family_table(one: Compared, plain: Sequence[Outcome]) -> Iterator[str]:
    peers = [(peer.name, by_family(peer.at_no_false_positive())) for peer in one.peers]
    yield f"| edit | copies | recall | segment F1 |{''.join(f' {name} |' for name, _ in peers)}"
    yield f"|---|---|---|---|{'---|' * len(peers)}"
    for name, group in by_family(plain).items():
        row = scores(group)
        if row.positives:
            theirs = "".join(f" {_share(scores(found[name]).recall)} |" for _, found in peers)
            ours = f"{row.positives} | {_share(row.recall)} | {_share(row.segment_f1)}"
            yield f"| {name} | {ours} |{theirs}"
    yield ""


def _target_table(one: Compared, plain: Sequence[Outcome]) -> Iterator[str]:
    result = one.measurement.result
    row, cost, short = scores(plain), result.cost, short_copies(plain)
    labels = label_scores(plain)
    halves = threshold_report(plain)
    yield "| measure | value | target |"
    yield "|---|---|---|"
    yield f"| recall | {_share(row.recall)} | ≥ 0.98 |"
    wrong = row.wrong_assertions + row.false_positives
    yield f"| wrong assertions, all queries but look-alikes | {wrong} | 0 |"
    yield f"| micro-AP | {_share(row.micro_ap, 3)} | ≥ 0.985 |"
    yield f"| segment F1 | {_share(row.segment_f1, 3)} | ≥ 0.95 |"
    yield f"| borders within 1 s | {_share(borders(plain).share)} | ≥ 0.90 |"
    yield f"| main edit named | {_share(labels.accuracy)} of {labels.judged} | ≥ 0.90 |"
    yield f"| copies of 3 s found | {_found(short)} | ≥ 0.90 |"
    yield f"| fingerprint CPU ÷ decode | {cost.ratio:.2f} | ≤ 1.0 |"
    yield f"| searched, MB per hour | {cost.index_bytes_per_hour / 1e6:.1f} | ≤ 6 |"
    yield f"| keyframes, MB per hour | {cost.keyframe_bytes_per_hour / 1e6:.1f} | ≤ 40 |"
    lookup = f"{result.lookup_cpu_ms(0.5):.0f} / {result.lookup_cpu_ms(0.95):.0f}"
    yield f"| lookup CPU p50 / p95, ms | {lookup} | ≤ 150 / – |"
    yield (
        f"| threshold chosen on half A ({halves.threshold.least_score:.2f}): recall, wrong on "
        f"half B | {_share(halves.on_b.recall)}, "
        f"{halves.on_b.wrong_assertions + halves.on_b.false_positives} | – |"
    )
    yield ""


def _lookalike_table(one: Compared) -> Iterator[str]:
    groups = by_family(lookalikes(one.measurement.result.outcomes))
    if not groups:
        return
    peers = [(peer.name, by_family(lookalikes(peer.at_no_false_positive()))) for peer in one.peers]
    yield f"| look-alikes, queries asserted | queries | this product |{_names(peers)}"
    yield f"|---|---|---|{'---|' * len(peers)}"
    for name, group in groups.items():
        theirs = "".join(f" {_asserted(found[name])} |" for _, found in peers)
        yield f"| {name.removeprefix('lookalike_')} | {len(group)} | {_asserted(group)} |{theirs}"
    yield ""


def _names(peers: Iterable[tuple[str, object]]) -> str:
    return "".join(f" {name} |" for name, _ in peers)


def _asserted(group: Iterable[Outcome]) -> int:
    return sum(bool(outcome.asserted) for outcome in group)


def _short_of(plain: Sequence[Outcome]) -> Iterator[str]:
    """Say which families and queries fall short."""
    weak = [
        f"{name} ({_share(scores(group).recall)})"
        for name, group in by_family(plain).items()
        if (scores(group).recall or 1.0) < LEAST_RECALL or scores(group).recall == 0
    ]
    missed = [o.query.id for o in plain if o.query.positive and not o.found]
    wrong = wrong_answers(plain)
    yield f"Families under {LEAST_RECALL}: {', '.join(weak) or 'none'}."
    yield f"Missed: {', '.join(missed) or 'none'}."
    yield f"Asserted wrongly: {', '.join(wrong) or 'nothing'}."
    yield ""


def _found(group: Sequence[Outcome]) -> str:
    return f"{sum(o.found for o in group)} of {len(group)}" if group else "–"


def _share(value: float | None, digits: int = 2) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
