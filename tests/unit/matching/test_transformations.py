from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.unit.matching import moving_scene as scene
from tests.unit.matching.moving_scene import Edit, Picture
from tracker.matching.transformations import transformations
from tracker.matching.verify import measured
from tracker.model.match import Segment

Details = dict[str, dict[str, object]]


def kinds(edit: Edit | None, *, late_ms: int = 0, mirrored: bool = False, seed: int = 1) -> Details:
    """Return what is named of a copy whose keyframes lie ``late_ms`` off the reference's."""
    stretch = scene.segment(mirrored=mirrored, late_ms=late_ms)
    query = scene.film(seed, edit, late_ms=late_ms)
    shape = measured(stretch, query, scene.film(seed))
    assert shape is not None
    found = transformations((stretch,), stretch.reference_end_ms, shape)
    return {t.kind: dict(t.detail) for t in found}


def box(left: float, top: float, width: float, height: float) -> object:
    return pytest.approx([left, top, width, height], abs=0.025)


def test_a_copy_that_is_only_encoded_again_is_called_that() -> None:
    assert kinds(None, late_ms=300) == {"reencode": {}}
    assert kinds(None) == {"remux": {}}, "these are the same pictures"
    poor = kinds(lambda p: np.asarray(cv2.GaussianBlur(p, (0, 0), 1.5), np.uint8))
    assert poor == {"reencode": {}}


def test_a_copy_of_another_size_and_shape() -> None:
    stretch = scene.segment()
    query = scene.film(1, lambda p: scene.resized(p, 320, 288))
    shape = measured(stretch, query, scene.film(1))
    sizes = ((640, 576), (1024, 576))
    (found,) = transformations((stretch,), 6000, shape, sizes=sizes)
    assert found.kind == "reencode"
    assert found.detail == {
        "size": [640, 576],
        "reference_size": [1024, 576],
        "stretch": pytest.approx(0.625, abs=0.01),
    }


@pytest.mark.parametrize("late_ms", [0, 300])
def test_a_crop_is_measured_as_a_part_of_the_reference(late_ms: int) -> None:
    found = kinds(scene.cropped(0.1, 0.2, 0.8, 0.6), late_ms=late_ms)
    assert found == {"crop": {"box": box(0.1, 0.2, 0.8, 0.6)}}


def test_flat_borders_are_measured_as_a_part_of_the_query() -> None:
    found = kinds(scene.framed(0.25, 0.25, 0.5, 0.5, scene.flat(0)), late_ms=300)
    assert found == {"borders": {"box": box(0.25, 0.25, 0.5, 0.5), "fill": "flat"}}


def test_a_blurred_enlargement_around_the_picture_is_told_from_bars() -> None:
    found = kinds(scene.framed(0.2, 0.2, 0.6, 0.6, scene.blurred))
    assert found == {"borders": {"box": box(0.2, 0.2, 0.6, 0.6), "fill": "blurred"}}


def test_the_picture_inside_another_one() -> None:
    other = scene.framed(0.3, 0.1, 0.5, 0.5, lambda _: scene.background(77))
    found = kinds(other)
    expected = {"box": box(0.3, 0.1, 0.5, 0.5), "shows": "reference"}
    assert found == {"picture_in_picture": expected}


def test_another_picture_inside_the_picture() -> None:
    """Another film plays in the upper right corner."""

    def edit(at: int) -> Edit:
        def put(picture: Picture) -> Picture:
            whole = picture.copy()
            inset = scene.frame(50 + at, 1000 * at)
            whole[:96, 342:] = scene.resized(inset, 170, 96)
            return whole

        return put

    reference = scene.film(1)
    query = tuple(
        scene.keyframe(edit(n)(scene.frame(1, at)), at) for n, at in enumerate(scene.TIMES_MS)
    )
    shape = measured(scene.segment(), query, reference)
    (found,) = transformations((scene.segment(),), 6000, shape)
    assert found.kind == "picture_in_picture"
    assert found.detail == {"box": box(0.668, 0.0, 0.332, 0.333), "shows": "other"}


@pytest.mark.parametrize("degrees", [-7.0, 4.0])
def test_the_direction_of_a_turn(degrees: float) -> None:
    found = kinds(scene.turned(degrees))
    expected = {"degrees_counter_clockwise": pytest.approx(degrees, abs=0.4)}
    assert found["rotation"] == expected


def test_a_turn_of_a_mirrored_copy_is_told_as_the_copy_shows_it() -> None:
    edit = scene.in_turn([scene.flipped, scene.turned(6.0)])
    found = kinds(edit, mirrored=True)
    assert found["mirror"] == {}
    assert found["rotation"] == {"degrees_counter_clockwise": pytest.approx(6.0, abs=0.4)}


def test_boxes_of_a_mirrored_copy_are_where_the_copy_shows_them() -> None:
    inset = scene.framed(0.1, 0.2, 0.6, 0.6, scene.flat(255))
    found = kinds(scene.in_turn([scene.flipped, inset]), mirrored=True)
    assert found["borders"] == {"box": box(0.1, 0.2, 0.6, 0.6), "fill": "flat"}
    marked = kinds(scene.in_turn([scene.flipped, scene.logo]), mirrored=True)
    assert marked["overlay"] == {"box": box(0.78, 0.07, 0.18, 0.14)}


def test_a_mirrored_crop_is_measured_in_the_reference() -> None:
    edit = scene.in_turn([scene.cropped(0.0, 0.0, 0.7, 0.8), scene.flipped])
    found = kinds(edit, mirrored=True)
    assert found == {"crop": {"box": box(0.0, 0.0, 0.7, 0.8)}, "mirror": {}}


@pytest.mark.parametrize("late_ms", [0, 300])
def test_a_logo_is_an_overlay(late_ms: int) -> None:
    found = kinds(scene.logo, late_ms=late_ms)
    assert found == {"overlay": {"box": box(0.78, 0.07, 0.18, 0.14)}}


def test_a_line_of_text_on_the_picture_is_a_caption() -> None:
    found = kinds(scene.subtitle)
    assert set(found) == {"caption"}
    assert found["caption"]["place"] == "picture"
    assert found["caption"]["box"] == pytest.approx([0.16, 0.82, 0.68, 0.13], abs=0.05)


def test_a_bar_with_text_is_a_caption_and_a_border() -> None:
    found = kinds(scene.caption_bar)
    assert found["caption"] == {"box": box(0.0, 0.0, 1.0, 0.2), "place": "bar"}
    assert found["borders"] == {"box": box(0.0, 0.2, 1.0, 0.8), "fill": "flat"}


def grey(picture: Picture) -> Picture:
    return np.asarray(
        cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR), np.uint8
    )


def linear(gain: float, offset: float) -> Edit:
    return lambda picture: np.clip(picture * gain + offset, 0, 255).astype(np.uint8)


def test_colours_are_measured() -> None:
    assert kinds(grey)["colour"]["grey"] is True
    darker = kinds(linear(0.5, 20))["colour"]
    assert darker["contrast"] == pytest.approx(0.5, abs=0.05)
    assert darker["brightness"] == pytest.approx(-0.17, abs=0.04)
    assert kinds(linear(1.0, 25))["colour"]["brightness"] == pytest.approx(0.1, abs=0.02)


def hue_turned(picture: Picture) -> Picture:
    """Turn all colours by 60 degrees."""
    hsv = cv2.cvtColor(picture, cv2.COLOR_BGR2HSV)
    hsv[..., 0] = (hsv[..., 0].astype(int) + 30) % 180
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR), np.uint8)


def test_a_turn_of_all_colours_is_measured() -> None:
    turned = kinds(hue_turned)["colour"]
    assert turned["grey"] is False
    assert abs(float(str(turned["hue_degrees"]))) == pytest.approx(60, abs=20)


def test_pictures_without_features_are_given_no_geometry() -> None:
    """A soft gradient in which nothing can be placed: nothing may be named."""
    ramp = np.linspace(60, 180, scene.WIDTH, dtype=np.uint8)
    soft = np.repeat(np.tile(ramp, (scene.HEIGHT, 1))[..., None], 3, axis=2)
    keyframes = tuple(scene.keyframe(soft, at) for at in scene.TIMES_MS)
    shape = measured(scene.segment(), keyframes, keyframes)
    assert transformations((scene.segment(),), 6000, shape) == ()


def test_one_pair_of_pictures_names_nothing() -> None:
    one = scene.film(1, scene.cropped(0.1, 0.1, 0.8, 0.8))[:1]
    assert measured(scene.segment(), one, scene.film(1)) is None
    assert measured(scene.segment(), (), scene.film(1)) is None


def times(segments: tuple[Segment, ...], reference_ms: int, query_ms: int | None = None) -> Details:
    found = transformations(segments, reference_ms, None, query_duration_ms=query_ms)
    return {t.kind: dict(t.detail) for t in found}


def stretch(query: tuple[int, int], reference: tuple[int, int], speed: float = 1.0) -> Segment:
    return Segment(*query, *reference, speed, mirrored=False, score=0.9)


def test_what_is_left_out_and_what_is_added_in_time() -> None:
    whole = stretch((0, 6000), (4000, 10_000))
    assert times((whole,), 10_500, 6200) == {"trim": {"reference_ms": [4000, 10_000]}}
    assert times((stretch((0, 6000), (0, 6000)),), 6500, 6000) == {}
    part = stretch((8000, 14_000), (0, 6000))
    assert times((part,), 6000, 14_000) == {"compilation": {"query_ms": [[8000, 14_000]]}}
    between = (stretch((0, 4000), (0, 4000)), stretch((9000, 12_000), (4000, 7000)))
    assert set(times(between, 7000, 12_000)) == {"compilation"}
    assert times((stretch((500, 6000), (0, 5500)),), 5500) == {}
    assert times((), 5000, 6000) == {}


def test_speed_is_named_only_where_something_moves() -> None:
    fast = stretch((0, 6000), (0, 7500), speed=1.25)
    assert times((fast,), 7500) == {"speed": {"factor": 1.25}}
    still = tuple(scene.keyframe(scene.background(1), at) for at in scene.TIMES_MS)
    shape = measured(fast, still, still)
    assert {t.kind for t in transformations((fast,), 7500, shape)} == {"reencode"}
