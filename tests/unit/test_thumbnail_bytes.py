"""Thumbnails as stored bytes: there and back, in bounded memory, and nothing else accepted."""

from __future__ import annotations

import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.thumbnail_bytes import packed, unpacked
from tracker.model.thumbnails import Thumbnails


def thumbnails(count: int, height: int, width: int, seed: int = 0) -> Thumbnails:
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.integers(1, 1000, count)).astype(np.int32)
    return Thumbnails(times, rng.integers(0, 256, (count, height, width)).astype(np.uint8))


def as_bytes(count: int = 3, height: int = 4, width: int = 5, seed: int = 0) -> bytes:
    body = packed(thumbnails(count, height, width, seed))
    assert body is not None
    return body


def claimed(count: int, height: int, width: int, content: bytes) -> bytes:
    return struct.pack("<IHH", count, height, width) + zlib.compress(content)


def same(one: Thumbnails, other: Thumbnails) -> bool:
    return np.array_equal(one.pts_ms, other.pts_ms) and np.array_equal(one.pictures, other.pictures)


some = st.builds(
    as_bytes, st.integers(1, 6), st.integers(1, 32), st.integers(1, 32), st.integers(0, 999)
)


@given(st.integers(1, 12), st.integers(1, 32), st.integers(1, 32), st.integers(0, 2**32 - 1))
def test_there_and_back(count: int, height: int, width: int, seed: int) -> None:
    before = thumbnails(count, height, width, seed)
    again = unpacked(packed(before))
    assert same(again, before)
    assert (again.pts_ms.dtype.str, again.pictures.dtype.str) == ("<i4", "|u1")


def test_no_thumbnails_are_no_bytes() -> None:
    assert packed(Thumbnails.none()) is None
    assert same(unpacked(None), Thumbnails.none())


def test_a_picture_that_stands_still_costs_next_to_nothing() -> None:
    still = np.repeat(thumbnails(1, 18, 32).pictures, 400, axis=0)
    body = packed(Thumbnails(np.arange(400, dtype=np.int32) * 250, still))
    assert body is not None
    assert len(body) < still.size / 50


@given(some, st.data())
def test_any_truncation_is_refused(body: bytes, data: st.DataObject) -> None:
    with pytest.raises(ValueError, match="thumbnail"):
        unpacked(body[: data.draw(st.integers(0, len(body) - 1))])


@given(some, st.data())
def test_a_turned_bit_is_refused_unless_it_means_nothing(body: bytes, data: st.DataObject) -> None:
    """The last byte of a deflated stream is filled up with bits that nobody reads."""
    bit = data.draw(st.integers(0, 8 * len(body) - 1))
    turned = bytearray(body)
    turned[bit // 8] ^= 1 << bit % 8
    try:
        again = unpacked(bytes(turned))
    except ValueError:
        return
    assert same(again, unpacked(body))


@given(some, st.binary(min_size=1, max_size=20))
def test_bytes_behind_the_end_are_refused(body: bytes, more: bytes) -> None:
    with pytest.raises(ValueError, match="thumbnail"):
        unpacked(body + more)


@given(st.binary(max_size=200))
def test_other_bytes_are_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="thumbnail"):
        unpacked(body)


@pytest.mark.parametrize(
    ("count", "height", "width"),
    [(2**32 - 1, 256, 256), (2**32 - 1, 1, 1), (1000, 256, 256), (1, 65535, 65535), (3, 257, 1)],
)
def test_claims_of_huge_sizes_take_no_memory(count: int, height: int, width: int) -> None:
    body = claimed(count, height, width, bytes(1000))
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="thumbnail"):
            unpacked(body)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 1_000_000


def test_content_that_swells_is_read_no_farther_than_claimed() -> None:
    body = claimed(2, 4, 5, bytes(50_000_000))
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="thumbnail"):
            unpacked(body)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 1_000_000


def test_thumbnails_without_their_times_are_no_thumbnails() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        Thumbnails(np.zeros(2, np.int32), np.zeros((3, 4, 5), np.uint8))
