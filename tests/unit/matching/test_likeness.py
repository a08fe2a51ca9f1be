"""How alike two videos are: near for a copy, far for other footage, and what is laid over one."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.matching import made_films as films
from tests.unit.matching.made_films import Take
from tracker.matching.likeness import likeness
from tracker.model.fingerprint import Fingerprint
from tracker.model.match import Segment

SECONDS = 6
WHOLE = (Segment(0, SECONDS * 1000, 0, SECONDS * 1000, 1.0, mirrored=False, score=1.0),)


@pytest.fixture(scope="module")
def source() -> Fingerprint:
    return films.fingerprint(Take(1, 1), SECONDS * 1000)


def test_a_video_is_like_itself_and_unlike_another(source: Fingerprint) -> None:
    other = films.fingerprint(Take(8, 1), SECONDS * 1000)
    same, different = likeness(source, source, WHOLE), likeness(source, other, WHOLE)
    assert (same.bits, same.levels, same.differs) == (0.0, 0.0, 0.0)
    assert different.bits > 60


def test_a_copy_is_nearer_than_a_copy_of_it(source: Fingerprint) -> None:
    once = films.fingerprint(films.edited(Take(1, 1), films.recoded), SECONDS * 1000)
    assert 0 < likeness(once, source, WHOLE).bits < 40


def test_both_orders_say_the_same(source: Fingerprint) -> None:
    once = films.fingerprint(films.edited(Take(1, 1), films.recoded), SECONDS * 1000)
    there, back = likeness(once, source, WHOLE), likeness(source, once, WHOLE)
    assert back.swapped().bits == pytest.approx(there.bits, abs=1.0)


def test_what_shares_no_moment_is_unknown(source: Fingerprint) -> None:
    beyond = (Segment(0, 2000, 900_000, 902_000, 1.0, mirrored=False, score=1.0),)
    found = likeness(source, source, beyond)
    assert (found.bits, found.levels) == (128.0, None)
    assert np.isfinite(found.differs)
