from __future__ import annotations

from tracker.matching.same_pictures import same_pictures
from tracker.model.keyframe import Keyframe


def film(*pictures: tuple[int, bytes]) -> list[Keyframe]:
    return [Keyframe(pts_ms, jpeg) for pts_ms, jpeg in pictures]


ONE = film((0, b"a"), (4000, b"b"), (8000, b"c"))


def test_equal_pictures_of_one_distance_in_time() -> None:
    assert same_pictures(ONE, film((0, b"a"), (4001, b"b"), (8000, b"c")))
    cut = film((0, b"b"), (2000, b"x"), (4000, b"c"))
    assert same_pictures(cut, ONE), "the cut's other picture is of a moment the other has none of"


def test_one_picture_may_be_equal_by_chance() -> None:
    assert not same_pictures(ONE, film((0, b"a"), (4000, b"y"), (8000, b"z")))
    assert not same_pictures(film((0, b"a"), (4000, b"a")), film((0, b"a"), (4000, b"a")))


def test_a_picture_of_one_moment_that_differs_was_compressed_again() -> None:
    assert not same_pictures(ONE, film((0, b"a"), (4000, b"b"), (8000, b"z")))


def test_equal_pictures_at_other_distances_were_cut_together_anew() -> None:
    assert not same_pictures(ONE, film((0, b"a"), (3000, b"b"), (8000, b"c")))


def test_without_keyframes_nothing_is_said() -> None:
    assert not same_pictures([], ONE)
    assert not same_pictures(ONE, [])
