"""What the indexes find is what brute force finds, however the videos came in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import faiss
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.index import FEATURES, HASHES, FaissHashIndex
from storage.index.feature_shard import CELL_FLIPS, cells
from storage.index.layouts import Layout, feature_codes, hash_rows
from storage.index.runs import leaders, widest
from tracker.matching.ports import HashIndex
from tracker.model.algorithm import Algorithm
from tracker.model.features import Features
from tracker.model.fingerprint import Fingerprint
from tracker.model.ids import VideoId

Row = tuple[int, VideoId, Fingerprint]
Found = list[tuple[int, VideoId, int, int, int]]

ALGORITHM = Algorithm("phash", ("bits=256",), ())
BY_CELLS = replace(FEATURES, most_exact_rows=0)


def moving(rng: np.random.Generator, count: int, code_bytes: int, most_flips: int) -> np.ndarray:
    """Codes as footage gives them: each is the one before with a few bits turned over."""
    bits = np.zeros((count, code_bytes * 8), np.bool_)
    bits[0] = rng.random(code_bytes * 8) < 0.5
    for row in range(1, count):
        cut = rng.random() < 0.1
        flips = code_bytes * 4 if cut else int(rng.integers(0, most_flips + 1))
        turned = rng.choice(code_bytes * 8, flips, replace=False)
        bits[row] = bits[row - 1]
        bits[row, turned] ^= True
    return np.packbits(bits, axis=1)


def video(number: int, seed: int, frames: int, most_flips: int) -> Row:
    rng = np.random.default_rng((seed, number))
    codes = moving(rng, frames * 3, 32, most_flips)
    counts = rng.integers(0, 30, frames).astype(np.uint8)
    features = max(1, int(counts.sum()))
    counts[0] += features - int(counts.sum())
    fingerprint = Fingerprint(
        ALGORITHM,
        codes,
        np.repeat(np.arange(frames, dtype=np.int32) * 250 - 250, 3),
        np.tile(np.array([0, 2, 4], np.uint8), frames),
        (rng.random(frames * 3) < 0.9).astype(np.uint8),
        frames * 250,
        features=Features(
            np.arange(frames, dtype=np.int32) * 1000,
            counts,
            moving(rng, features, 16, 10),
            np.zeros((features, 4), np.uint8),
        ),
    )
    return number, VideoId(hashlib.sha256(f"{seed} {number}".encode()).hexdigest()), fingerprint


def _after(table: list[Row], row_id: int) -> list[Row]:
    return [row for row in table if row[0] > row_id]


@contextmanager
def filled(table: list[Row], parts: Iterable[int], layout: Layout) -> Iterator[FaissHashIndex]:
    """An index into which the table came in so many parts, ending at ``parts``."""
    numbered = [(n, name, held) for n, (_, name, held) in enumerate(table, start=1)]
    with TemporaryDirectory() as directory:
        code_bytes = 32 if layout is HASHES else 16
        index = FaissHashIndex(Path(directory), "key", code_bytes, layout)
        for end in (*sorted(parts), len(table)):
            index.refresh(partial(_after, numbered[:end]))
        yield index


def named(index: HashIndex, codes: np.ndarray, radius: int) -> Found:
    hits = index.search(codes, radius)
    arrays = (hits.query_rows, hits.references, hits.pts_ms, hits.views, hits.distances)
    lists = zip(*(array.tolist() for array in arrays), strict=True)
    return sorted((q, index.video(r), t, v, d) for q, r, t, v, d in lists)


def brute_force(table: list[Row], codes: np.ndarray, radius: int, layout: Layout) -> Found:
    expected: Found = []
    for _, name, fingerprint in table:
        rows = (hash_rows if layout is HASHES else feature_codes)(name, fingerprint)
        apart = np.bitwise_count(codes[:, None] ^ rows.codes[None]).sum(axis=2, dtype=np.int64)
        close = apart <= radius
        if layout is BY_CELLS:
            close &= np.bitwise_count(cells(codes)[:, None] ^ cells(rows.codes)) <= CELL_FLIPS
        for q, r in zip(*(axis.tolist() for axis in np.nonzero(close)), strict=True):
            at = (int(rows.pts_ms[r]), int(rows.views[r]), int(apart[q, r]))
            expected.append((q, name, *at))
    return sorted(expected)


def asked(table: list[Row], layout: Layout, seed: int) -> np.ndarray:
    held = [f.codes if layout is HASHES else f.features.codes for _, _, f in table]
    codes = np.concatenate(held)[::3]
    noise = np.random.default_rng(seed).random((len(codes), codes.shape[1] * 8)) < 0.08
    return codes ^ np.packbits(noise, axis=1)


ARCHIVES = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 2**32),
        "videos": st.lists(
            st.tuples(st.integers(1, 20), st.integers(0, 80)), min_size=1, max_size=6
        ),
        "parts": st.sets(st.integers(1, 6), max_size=3),
        "other_parts": st.sets(st.integers(1, 6), max_size=3),
        "order": st.randoms(use_true_random=False),
    }
)


@settings(max_examples=25, deadline=None)
@given(archive=ARCHIVES, radius=st.integers(0, 140))
def test_hashes_are_found_as_by_brute_force_in_any_order(
    archive: dict[str, Any], radius: int
) -> None:
    table = [video(n, archive["seed"], *kind) for n, kind in enumerate(archive["videos"])]
    codes = asked(table, HASHES, archive["seed"])
    expected = brute_force(table, codes, radius, HASHES)
    with filled(table, archive["parts"], HASHES) as index:
        assert named(index, codes, radius) == expected
    archive["order"].shuffle(table)
    with filled(table, archive["other_parts"], HASHES) as index:
        assert named(index, codes, radius) == expected


@settings(max_examples=25, deadline=None)
@given(archive=ARCHIVES, radius=st.integers(0, 70), layout=st.sampled_from([FEATURES, BY_CELLS]))
def test_features_are_found_as_by_brute_force_in_any_order(
    archive: dict[str, Any], radius: int, layout: Layout
) -> None:
    table = [video(n, archive["seed"], *kind) for n, kind in enumerate(archive["videos"])]
    codes = asked(table, layout, archive["seed"])
    expected = brute_force(table, codes, radius, layout)
    with filled(table, archive["parts"], layout) as index:
        assert named(index, codes, radius) == expected
    archive["order"].shuffle(table)
    with filled(table, archive["other_parts"], layout) as index:
        assert named(index, codes, radius) == expected


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32), count=st.integers(1, 60), most_flips=st.integers(0, 80))
def test_every_member_of_a_run_is_near_its_leader(seed: int, count: int, most_flips: int) -> None:
    codes = moving(np.random.default_rng(seed), count, 32, most_flips)
    led = leaders(codes)
    assert (led[led] == led).all()
    apart = np.bitwise_count(codes ^ codes[led]).sum(axis=1)
    assert apart.max() <= widest(32)
    if most_flips == 0:
        assert len(set(led.tolist())) == len({code.tobytes() for code in codes})


def many(code_bytes: int, layout: Layout) -> list[Row]:
    """Two videos with more rows than are scanned at once or looked at without cells."""
    rng = np.random.default_rng(7)
    _, name, fingerprint = video(0, 1, 2, 3)
    frames = 1450
    count = frames * 24
    times = np.arange(count, dtype=np.int32)
    table = []
    for number, digest in enumerate((name, VideoId(name[::-1]))):
        codes = rng.integers(0, 256, (count, code_bytes)).astype(np.uint8)
        ones = np.ones(count, np.uint8)
        if layout is HASHES:
            held = replace(fingerprint, codes=codes, pts_ms=times, views=ones * 0, quality=ones)
        else:
            counts, places = np.full(frames, 24, np.uint8), np.zeros((count, 4), np.uint8)
            features = Features(times[:frames], counts, codes, places)
            held = replace(fingerprint, features=features)
        table.append((number, digest, held))
    return table


def in_one_and_four_threads(index: FaissHashIndex, codes: np.ndarray, radius: int) -> list[Found]:
    before = faiss.omp_get_max_threads()
    try:
        found = []
        for threads in (1, 4):
            faiss.omp_set_num_threads(threads)
            found.append(named(index, codes, radius))
        return found
    finally:
        faiss.omp_set_num_threads(before)


def test_cells_and_threads_change_nothing_in_a_large_shard_of_features() -> None:
    table = many(16, BY_CELLS)
    codes = asked(table, BY_CELLS, 3)[::400]
    with filled(table, (), BY_CELLS) as index:
        one, four = in_one_and_four_threads(index, codes, 40)
    assert one == four == brute_force(table, codes, 40, BY_CELLS)
    assert len(one) > 60


def test_threads_change_nothing_in_a_large_shard_of_hashes() -> None:
    table = many(32, HASHES)
    codes = asked(table, HASHES, 3)[::250]
    with filled(table, (), HASHES) as index:
        one, four = in_one_and_four_threads(index, codes, 92)
    assert one == four == brute_force(table, codes, 92, HASHES)
    assert len(one) > 60
