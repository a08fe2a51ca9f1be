"""Groups of hashes so close to one of them that asking for that one asks for all.

Hamming distance is a metric. Let every member m of a run lie within ``s`` bits of its leader l:
d(m, l) ≤ s. If a query q lies within the radius r of a member, the triangle inequality gives
d(q, l) ≤ d(q, m) + d(m, l) ≤ r + s. So a search that looks at the leaders within r + s and then at
all members of their runs misses nothing, whatever the data; the data only decide how much is
looked at. Each run keeps its true s, which is mostly less than the most allowed.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from storage.index.scan import Codes, Ints, near

ROWS_AT_ONCE = 1024
"""Rows among which runs are sought: a view of four minutes."""


def widest(code_bytes: int) -> int:
    """Return how many bits a member may lie from its leader: an eighth of all.

    Wider runs are fewer, but more that is unrelated must be looked into; the table of choices
    of ``benchmarks.speed.search`` shows both.
    """
    return code_bytes


def leaders(codes: Codes, most_bits: int | None = None) -> Ints:
    """Return the row, int64 (n,), that leads each row of ``codes`` (n, bytes); a leader itself.

    No row lies farther from its leader than ``most_bits``, by default ``widest``. Rows with many
    neighbours lead first, which is close to the fewest runs there can be.
    """
    bits = widest(codes.shape[1]) if most_bits is None else most_bits
    found = [
        _led(np.ascontiguousarray(codes[at : at + ROWS_AT_ONCE]), bits) + at
        for at in range(0, len(codes), ROWS_AT_ONCE)
    ]
    return np.concatenate([np.zeros(0, np.int64), *found])


def _led(codes: Codes, most_bits: int) -> Ints:
    by = np.arange(len(codes), dtype=np.int64)
    close = near(codes, codes, most_bits)
    order = np.argsort(close.queries, kind="stable")
    starts = np.searchsorted(close.queries[order], np.arange(len(codes) + 1))
    neighbours = close.rows[order]
    degrees = np.diff(starts)
    free: npt.NDArray[np.bool_] = degrees > 1
    for row in np.argsort(-degrees, kind="stable")[: int(free.sum())].tolist():
        if free[row]:
            led = neighbours[starts[row] : starts[row + 1]]
            led = led[free[led]]
            by[led] = row
            free[led] = False
    return by
