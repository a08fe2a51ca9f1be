"""Exact radius search by comparing everything with everything, in pieces that fit the cache.

``faiss.hammings`` compares a tile of queries with a tile of rows at 2 thousand million pairs of
256 bits a second and core where the processor counts bits in vectors (measured; its range search
0.9, and half of that when each query reads all rows from memory). What is not within the limit
is dropped while the tile is still in the cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import faiss
import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]

TILE_QUERIES = 256
TILE_ROWS = 2048
"""Fewer queries are compared with more rows at a time."""

SPAN_ROWS = 1 << 16
"""Rows that one thread takes at a time."""

_MOST_PAIRS_AT_ONCE = 1 << 20

_hammings: Callable[..., None] = vars(faiss)["hammings"]  # the stubs of faiss do not know it

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """n pairs of a query row and a stored row, int64 (n,), and their distances int32 in bits."""

    queries: Ints
    rows: Ints
    distances: npt.NDArray[np.int32]

    def only(self, keep: npt.NDArray[np.bool_]) -> Pairs:
        """Return the pairs where ``keep`` (n,) is true."""
        return Pairs(self.queries[keep], self.rows[keep], self.distances[keep])

    def moved(self, rows: int) -> Pairs:
        """Return the pairs with their stored rows counted from ``rows`` earlier."""
        return Pairs(self.queries, self.rows + rows, self.distances)


def near(queries: Codes, rows: Codes, radius: int) -> Pairs:
    """Return all pairs of ``queries`` (m, bytes) and ``rows`` (n, bytes) within ``radius`` bits.

    Both are contiguous; their bytes are a multiple of eight.
    """
    if not len(queries) or not len(rows):
        return joined([])
    at_once = min(len(queries), TILE_QUERIES)
    size = min(len(rows), TILE_ROWS * (TILE_QUERIES // at_once))
    buffer = np.empty(at_once * size, np.int32)
    found = []
    for start in range(0, len(rows), size):
        tile = rows[start : start + size]
        for first in range(0, len(queries), TILE_QUERIES):
            asked = queries[first : first + TILE_QUERIES]
            distances = buffer[: len(asked) * len(tile)]
            _distances(asked, tile, distances)
            at = np.flatnonzero(distances <= radius)
            if len(at):
                query, row = np.divmod(at, len(tile))
                found.append(Pairs(query + first, row + start, distances[at]))
    return joined(found)


def _distances(queries: Codes, rows: Codes, into: npt.NDArray[np.int32]) -> None:
    pointers = (faiss.swig_ptr(array) for array in (queries, rows))
    _hammings(*pointers, len(queries), len(rows), rows.shape[1], faiss.swig_ptr(into))


def joined(parts: Sequence[Pairs]) -> Pairs:
    """Return the pairs of all ``parts``, in order."""
    return Pairs(
        np.concatenate([np.zeros(0, np.int64), *(part.queries for part in parts)]),
        np.concatenate([np.zeros(0, np.int64), *(part.rows for part in parts)]),
        np.concatenate([np.zeros(0, np.int32), *(part.distances for part in parts)]),
    )


def distances_of(one: Codes, other: Codes) -> npt.NDArray[np.int32]:
    """Return the distances in bits, int32 (n,), of equally many codes (n, bytes)."""
    words = np.ascontiguousarray(one).view(np.uint64) ^ np.ascontiguousarray(other).view(np.uint64)
    distances: npt.NDArray[np.int32] = np.bitwise_count(words).sum(axis=1, dtype=np.int32)
    return distances


def spans(count: int, size: int = SPAN_ROWS) -> list[tuple[int, int]]:
    """Return the intervals that cut ``count`` rows into pieces of ``size``."""
    return [(start, min(start + size, count)) for start in range(0, count, size)]


def in_threads(
    work: Callable[[int, int], Result], pieces: Sequence[tuple[int, int]]
) -> list[Result]:
    """Return ``work(start, end)`` of all ``pieces``, in their order whatever the threads do.

    As many threads as faiss would take (``OMP_NUM_THREADS``, else one a core).
    """
    threads = min(len(pieces), int(faiss.omp_get_max_threads()))
    if threads <= 1:
        return [work(start, end) for start, end in pieces]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda piece: work(*piece), pieces))


def at_most(counts: Ints) -> Iterator[tuple[int, int]]:
    """Yield intervals of ``counts`` whose sums stay near a million, so that memory is bounded."""
    ends = np.cumsum(counts)
    start = 0
    while start < len(counts):
        before = int(ends[start - 1]) if start else 0
        end = int(np.searchsorted(ends, before + _MOST_PAIRS_AT_ONCE, side="right"))
        end = max(end, start + 1)
        yield start, end
        start = end
