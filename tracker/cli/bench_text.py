"""A benchmark run as tables for people."""

from __future__ import annotations

from collections.abc import Mapping

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tracker.benchmark import BenchResult
from tracker.benchmark.metrics import Scores

_COLUMNS = ("pos", "recall", "wrong", "neg", "FP", "seg P", "seg R", "seg F1", "µAP")
_MEANING = (
    "pos, neg: queries whose footage is, is not in a reference; recall: right reference asserted; "
    "wrong: other references asserted on positives; FP: references asserted on negatives; seg: "
    "overlap of asserted and true segments on both time lines; µAP: micro-average precision over "
    "all candidates."
)


def bench_tables(result: BenchResult) -> RenderableType:
    """Return the accuracy per transform, per family and overall, and what it cost."""
    transforms = _accuracy("transform", result.by_transform())
    families = _accuracy("family", result.by_family())
    overall = _accuracy("overall", {"all queries": result.overall()})
    return Group(transforms, families, overall, _cost(result), _remarks(result))


def _accuracy(title: str, rows: Mapping[str, Scores]) -> Table:
    table = Table(header_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column(title, no_wrap=True)
    for name in _COLUMNS:
        table.add_column(name, justify="right", no_wrap=True)
    for name, row in rows.items():
        table.add_row(name, *_cells(row))
    return table


def _cells(row: Scores) -> tuple[str, ...]:
    return (
        str(row.positives),
        _share(row.recall),
        str(row.wrong_assertions) if row.positives else "–",
        str(row.negatives),
        str(row.false_positives) if row.negatives else "–",
        _share(row.segment_precision),
        _share(row.segment_recall),
        _share(row.segment_f1),
        _share(row.micro_ap),
    )


def _cost(result: BenchResult) -> Table:
    cost = result.cost
    table = Table(header_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("cost", no_wrap=True)
    table.add_column("measured", justify="right")
    table.add_row("fingerprint, CPU s per minute of video", f"{cost.cpu_s_per_minute:.2f}")
    table.add_row("ffmpeg decode, CPU s per minute", f"{cost.ffmpeg_cpu_s_per_minute:.2f}")
    table.add_row("ratio to ffmpeg decode", f"{cost.ratio:.2f}")
    table.add_row(
        "lookup p50 / p95, ms", f"{result.lookup_ms(0.5):.0f} / {result.lookup_ms(0.95):.0f}"
    )
    table.add_row("index, MB per hour of video", f"{cost.index_bytes_per_hour / 1e6:.2f}")
    return table


def _remarks(result: BenchResult) -> Text:
    lines = [_MEANING, f"Best score of a wrong pair: {result.best_wrong_score():.2f}."]
    missed = result.missed()
    if missed:
        lines.append(f"Missed: {', '.join(missed)}.")
    return Text("\n".join(lines))


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
