from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.values import a_fingerprint, a_match, a_video, some_keyframes
from tracker.evidence.digests import fingerprint_digest, keyframes_digest, match_digest
from tracker.model.fingerprint import Fingerprint
from tracker.model.keyframe import Keyframe
from tracker.model.match import Segment, Transformation

ONE, TWO = a_video("one"), a_video("two")


@pytest.mark.parametrize("name", ["codes", "pts_ms", "views", "quality"])
def test_every_array_of_a_fingerprint_counts(name: str) -> None:
    one = a_fingerprint()
    arrays = {n: getattr(one, n) for n in ("codes", "pts_ms", "views", "quality")}
    arrays[name] = arrays[name].copy()
    arrays[name].flat[-1] += 1
    other = Fingerprint(algorithm=one.algorithm, duration_ms=one.duration_ms, **arrays)
    assert fingerprint_digest(one) != fingerprint_digest(other)


def test_the_byte_order_of_the_machine_does_not_count() -> None:
    one = a_fingerprint()
    other = Fingerprint(
        one.algorithm, one.codes, one.pts_ms.astype(">i4"), one.views, one.quality,
        np.int64(one.duration_ms),  # type: ignore[arg-type]  # as numpy hands it out
    )  # fmt: skip
    assert fingerprint_digest(one) == fingerprint_digest(other)


def test_keyframes_count_in_time_and_picture() -> None:
    frames = some_keyframes()
    moved = (Keyframe(1, frames[0].jpeg), *frames[1:])
    repainted = (Keyframe(0, b"other"), *frames[1:])
    digests = {keyframes_digest(f) for f in (frames, moved, repainted, frames[:-1], ())}
    assert len(digests) == 5


@given(st.floats(0.1, 10), st.floats(0, 1))
def test_which_one_was_asked_about_does_not_count(speed: float, score: float) -> None:
    segments = (Segment(0, 10, 5, 20, speed, mirrored=False, score=score),)
    match = a_match(ONE, TWO, segments=segments, score=score)
    assert match_digest(match.swapped()) == match_digest(match)
    assert match_digest(match.swapped().swapped()) == match_digest(match)


def test_everything_else_about_a_match_counts() -> None:
    match = a_match(ONE, TWO)
    others = [
        match,
        a_match(TWO, ONE),
        a_match(ONE, a_video("three")),
        replace(match, score=0.88),
        replace(match, asserted=False),
        replace(match, segments=match.segments[:1]),
        replace(match, pairs=()),
        replace(match, transformations=()),
        replace(match, reverse_transformations=match.transformations),
        replace(match, transformations=(Transformation("crop", {"box": [0.1, 0.1, 0.8, 0.7]}),)),
    ]
    assert len({match_digest(other) for other in others}) == len(others)
