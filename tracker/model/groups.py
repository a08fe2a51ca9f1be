"""Counting along arrays whose rows lie in groups, one group behind the other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


def places_within(counts: npt.NDArray[np.integer]) -> Ints:
    """Return the place of each row within its group, int64 (sum of ``counts``,): 0, 1, 2 …"""
    ends = np.cumsum(counts, dtype=np.int64)
    starts = np.repeat(ends - counts, counts)
    places: Ints = np.arange(len(starts), dtype=np.int64) - starts
    return places


def places_in_runs(values: Ints) -> Ints:
    """Return the place of each value within its run of equal values, int64 (n,)."""
    begins = np.flatnonzero(np.diff(values, prepend=values[:1] - 1))
    return places_within(np.diff(begins, append=len(values)))
