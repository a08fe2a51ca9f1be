from __future__ import annotations

import numpy as np
import pytest

from benchmarks.accuracy.peers.chromaprint import ITEM_S, _aligned
from benchmarks.accuracy.peers.hosted import (
    VIDEOHASH_BITS,
    _codes,
    _equal_bits,
    _share_of_query,
)
from benchmarks.accuracy.peers.peer import PeerResult
from tests.unit.benchmark.test_metrics import negative, outcome, positive
from tracker.benchmark.metrics import Answer

RNG = np.random.default_rng(4)


def test_a_cut_out_sound_is_aligned_where_it_was_cut() -> None:
    reference = RNG.integers(0, 2**32, 200, dtype=np.uint32)
    judged = _aligned(reference[50:90], reference)
    (segment,) = judged.segments
    assert judged.score == 1.0
    assert segment.query_start_ms == 0
    assert segment.reference_start_ms == pytest.approx(50 * ITEM_S * 1000, abs=1)
    assert segment.reference_end_ms == pytest.approx(90 * ITEM_S * 1000, abs=1)


def test_silence_is_not_the_same_sound() -> None:
    silence = np.full(60, 627964279, np.uint32)
    assert _aligned(silence, silence).score < 0.05
    assert _aligned(np.zeros(0, np.uint32), silence).score == 0.0


def test_vpdq_counts_good_frames_of_the_query_under_its_distance() -> None:
    reference = RNG.integers(0, 256, (5, 32), dtype=np.uint8)
    near, far = reference[:1].copy(), reference[1:2].copy()
    near[0, :3] ^= 0xFF  # 24 bits
    far[0, :4] ^= 0xFF  # 32 bits
    assert _share_of_query(np.concatenate([near, far]), reference).score == 0.5
    assert _share_of_query(near[:0], reference).score == 0.0


def test_vpdq_leaves_poor_frames_out() -> None:
    kept = _codes({"data": [["ab" * 32, 49], ["cd" * 32, 50]], "cpu_s": 0.5})
    assert kept.data.tolist() == [[0xCD] * 32]
    assert kept.kept_bytes == 32


def test_videohash_compares_bits() -> None:
    assert _equal_bits(0b1011, 0b1000).score == 1 - 2 / VIDEOHASH_BITS
    assert _equal_bits(None, 1).score == 0.0


def test_a_peer_asserts_what_lies_above_every_foreign_query_or_what_it_ships() -> None:
    outcomes = (
        outcome(positive("strong"), Answer("r1", 0.9, False, ())),
        outcome(positive("weak"), Answer("r1", 0.8, False, ())),
        outcome(negative(), Answer("r1", 0.85, False, ())),
    )
    peer = PeerResult("any", "1", 0.8, outcomes, 1.0, 1.0)
    assert [o.query.id for o in peer.at_no_false_positive() if o.asserted] == ["strong"]
    shipped = peer.as_shipped()
    assert shipped is not None
    assert [o.query.id for o in shipped if o.asserted] == ["strong", "weak", "n"]
