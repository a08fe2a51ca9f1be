"""Alignment of sounds: offsets come back, sides may be exchanged, hum says nothing."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.sound import a_sound, random_sound
from tracker.matching.sound_agreement import sound_agreement
from tracker.matching.sound_alignment import aligned
from tracker.matching.sound_hits import MOST_REPEATS, sound_hits
from tracker.media.sound import ITEM_PERIOD_MS
from tracker.model.match import Segment
from tracker.model.sound import SILENT_ITEM, SoundPrint
from tracker.model.sound_keys import REACH_ITEMS, item_keys, near_keys, search_items

seeds = st.integers(0, 2**32 - 1)


def noisy(items: npt.NDArray[np.uint32], seed: int, share: float) -> npt.NDArray[np.uint32]:
    """Return the items with ``share`` of their bits turned over."""
    flips = np.random.default_rng(seed).random((len(items), 32)) < share
    words = np.packbits(flips, axis=1, bitorder="little").view("<u4")[:, 0]
    turned: npt.NDArray[np.uint32] = (items ^ words).astype(np.uint32)
    return turned


def joined(*parts: npt.NDArray[np.uint32]) -> SoundPrint:
    return a_sound(np.concatenate(parts))


@settings(max_examples=40, deadline=None)
@given(
    seeds,
    st.integers(0, 60),
    st.integers(0, 100),
    st.integers(40, 120),
    st.floats(0, 0.08),
)
def test_an_offset_comes_back_within_one_item(
    seed: int, before: int, cut: int, length: int, share: float
) -> None:
    reference = random_sound(seed, 300)
    copied = noisy(reference.items[cut : cut + length], seed + 1, share)
    query = joined(random_sound(seed + 2, before).items, copied, random_sound(seed + 3, 30).items)
    (segment,) = aligned(query, reference)
    offset_ms = segment.reference_start_ms - segment.query_start_ms
    assert abs(offset_ms - (cut - before) * ITEM_PERIOD_MS) <= ITEM_PERIOD_MS
    assert segment.speed == 1.0


@settings(max_examples=25, deadline=None)
@given(seeds, st.sampled_from([0.8, 0.9, 1.1, 1.25]), st.integers(0, 40))
def test_a_speed_comes_back(seed: int, speed: float, start: int) -> None:
    reference = random_sound(seed, 400)
    taken = np.round(start + speed * np.arange(200)).astype(np.int64)
    (segment, *_) = aligned(a_sound(reference.items[taken]), reference)
    assert abs(segment.speed - speed) < 0.01
    span = segment.query_end_ms - segment.query_start_ms
    assert span > 0.9 * 200 * ITEM_PERIOD_MS
    assert abs(segment.reference_start_ms - start * ITEM_PERIOD_MS) <= 2 * ITEM_PERIOD_MS


@settings(max_examples=40, deadline=None)
@given(seeds, st.integers(0, 80), st.integers(0, 80), st.floats(0, 0.2))
def test_either_may_be_asked_about(seed: int, left: int, right: int, share: float) -> None:
    shared = random_sound(seed, 60).items
    one = joined(random_sound(seed + 1, left).items, shared)
    other = joined(noisy(shared, seed + 2, share), random_sound(seed + 3, right).items)
    assert aligned(one, other) == tuple(
        sorted(
            (segment.swapped() for segment in aligned(other, one)),
            key=lambda s: (s.query_start_ms, s.reference_start_ms),
        )
    )
    segment = Segment(0, 8000, 1000, 9000, 1.0, mirrored=False, score=1.0)
    there = sound_agreement(one, other, [segment])
    back = sound_agreement(other, one, [segment.swapped()])
    assert there is back


@settings(max_examples=40, deadline=None)
@given(seeds, seeds)
def test_unrelated_sounds_share_nothing(one: int, other: int) -> None:
    if one != other:
        assert aligned(random_sound(one, 200), random_sound(other, 200)) == ()


def test_a_sound_used_twice_is_found_twice() -> None:
    song = random_sound(1, 100).items
    query = joined(song, random_sound(2, 60).items, song)
    found = aligned(query, a_sound(song))
    assert [round(s.query_start_ms / ITEM_PERIOD_MS) for s in found] == [0, 160]


def test_a_loop_does_not_multiply() -> None:
    beat = random_sound(1, 16).items
    loop = a_sound(np.tile(beat, 30))
    assert len(aligned(loop, a_sound(np.tile(beat, 20)))) <= 12


def test_what_hardly_changes_proves_nothing() -> None:
    rng = np.random.default_rng(1)
    hum = np.uint32(0x56DF17F) ^ (np.uint32(1) << rng.integers(0, 4, (2, 300)).astype(np.uint32))
    assert aligned(a_sound(hum[0]), a_sound(hum[1])) == ()


def test_sound_around_silence_is_not_searched() -> None:
    sound = joined(
        random_sound(1, 50).items, np.full(5, SILENT_ITEM, np.uint32), random_sound(2, 50).items
    )
    searched = search_items(sound.items)
    assert searched.min() == 0
    gap = np.arange(50 - REACH_ITEMS, 55 + REACH_ITEMS)
    assert not np.isin(gap, searched).any()
    assert len(searched) == 100 - 2 * REACH_ITEMS


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 7), min_size=0, max_size=40), seeds)
def test_hits_are_those_of_brute_force(few: list[int], seed: int) -> None:
    pool = random_sound(seed, 8).items
    reference = a_sound(pool[np.array(few, np.int64)])
    query = a_sound(noisy(pool, seed + 1, 0.03))
    hits = sound_hits(query, reference)
    rows, others = search_items(query.items), search_items(reference.items)
    wide = item_keys(query.items[rows])[:, None] ^ item_keys(reference.items[others])[None, :]
    expected = {(int(rows[i]), int(others[j])) for i, j in np.argwhere(np.bitwise_count(wide) <= 1)}
    assert len(few) <= MOST_REPEATS
    assert set(zip(hits.query.tolist(), hits.reference.tolist(), strict=True)) == expected


def test_a_key_has_itself_and_its_neighbours() -> None:
    near = near_keys(np.array([0b1010], np.uint32))
    assert sorted(np.bitwise_count(near ^ np.uint32(0b1010))[0].tolist()) == [0] + [1] * 24
