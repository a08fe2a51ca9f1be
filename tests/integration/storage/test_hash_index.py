"""The hash index: exact, incremental, shared by processes, and rebuilt when it is not whole."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from storage.index import FaissHashIndex
from storage.index.contents import difference
from storage.index.manifest import MANIFEST, read_manifest
from tracker.errors import DatabaseError, IntegrityError
from tracker.matching.ports import HashIndex
from tracker.model.algorithm import Algorithm
from tracker.model.fingerprint import Fingerprint
from tracker.model.ids import VideoId

KEY = "phash|bits=256"
ALGORITHM = Algorithm("phash", ("bits=256",), ())
Row = tuple[int, VideoId, Fingerprint]
Found = set[tuple[int, VideoId, int, int, int]]


def fingerprint(seed: int, frames: int = 6) -> Fingerprint:
    rng = np.random.default_rng(seed)
    rows = frames * 4
    return Fingerprint(
        ALGORITHM,
        rng.integers(0, 256, (rows, 32)).astype(np.uint8),
        np.repeat(np.arange(frames, dtype=np.int32) * 250, 4),
        np.tile(np.array([0, 1, 3, 4], np.uint8), frames),
        np.full(rows, 100, np.uint8),
        frames * 250,
    )


def rows(count: int, start: int = 1) -> list[Row]:
    return [
        (n, VideoId(hashlib.sha256(str(n).encode()).hexdigest()), fingerprint(n))
        for n in range(start, start + count)
    ]


class Source:
    """A table of fingerprints that remembers from where it was asked."""

    def __init__(self, table: list[Row]) -> None:
        self.table = table
        self.asked: list[int] = []

    def __call__(self, after: int) -> Iterable[Row]:
        self.asked.append(after)
        return [row for row in self.table if row[0] > after]


def opened(directory: Path, key: str = KEY) -> FaissHashIndex:
    return FaissHashIndex(directory, key, 32)


def found(index: HashIndex, codes: np.ndarray, radius: int) -> Found:
    hits = index.search(codes, radius)
    return {
        (int(q), index.video(int(r)), int(t), int(v), int(d))
        for q, r, t, v, d in zip(
            hits.query_rows, hits.references, hits.pts_ms, hits.views, hits.distances, strict=True
        )
    }


def brute_force(table: list[Row], codes: np.ndarray, radius: int) -> Found:
    expected: Found = set()
    for _, video, held in table:
        distance = np.bitwise_count(codes[:, None, :] ^ held.codes[None]).sum(axis=2)
        for q, row in np.argwhere(distance <= radius):
            at = (int(held.pts_ms[row]), int(held.views[row]), int(distance[q, row]))
            expected.add((int(q), video, *at))
    return expected


def disturbed(table: list[Row], bits: int) -> np.ndarray:
    """Codes of the table with ``bits`` bits turned over in each."""
    rng = np.random.default_rng(5)
    codes = np.concatenate([held.codes[::3] for _, _, held in table])
    unpacked = np.unpackbits(codes, axis=1)
    for code in unpacked:
        code[rng.choice(256, bits, replace=False)] ^= 1
    return np.packbits(unpacked, axis=1)


@pytest.mark.parametrize("radius", [0, 39, 40, 41, 110])
def test_nothing_within_the_radius_is_missed(tmp_path: Path, radius: int) -> None:
    table = rows(20)
    index = opened(tmp_path)
    for size in (3, 9, 20):
        index.refresh(Source(table[:size]))
    codes = disturbed(table, 40)
    assert found(index, codes, radius) == brute_force(table, codes, radius)


def test_frames_that_say_nothing_are_not_held(tmp_path: Path) -> None:
    (row, video, held) = rows(1)[0]
    held.quality[:] = 0
    index = opened(tmp_path)
    index.refresh(Source([(row, video, held)]))
    assert found(index, held.codes, 0) == set()
    assert (index.videos, index.frames, index.holds(video)) == (1, 0, True)
    assert not index.holds(VideoId("0" * 64))


def test_only_what_is_new_is_asked_for_and_survives_reopening(tmp_path: Path) -> None:
    source = Source(rows(4))
    assert opened(tmp_path).refresh(source) == 4
    source.table = rows(7)
    index = opened(tmp_path)
    assert index.videos == 4
    assert index.refresh(source) == 3
    assert index.refresh(source) == 0
    assert source.asked == [0, 4, 7]
    again = opened(tmp_path)
    assert (again.videos, again.frames, again.checkpoint) == (7, 42, 7)
    codes = disturbed(source.table, 20)
    assert found(again, codes, 60) == brute_force(source.table, codes, 60)


def test_another_process_sees_what_was_added_and_neither_breaks(tmp_path: Path) -> None:
    source = Source(rows(3))
    one, other = opened(tmp_path), opened(tmp_path)
    one.refresh(source)
    source.table = rows(6)
    other.refresh(source)
    codes = source.table[0][2].codes
    assert found(one, codes, 0)  # its files were merged away, it still answers
    assert one.refresh(source) == 0
    assert one.videos == other.videos == 6


def test_small_shards_are_merged_and_large_ones_left_alone(tmp_path: Path) -> None:
    index = opened(tmp_path)
    table = rows(60)
    written = 0
    for size in range(1, 61):
        before = {p.name for p in tmp_path.rglob("*.hashes")}
        index.refresh(Source(table[:size]))
        new = [p for p in tmp_path.rglob("*.hashes") if p.name not in before]
        written += sum(p.stat().st_size for p in new)
    assert len(list(tmp_path.rglob("*.hashes"))) <= 7
    assert written <= index.size_bytes * 8  # O(n log n), not O(n²) = 30 times


def test_algorithms_are_kept_apart(tmp_path: Path) -> None:
    opened(tmp_path).refresh(Source(rows(2)))
    assert opened(tmp_path, "another").videos == 0
    assert opened(tmp_path).videos == 2


@pytest.mark.parametrize("suffix", ["hashes", "json"])
@pytest.mark.parametrize("harm", ["missing", "cut", "garbage", "empty", "zeroed"])
def test_a_damaged_index_is_built_again(tmp_path: Path, suffix: str, harm: str) -> None:
    source = Source(rows(5))
    opened(tmp_path).refresh(source)
    (path,) = tmp_path.rglob(f"*.{suffix}")
    data = path.read_bytes()
    path.chmod(0o600)
    if harm == "missing":
        path.unlink()
    else:
        harmed = {"cut": data[:-7], "garbage": b"{" * 999, "empty": b"", "zeroed": bytes(len(data))}
        path.write_bytes(harmed[harm])
    index = opened(tmp_path)
    assert index.videos == 0
    assert index.refresh(source) == 5
    codes = disturbed(source.table, 20)
    assert found(index, codes, 60) == brute_force(source.table, codes, 60)
    assert opened(tmp_path).videos == 5


def altered(tmp_path: Path, at: int) -> None:
    """Turn over a bit of the byte at ``at`` of the only shard."""
    (path,) = tmp_path.rglob("*.hashes")
    data = bytearray(path.read_bytes())
    data[at] ^= 0x40
    path.write_bytes(data)


@pytest.mark.parametrize("where", range(6))
def test_an_altered_byte_never_answers(tmp_path: Path, where: int) -> None:
    source = Source(rows(5))
    opened(tmp_path).refresh(source)
    (path,) = tmp_path.rglob("*.hashes")
    altered(tmp_path, -1 - path.stat().st_size * where // 6)
    index = opened(tmp_path)
    index.refresh(source)
    codes = disturbed(source.table, 20)
    assert found(index, codes, 60) == brute_force(source.table, codes, 60)
    index.check()
    again = opened(tmp_path)  # what was repaired stays repaired
    assert found(again, codes, 60) == brute_force(source.table, codes, 60)


def test_altered_bytes_are_told_where_nothing_can_repair_them(tmp_path: Path) -> None:
    source = Source(rows(5))
    opened(tmp_path).refresh(source)
    altered(tmp_path, 2000)
    index = opened(tmp_path)
    with pytest.raises(IntegrityError, match="altered"):
        index.check()
    with pytest.raises(IntegrityError, match="altered"):
        index.search(source.table[0][2].codes, 60)


def test_an_index_of_other_fingerprints_is_told_by_what_it_is_made_of(tmp_path: Path) -> None:
    table = rows(5)
    opened(tmp_path).refresh(Source(table))
    assert difference(opened(tmp_path), table) is None
    assert difference(opened(tmp_path), [*table, *rows(2, start=6)]) is None
    other = [(row, video, fingerprint(row + 100)) for row, video, _ in table]
    assert difference(opened(tmp_path), [*table[:4], other[4]])
    assert difference(opened(tmp_path), table[1:])
    (found,) = {part for part in [difference(opened(tmp_path), rows(6, start=0))] if part}
    assert "is missing from it" in found[1]


def test_altered_bytes_are_not_merged_into_another_shard(tmp_path: Path) -> None:
    source = Source(rows(5))
    opened(tmp_path).refresh(source)
    altered(tmp_path, 2000)
    source.table = rows(9)
    index = opened(tmp_path)
    assert index.refresh(source) == 9
    index.check()


def test_a_shard_put_in_the_place_of_another_is_noticed(tmp_path: Path) -> None:
    opened(tmp_path / "one").refresh(Source(rows(5)))
    opened(tmp_path / "other").refresh(Source(rows(5, start=6)))
    (one,), (other,) = ((tmp_path / name).rglob("*.hashes") for name in ("one", "other"))
    one.write_bytes(other.read_bytes())
    assert opened(tmp_path / "one").videos == 0


def test_a_source_that_fails_halfway_leaves_the_index_as_it_was(tmp_path: Path) -> None:
    index = opened(tmp_path)
    index.refresh(Source(rows(2)))

    def failing(after: int) -> Iterable[Row]:
        yield from (row for row in rows(3) if row[0] > after)
        raise DatabaseError("the database went away")

    with pytest.raises(DatabaseError, match="went away"):
        index.refresh(failing)
    assert (index.videos, opened(tmp_path).checkpoint) == (2, 2)


def test_a_damaged_source_does_not_cost_the_index(tmp_path: Path) -> None:
    index = opened(tmp_path)
    index.refresh(Source(rows(2)))

    def damaged(after: int) -> Iterable[Row]:
        raise IntegrityError("a fingerprint cannot be read")

    with pytest.raises(IntegrityError, match="fingerprint"):
        index.refresh(damaged)
    assert (index.videos, opened(tmp_path).videos) == (2, 2)


def test_an_empty_index_answers_with_nothing(tmp_path: Path) -> None:
    index = opened(tmp_path)
    assert index.refresh(Source([])) == 0
    assert found(index, fingerprint(1).codes, 256) == set()
    assert found(index, np.zeros((0, 32), np.uint8), 256) == set()
    assert (index.videos, index.frames, index.size_bytes) == (0, 0, 0)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"\xff", b"[" * 100_000])
def test_a_manifest_that_is_none_cannot_be_read(tmp_path: Path, body: bytes) -> None:
    (tmp_path / MANIFEST).write_bytes(body)
    with pytest.raises(IntegrityError, match="cannot be read"):
        read_manifest(tmp_path)
