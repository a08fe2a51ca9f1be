"""Names in groups that fit into one statement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

MAX_BATCH = 500
"""Databases limit how many values a statement may name."""


def batches(names: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield ``names`` in their order, at most ``MAX_BATCH`` at once."""
    return (names[start : start + MAX_BATCH] for start in range(0, len(names), MAX_BATCH))
