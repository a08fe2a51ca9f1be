"""How likely a stretch shows one moment: each sign of it counts, and in the right direction."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.matching.moment_odds import MomentSigns, moment_odds
from tracker.model.match import Segment

SIGNS = MomentSigns(standing_out=1.3, features=120, elsewhere=60)
SEGMENT = Segment(1_000, 7_000, 0, 6_000, 1.0, mirrored=False, score=0.9)


def test_a_copy_in_which_much_moves_is_one_moment_and_a_gesture_is_doubtful() -> None:
    """The second as it was measured of one gesture made twice before the same camera."""
    copy = MomentSigns(standing_out=1.8, features=300, elsewhere=90)
    assert moment_odds(copy, SEGMENT, 0.95) > 6
    gesture = MomentSigns(standing_out=0.9, features=248, elsewhere=216)
    assert moment_odds(gesture, replace(SEGMENT, speed=0.68), 0.07) < 3


@pytest.mark.parametrize(
    "worse",
    [
        (replace(SIGNS, standing_out=0.7), SEGMENT, 0.6),
        (replace(SIGNS, elsewhere=118), SEGMENT, 0.6),
        (SIGNS, replace(SEGMENT, speed=0.5), 0.6),
        (SIGNS, replace(SEGMENT, query_end_ms=3_000), 0.6),
        (SIGNS, SEGMENT, 0.1),
    ],
)
def test_each_sign_counts(worse: tuple[MomentSigns, Segment, float]) -> None:
    assert moment_odds(*worse) < moment_odds(SIGNS, SEGMENT, 0.6)


@given(st.floats(0.3, 3.0))
def test_slower_and_faster_count_alike(speed: float) -> None:
    slower, faster = replace(SEGMENT, speed=1 / speed), replace(SEGMENT, speed=speed)
    assert moment_odds(SIGNS, slower, None) == moment_odds(SIGNS, faster, None)


def test_few_features_tell_nothing_either_way() -> None:
    few = [replace(SIGNS, features=9, elsewhere=elsewhere) for elsewhere in (0, 9, 40)]
    assert len({moment_odds(signs, SEGMENT, None) for signs in few}) == 1
