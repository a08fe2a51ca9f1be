"""Gathers the rows of many videos into pieces that fit into memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def batches(
    parts: Iterable[tuple[int, T]],
    size_of: Callable[[T], int],
    merged: Callable[[Sequence[T]], T],
    most: int,
) -> Iterator[tuple[int, T]]:
    """Yield merged parts of at least ``most`` rows (the last may be smaller).

    Each comes with the number of its last part, which is the checkpoint it reaches.
    """
    gathered: list[T] = []
    checkpoint, size = 0, 0
    for checkpoint, part in parts:
        gathered.append(part)
        size += size_of(part)
        if size >= most:
            yield checkpoint, merged(gathered)
            gathered, size = [], 0
    if gathered:
        yield checkpoint, merged(gathered)
