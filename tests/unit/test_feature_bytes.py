"""Local features as stored bytes: there and back, and nothing else accepted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.feature_bytes import packed, unpacked
from tracker.model.features import Features


@given(st.lists(st.integers(0, 60), min_size=1, max_size=8), st.integers(0, 2**32 - 1))
def test_there_and_back(counts: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = sum(counts)
    features = Features(
        np.arange(len(counts), dtype=np.int32) * 1000,
        np.array(counts, np.uint8),
        rng.integers(0, 256, (n, 16)).astype(np.uint8),
        rng.integers(0, 256, (n, 4)).astype(np.uint8),
    )
    again = unpacked(packed(features))
    for name in ("pts_ms", "counts", "codes", "places"):
        assert np.array_equal(getattr(again, name), getattr(features, name))


def test_no_features_are_no_bytes() -> None:
    assert packed(Features.none()) is None
    assert len(unpacked(None).codes) == 0


@given(st.binary(max_size=200))
def test_other_bytes_are_refused(body: bytes) -> None:
    try:
        features = unpacked(body)
    except ValueError:
        return
    assert packed(features) == body or len(features.pts_ms) == 0


def test_cut_off_bytes_are_refused() -> None:
    body = packed(
        Features(
            np.zeros(1, np.int32),
            np.ones(1, np.uint8),
            np.zeros((1, 16), np.uint8),
            np.zeros((1, 4), np.uint8),
        )
    )
    assert body is not None
    with pytest.raises(ValueError, match="do not fit"):
        unpacked(body[:-1])
