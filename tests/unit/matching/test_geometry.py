from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from tracker.matching.geometry import geometry
from tracker.matching.transformations import transformations
from tracker.matching.verify import confirmed
from tracker.model.fingerprint import Keyframe
from tracker.model.match import Segment

Picture = npt.NDArray[np.uint8]
SEGMENT = Segment(0, 4000, 0, 4000, 1.0, mirrored=False, score=0.3)


def scene(seed: int) -> Picture:
    """Blocks and discs of many sizes: something with corners everywhere."""
    rng = np.random.default_rng(seed)
    picture = np.full((288, 512), 128, np.uint8)
    for _ in range(250):
        x, y, size = (int(v) for v in (rng.integers(512), rng.integers(288), rng.integers(4, 40)))
        grey = int(rng.integers(256))
        if rng.random() < 0.5:
            cv2.rectangle(picture, (x, y), (x + size, y + size), grey, -1)
        else:
            cv2.circle(picture, (x, y), size // 2, grey, -1)
    return picture


def keyframe(picture: Picture, pts_ms: int = 0) -> Keyframe:
    done, data = cv2.imencode(".jpg", picture)
    assert done
    return Keyframe(pts_ms, data.tobytes())


def mapped(picture: Picture, matrix: npt.NDArray[np.float64]) -> Picture:
    return np.asarray(cv2.warpAffine(picture, matrix, (512, 288)), np.uint8)


def turned(degrees: float, scale: float = 1.0) -> npt.NDArray[np.float64]:
    return np.asarray(cv2.getRotationMatrix2D((256, 144), degrees, scale), np.float64)


def kinds(query: Picture, reference: Picture, *, mirrored: bool = False) -> dict[str, object]:
    shape = geometry(keyframe(query), keyframe(reference), mirrored=mirrored)
    assert shape is not None
    segment = Segment(0, 4000, 0, 4000, 1.0, mirrored=mirrored, score=0.9)
    return {t.kind: dict(t.detail) for t in transformations((segment,), 4000, shape)}


def test_an_unchanged_picture_is_called_nothing() -> None:
    assert kinds(scene(1), scene(1)) == {}


def test_a_crop_is_measured_as_a_part_of_the_reference() -> None:
    cropped = cv2.resize(scene(1)[58:230, 51:461], (512, 288))
    crop = kinds(np.asarray(cropped, np.uint8), scene(1))["crop"]
    assert crop == {"box": pytest.approx([0.1, 0.2, 0.8, 0.6], abs=0.02)}


def test_borders_are_measured_as_a_part_of_the_query() -> None:
    framed = np.zeros((288, 512), np.uint8)
    framed[72:216, 128:384] = cv2.resize(scene(1), (256, 144), interpolation=cv2.INTER_AREA)
    borders = kinds(framed, scene(1))["borders"]
    assert borders == {"box": pytest.approx([0.25, 0.25, 0.5, 0.5], abs=0.02)}


def test_rotation_and_mirror() -> None:
    found = kinds(mapped(scene(1), turned(6)), scene(1))
    assert found["rotation"] == {"degrees_counter_clockwise": pytest.approx(6, abs=0.5)}
    flipped = np.ascontiguousarray(scene(1)[:, ::-1])
    assert set(kinds(flipped, scene(1), mirrored=True)) == {"mirror"}


def test_unrelated_pictures_have_no_geometry() -> None:
    for seed in range(2, 8):
        assert geometry(keyframe(scene(1)), keyframe(scene(seed)), mirrored=False) is None


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff\xe0 not a picture", b"GIF89a"])
def test_keyframes_that_are_no_pictures(data: bytes) -> None:
    assert geometry(Keyframe(0, data), keyframe(scene(1)), mirrored=False) is None


def frames(pictures: list[Picture]) -> tuple[Keyframe, ...]:
    return tuple(keyframe(picture, 1500 * n) for n, picture in enumerate(pictures))


def test_two_pictures_in_the_same_place_confirm_a_doubtful_pair() -> None:
    reference = [scene(1), scene(2)]
    query = [mapped(picture, turned(7, 0.9)) for picture in reference]
    assert confirmed(SEGMENT, frames(query), frames(reference))


def test_one_picture_or_two_places_do_not() -> None:
    reference = [scene(1), scene(2)]
    assert not confirmed(SEGMENT, frames([scene(1), scene(9)]), frames(reference))
    elsewhere = [scene(1), mapped(scene(2), turned(0, 0.6))]
    assert not confirmed(SEGMENT, frames(elsewhere), frames(reference))
    assert not confirmed(SEGMENT, (), ())


def test_a_shared_watermark_does_not() -> None:
    def stamped(seed: int) -> Picture:
        picture = scene(seed)
        cv2.rectangle(picture, (100, 130), (400, 170), 255, -1)
        cv2.putText(picture, "agency pictures", (110, 160), 0, 1.1, 0, 3)
        return picture

    query, reference = [stamped(1), stamped(2)], [stamped(3), stamped(4)]
    assert not confirmed(SEGMENT, frames(query), frames(reference))
