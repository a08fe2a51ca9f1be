"""A whole fingerprint as a row of the database, and the digest that is recorded of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.fingerprint_rows import fingerprint_columns, fingerprint_from
from storage.tables import AlgorithmRow, FingerprintRow
from tests.support.values import ALGORITHM, a_fingerprint, same_fingerprint
from tracker.evidence.digests import fingerprint_digest
from tracker.model.fingerprint import Fingerprint
from tracker.model.thumbnails import Thumbnails


def full(seed: int = 0, frames: int = 5) -> Fingerprint:
    """Return a fingerprint with thumbnails of every frame and a box of every hash."""
    rng = np.random.default_rng(seed)
    plain = a_fingerprint(seed, frames)
    pictures = rng.integers(0, 256, (frames, 18, 32)).astype(np.uint8)
    return replace(
        plain,
        boxes=rng.integers(0, 256, (len(plain.codes), 4)).astype(np.uint8),
        thumbnails=Thumbnails(np.arange(frames, dtype=np.int32) * 1000, pictures),
    )


def row_of(fingerprint: Fingerprint) -> FingerprintRow:
    made_at = datetime(2026, 1, 1, tzinfo=UTC)
    columns = fingerprint_columns(fingerprint)
    return FingerprintRow(video="a" * 64, algorithm_id=1, made_at=made_at, **columns)


def read(row: FingerprintRow) -> Fingerprint:
    algorithm = AlgorithmRow(
        key=ALGORITHM.key,
        name=ALGORITHM.name,
        parameters='["bits=64","rate=1"]',
        versions='["av=1.0","cv2=2.0"]',
    )
    return fingerprint_from(row, algorithm)


@given(st.integers(0, 2**32 - 1), st.integers(1, 9))
def test_there_and_back(seed: int, frames: int) -> None:
    before = full(seed, frames)
    again = read(row_of(before))
    assert same_fingerprint(again, before)
    assert np.array_equal(again.boxes, before.boxes)
    assert np.array_equal(again.thumbnails.pts_ms, before.thumbnails.pts_ms)
    assert np.array_equal(again.thumbnails.pictures, before.thumbnails.pictures)
    assert fingerprint_digest(again) == fingerprint_digest(before)


def test_rows_from_before_thumbnails_and_boxes_are_read() -> None:
    row = row_of(a_fingerprint())
    assert (row.thumbnails, row.boxes) == (None, None)
    again = read(row)
    assert (len(again.thumbnails), again.boxes.shape) == (0, (0, 4))
    assert fingerprint_digest(again) == fingerprint_digest(a_fingerprint())


@pytest.mark.parametrize("cut", [1, 3, 4, 8])
def test_boxes_that_do_not_fit_the_hashes_are_refused(cut: int) -> None:
    row = row_of(full())
    assert row.boxes is not None
    row.boxes = row.boxes[:-cut]
    with pytest.raises(ValueError, match=r"boxes|reshape"):
        read(row)


def test_damaged_thumbnails_are_refused() -> None:
    row = row_of(full())
    assert row.thumbnails is not None
    row.thumbnails = row.thumbnails[:-1]
    with pytest.raises(ValueError, match="thumbnail"):
        read(row)


@given(st.integers(0, 4), st.integers(0, 17), st.integers(0, 31), st.integers(1, 255))
def test_every_pixel_of_a_thumbnail_is_in_the_digest(
    frame: int, row: int, column: int, change: int
) -> None:
    before = full()
    pictures = before.thumbnails.pictures.copy()
    pictures[frame, row, column] ^= np.uint8(change)
    after = replace(before, thumbnails=Thumbnails(before.thumbnails.pts_ms, pictures))
    assert fingerprint_digest(after) != fingerprint_digest(before)


@given(st.integers(0, 9), st.integers(0, 3), st.integers(1, 255))
def test_every_side_of_a_box_is_in_the_digest(row: int, side: int, change: int) -> None:
    before = full()
    boxes = before.boxes.copy()
    boxes[row, side] ^= np.uint8(change)
    assert fingerprint_digest(replace(before, boxes=boxes)) != fingerprint_digest(before)


def test_times_and_shape_of_thumbnails_are_in_the_digest() -> None:
    before = full()
    pts_ms, pictures = before.thumbnails.pts_ms, before.thumbnails.pictures
    variants = (
        before,
        replace(before, thumbnails=Thumbnails.none()),
        replace(before, thumbnails=Thumbnails(pts_ms + 1, pictures)),
        replace(before, thumbnails=Thumbnails(pts_ms, pictures.reshape(5, 32, 18))),
        replace(before, boxes=np.zeros((0, 4), np.uint8)),
    )
    assert len({fingerprint_digest(variant) for variant in variants}) == len(variants)
