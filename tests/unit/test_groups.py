"""Counting within groups and runs is what a plain loop counts."""

from __future__ import annotations

from itertools import groupby

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tracker.model.groups import places_in_runs, places_within


@given(st.lists(st.integers(0, 12), max_size=20), st.sampled_from([np.uint8, np.int64]))
def test_places_within_groups(counts: list[int], dtype: type[np.integer]) -> None:
    expected = [place for count in counts for place in range(count)]
    assert places_within(np.array(counts, dtype)).tolist() == expected


@given(st.lists(st.integers(-2, 2), max_size=40))
def test_places_in_runs(values: list[int]) -> None:
    expected = [place for _, run in groupby(values) for place, _ in enumerate(run)]
    assert places_in_runs(np.array(values, np.int64)).tolist() == expected
