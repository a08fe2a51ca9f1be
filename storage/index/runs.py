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

    On the development corpus (26 videos, 5 views of 4 frames a second, repeats left out) 24, 32
    and 40 bits of 256 make one run of 1.29, 1.45 and 1.66 hashes. The search must then look at
    what is within 92, 100 and 108 bits of a query: one unrelated pair in 30 000, 1 400 and 80.
    """
    return code_bytes


def leaders(codes: Codes) -> Ints:
    """Return the row, int64 (n,), that leads each row of ``codes`` (n, bytes); a leader itself.

    Rows with many neighbours lead first, which is close to the fewest runs there can be.
    """
    found = [
        _led(np.ascontiguousarray(codes[at : at + ROWS_AT_ONCE])) + at
        for at in range(0, len(codes), ROWS_AT_ONCE)
    ]
    return np.concatenate([np.zeros(0, np.int64), *found])


def _led(codes: Codes) -> Ints:
    by = np.arange(len(codes), dtype=np.int64)
    close = near(codes, codes, widest(codes.shape[1]))
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
