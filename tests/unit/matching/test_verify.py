from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from tests.unit.matching import moving_scene as scene
from tests.unit.matching.moving_scene import Picture
from tracker.matching.verify import keyframe_pairs, verification
from tracker.model.keyframe import Keyframe
from tracker.model.match import Segment

Keyframes = Sequence[Keyframe]


def confirmed(segment: Segment, query: Keyframes, reference: Keyframes) -> bool:
    found = verification(segment, query, reference)
    return found is not None and found.confirms


def test_an_edited_copy_is_confirmed_and_moves_alike() -> None:
    for edit in (None, scene.turned(7, 0.9), scene.cropped(0.1, 0.1, 0.7, 0.7), scene.subtitle):
        found = verification(scene.segment(), scene.film(1, edit), scene.film(1))
        assert found is not None
        assert found.confirms
        assert found.agreement > 0.6
        assert found.moving_agreement is not None
        assert found.moving_agreement > 0.6
        assert found.tells_moment
        assert not found.shows_other_moment
        assert found.gap_ms == 0


def test_a_mirrored_copy_is_confirmed_in_its_orientation_only() -> None:
    query = scene.film(1, scene.flipped)
    assert confirmed(scene.segment(mirrored=True), query, scene.film(1))
    assert not confirmed(scene.segment(mirrored=False), query, scene.film(1))


def test_another_moment_under_a_fixed_camera_is_not_confirmed() -> None:
    """The background agrees in every place, the subject does not."""
    for subject in range(4):
        found = verification(scene.segment(), scene.film(1, subject=subject), scene.film(1))
        assert found is not None
        assert found.agreement > 0.5
        assert found.moving_agreement is not None
        assert found.moving_agreement < 0.35
        assert not found.confirms
        assert found.tells_moment is False
        assert found.shows_other_moment


def test_where_nothing_moves_nothing_is_said_of_motion() -> None:
    still = tuple(scene.keyframe(scene.background(1), at) for at in scene.TIMES_MS)
    found = verification(scene.segment(), still, still)
    assert found is not None
    assert found.moving_agreement is None
    assert found.tells_moment is None


def stamped(seed: int) -> tuple[Keyframe, ...]:
    def stamp(picture: Picture) -> Picture:
        marked = picture.copy()
        cv2.rectangle(marked, (60, 220), (450, 270), (200, 30, 20), -1)
        font = cv2.FONT_HERSHEY_SIMPLEX
        cv2.putText(marked, "agency pictures live", (70, 255), font, 1.1, (255, 255, 255), 3)
        return marked

    return scene.film(seed, stamp)


def test_a_shared_lower_third_is_not_confirmed() -> None:
    assert not confirmed(scene.segment(), stamped(1), stamped(3))


def test_the_furniture_of_a_screen_is_not_confirmed() -> None:
    """Two recordings of one program: all around agrees, the film inside is another."""
    around = scene.background(9)

    def recorded(seed: int) -> tuple[Keyframe, ...]:
        return scene.film(seed, scene.framed(0.25, 0.25, 0.6, 0.6, lambda _: around))

    found = verification(scene.segment(), recorded(1), recorded(3))
    assert found is None or not found.confirms


def test_pictures_in_two_places_do_not_confirm() -> None:
    pictures = [scene.frame(1, at) for at in scene.TIMES_MS[:2]]
    query = (
        scene.keyframe(pictures[0], 0),
        scene.keyframe(scene.turned(0, 0.6)(pictures[1]), 1500),
    )
    assert not confirmed(scene.segment(), query, scene.film(1)[:2])
    assert not confirmed(scene.segment(), (), ())


def test_keyframes_that_are_no_pictures_confirm_nothing() -> None:
    broken = tuple(Keyframe(at, b"\xff\xd8 none") for at in scene.TIMES_MS)
    assert verification(scene.segment(), broken, scene.film(1)) is None
    assert verification(scene.segment(), broken, broken) is None


def test_pairs_are_those_of_one_moment() -> None:
    query = tuple(Keyframe(at, b"q") for at in (0, 1500, 3000, 4500))
    reference = tuple(Keyframe(at, b"r") for at in (100, 2000, 3900, 8000))
    stretch = Segment(0, 4000, 1000, 5000, 1.0, mirrored=False, score=0.5)
    pairs = [(q.pts_ms, r.pts_ms) for q, r in keyframe_pairs(stretch, query, reference)]
    assert pairs == [(3000, 3900), (1500, 2000), (0, 100)]


def test_a_long_segment_is_looked_at_quickly() -> None:
    """Thousands of keyframes are searched by time, not one against all."""
    data = scene.keyframe(np.zeros((40, 60, 3), np.uint8)).jpeg
    many = tuple(Keyframe(1500 * n, data) for n in range(20_000))
    stretch = Segment(0, 30_000_000, 0, 30_000_000, 1.0, mirrored=False, score=0.5)
    assert [q.pts_ms for q, _ in keyframe_pairs(stretch, many, many)] == [0, 1500, 3000]
