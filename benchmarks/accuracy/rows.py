"""The columns that say how accurate one way of working is, for tables of many ways."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.accuracy.analysis import borders, lookalikes, without_lookalikes
from tracker.benchmark.metrics import Outcome, scores

ACCURACY = (
    "recall",
    "wrong",
    "false positives",
    "look-alikes asserted",
    "segment F1",
    "borders within 1 s",
    "micro-AP",
)


def table_head(columns: Sequence[str]) -> tuple[str, str]:
    """Return a table's first two lines."""
    return f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"


def accuracy_cells(outcomes: Sequence[Outcome], alike: Sequence[Outcome]) -> tuple[str, ...]:
    """Return the cells under ``ACCURACY``: of ``alike`` and ``outcomes`` the look-alikes count.

    All other columns speak of what in ``outcomes`` is no look-alike.
    """
    plain = without_lookalikes(outcomes)
    found = scores(plain)
    meant = [*lookalikes(outcomes), *lookalikes(alike)]
    asserted = sum(bool(outcome.asserted) for outcome in meant)
    return (
        _share(found.recall),
        str(found.wrong_assertions),
        f"{found.false_positives} of {found.negatives}",
        f"{asserted} of {len(meant)}" if meant else "–",
        _share(found.segment_f1),
        _share(borders(plain).share),
        _share(found.micro_ap),
    )


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
