"""The index of sounds: what brute force finds, grown in steps, rebuilt when it is not whole."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from storage.index.contents import difference
from storage.index.snapshot import snapshot
from storage.index.sound_index import SoundIndex
from tests.support.sound import a_sound, random_sound
from tracker.matching.sound_search import SoundSearch
from tracker.model.ids import VideoId
from tracker.model.sound import SoundPrint
from tracker.model.sound_keys import item_keys, search_items

KEY = "phash|bits=256"
Row = tuple[int, VideoId, SoundPrint | None]


def rows(count: int, start: int = 1, items: int = 40) -> list[Row]:
    return [
        (
            n,
            VideoId(hashlib.sha256(str(n).encode()).hexdigest()),
            random_sound(n, items) if n % 3 else None,
        )
        for n in range(start, start + count)
    ]


class Source:
    """A table of sounds that remembers from where it was asked."""

    def __init__(self, table: list[Row]) -> None:
        self.table = table
        self.asked: list[int] = []

    def __call__(self, after: int) -> Iterable[Row]:
        self.asked.append(after)
        return [row for row in self.table if row[0] > after]


def found(index: SoundIndex, sound: SoundPrint) -> set[tuple[int, VideoId, int]]:
    hits = index.search(sound)
    triples = zip(
        hits.query_items.tolist(), hits.references.tolist(), hits.items.tolist(), strict=True
    )
    return {(row, index.video(reference), item) for row, reference, item in triples}


def brute_force(table: list[Row], sound: SoundPrint) -> set[tuple[int, VideoId, int]]:
    asked = search_items(sound.items)
    pairs = set()
    for _, video, held in table:
        if held is None:
            continue
        items = search_items(held.items)
        wide = item_keys(sound.items[asked])[:, None] ^ item_keys(held.items[items])[None, :]
        for i, j in np.argwhere(np.bitwise_count(wide) <= 1):
            pairs.add((int(asked[i]), video, int(items[j])))
    return pairs


def a_query(table: list[Row]) -> SoundPrint:
    """Return a sound that shares items with several of the table, some with one bit turned."""
    parts = [sound.items[5:25] for _, _, sound in table if sound is not None][::2]
    items = np.concatenate(parts)
    items[::3] ^= np.uint32(1 << 20)
    items[::7] ^= np.uint32(1)
    return a_sound(items)


@pytest.mark.parametrize("step", [1, 4, 30])
def test_all_is_found_that_brute_force_finds(tmp_path: Path, step: int) -> None:
    table = rows(30)
    index = SoundIndex(tmp_path, KEY)
    for end in range(step, len(table) + step, step):
        index.refresh(Source(table[:end]))
    query = a_query(table)
    expected = brute_force(table, query)
    assert len(expected) >= 100
    assert found(index, query) == expected
    assert found(SoundIndex(tmp_path, KEY), query) == expected
    assert index.videos == 30
    assert index.checkpoint == 30


def test_only_what_is_new_is_read(tmp_path: Path) -> None:
    index = SoundIndex(tmp_path, KEY)
    source = Source(rows(10))
    assert index.refresh(source) == 10
    assert index.refresh(source) == 0
    source.table += rows(3, start=11)
    assert index.refresh(source) == 3
    assert source.asked == [0, 10, 10]


def test_an_empty_index_finds_nothing(tmp_path: Path) -> None:
    index = SoundIndex(tmp_path, KEY)
    assert found(index, random_sound(1, 50)) == set()
    index.refresh(Source([(1, VideoId("a" * 64), None)]))
    assert found(index, random_sound(1, 50)) == set()
    assert found(index, a_sound([])) == set()


@pytest.mark.parametrize("suffix", [".low", ".items", ".starts", ".ids"])
@pytest.mark.parametrize("damage", ["missing", "short"])
def test_a_damaged_index_is_built_again(tmp_path: Path, suffix: str, damage: str) -> None:
    table = rows(12)
    index = SoundIndex(tmp_path, KEY)
    index.refresh(Source(table))
    (path,) = tmp_path.glob(f"*/shard-*{suffix}")
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1])
    again = SoundIndex(tmp_path, KEY)
    assert again.videos == 0
    again.refresh(Source(table))
    assert found(again, a_query(table)) == brute_force(table, a_query(table))


def test_a_replaced_source_is_read_anew(tmp_path: Path) -> None:
    index = SoundIndex(tmp_path, KEY)
    index.refresh(Source(rows(5)))
    table = rows(4, start=101)
    names = {row_id: video for row_id, video, _ in table}
    index.refresh(Source(table), names.get)
    assert index.videos == 4
    assert found(index, a_query(table)) == brute_force(table, a_query(table))


def test_a_snapshot_finds_the_same(tmp_path: Path) -> None:
    table = rows(12)
    SoundIndex(tmp_path / "index", KEY).refresh(Source(table))
    (tmp_path / "copy").mkdir()
    snapshot(tmp_path / "index", tmp_path / "copy")
    copy = SoundIndex(tmp_path / "copy", KEY)
    assert found(copy, a_query(table)) == brute_force(table, a_query(table))


def test_an_hour_of_sound_takes_less_than_a_fifth_of_a_megabyte(tmp_path: Path) -> None:
    hour = random_sound(1, 29_077)
    index = SoundIndex(tmp_path, KEY)
    index.refresh(Source([(1, VideoId("a" * 64), hour)]))
    assert index.size_bytes < 200_000
    assert index.size_bytes + hour.items.nbytes < 300_000


def test_the_archive_is_searched_by_sound_in_any_order(tmp_path: Path) -> None:
    song = random_sound(77, 120)
    held = {
        VideoId("a" * 64): song,
        VideoId("b" * 64): a_sound(np.concatenate((random_sound(5, 60).items, song.items[:80]))),
        VideoId("c" * 64): random_sound(6, 200),
    }
    for asked, sound in held.items():
        index = SoundIndex(tmp_path / asked[:2], KEY)
        index.refresh(Source([(n, v, s) for n, (v, s) in enumerate(held.items(), 1)]))
        heard = SoundSearch(index, held.get).others(asked, sound, lambda _: True)
        names = {match.reference for match in heard}
        shared = {VideoId("a" * 64), VideoId("b" * 64)}
        assert names == (shared - {asked} if asked in shared else set())


def test_every_altered_item_is_told_by_what_the_index_is_made_of(tmp_path: Path) -> None:
    table = rows(9)
    SoundIndex(tmp_path, KEY).refresh(Source(table[:4]))
    SoundIndex(tmp_path, KEY).refresh(Source(table))
    assert difference(SoundIndex(tmp_path, KEY), table) is None
    later = rows(2, start=10)
    assert difference(SoundIndex(tmp_path, KEY), [*table, *later]) is None
    for path in sorted(tmp_path.rglob("shard-*")):
        whole = path.read_bytes()
        for place in {0, len(whole) // 2, len(whole) - 1}:
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            assert difference(SoundIndex(tmp_path, KEY), table), (path.suffix, place)
        path.write_bytes(whole)
    assert difference(SoundIndex(tmp_path, KEY), table[:-1])
    changed = random_sound(99, 40)
    assert difference(SoundIndex(tmp_path, KEY), [(1, table[0][1], changed), *table[1:]])
