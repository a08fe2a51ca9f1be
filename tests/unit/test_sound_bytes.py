"""Sound prints as stored bytes: there and back, and nothing else accepted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from storage.sound_bytes import sound_packed, sound_unpacked
from tests.support.sound import random_sound
from tests.support.values import a_fingerprint
from tracker.evidence.digests import fingerprint_digest


@given(st.integers(0, 50), st.text(max_size=30), st.text(max_size=30))
def test_there_and_back(n: int, algorithm: str, version: str) -> None:
    sound = replace(random_sound(n, n), algorithm=algorithm, version=version)
    again = sound_unpacked(sound_packed(sound))
    assert again is not None
    assert np.array_equal(again.items, sound.items)
    assert (again.algorithm, again.version) == (algorithm, version)
    assert (again.item_period_ms, again.item_window_ms, again.duration_ms) == (
        sound.item_period_ms,
        sound.item_window_ms,
        sound.duration_ms,
    )


def test_no_sound_is_no_bytes() -> None:
    assert sound_packed(None) is None
    assert sound_unpacked(None) is None


@given(st.binary(max_size=200))
def test_other_bytes_are_refused(body: bytes) -> None:
    try:
        sound = sound_unpacked(body)
    except ValueError:
        return
    assert sound_packed(sound) == body


def test_the_digest_covers_the_sound() -> None:
    mute = a_fingerprint(1)
    one, other = (replace(mute, sound=random_sound(seed, 30)) for seed in (1, 2))
    digests = {fingerprint_digest(f) for f in (mute, one, other)}
    assert len(digests) == 3
    assert fingerprint_digest(replace(mute, sound=random_sound(1, 30))) == fingerprint_digest(one)
