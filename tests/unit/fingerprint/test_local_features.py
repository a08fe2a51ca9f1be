"""Local features: found again after edits, and exact under mirroring."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from tracker.fingerprint.algorithm import FEATURES_PER_FRAME
from tracker.fingerprint.descriptors import codes
from tracker.fingerprint.local_features import FeatureCollector, frame_features
from tracker.matching.feature_hits import feature_hits
from tracker.matching.feature_pairs import FeaturePairs, mirrored_features
from tracker.model.features import Features

Gray = npt.NDArray[np.uint8]


def picture(seed: int, size: tuple[int, int] = (162, 288)) -> Gray:
    """Return blurred noise with boxes: something to find again."""
    rng = np.random.default_rng(seed)
    canvas = cv2.GaussianBlur(rng.uniform(0, 255, size).astype(np.float32), (0, 0), 6)
    canvas = (canvas - canvas.mean()) * 6 + 128
    for _ in range(60):
        x, y = (int(v) for v in rng.integers(0, (size[1], size[0])))
        width, height = (int(v) for v in rng.integers(4, 28, 2))
        cv2.rectangle(canvas, (x, y), (x + width, y + height), float(rng.uniform(0, 255)), -1)
    blurred = np.asarray(cv2.GaussianBlur(canvas, (0, 0), 1), np.float32)
    shown: Gray = np.clip(blurred, 0, 255).astype(np.uint8)
    return shown


def film(*pictures: Gray) -> Features:
    collector = FeatureCollector()
    for number, shown in enumerate(pictures):
        collector.add(number * 1000, shown)
    return collector.finish()


def turned(gray: Gray, degrees: float, zoom: float = 1.0) -> Gray:
    height, width = gray.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, zoom)
    return np.asarray(cv2.warpAffine(gray, matrix, (width, height)), np.uint8)


def inset(gray: Gray) -> Gray:
    frame = picture(900)
    frame[30:111, 40:184] = cv2.resize(gray, (144, 81), interpolation=cv2.INTER_AREA)
    return frame


def cropped(gray: Gray) -> Gray:
    height, width = gray.shape
    part = gray[height // 3 :, : 2 * width // 3]
    return np.asarray(cv2.resize(part, (width, height)), np.uint8)


def test_a_picture_has_features_in_the_form_that_is_stored() -> None:
    found, places = frame_features(picture(1))
    assert 20 < len(found) <= FEATURES_PER_FRAME
    assert found.shape == (len(places), 16)
    assert found.dtype == places.dtype == np.uint8


@pytest.mark.parametrize("size", [(162, 288), (288, 162), (40, 288), (20, 20), (2, 2)])
@pytest.mark.parametrize("value", [0, 255])
def test_flat_pictures_of_any_size_have_none(size: tuple[int, int], value: int) -> None:
    assert len(frame_features(np.full(size, value, np.uint8))[0]) == 0


def test_a_picture_that_does_not_change_is_taken_once() -> None:
    assert film(picture(1), picture(1), picture(2)).pts_ms.tolist() == [0, 2000]


def test_mirroring_a_code_twice_changes_nothing_and_distances_stay() -> None:
    one, other = frame_features(picture(1))[0], frame_features(picture(2))[0]
    assert np.array_equal(mirrored_features(mirrored_features(one)), one)
    n = min(len(one), len(other))
    before = np.bitwise_count(one[:n] ^ other[:n]).sum()
    after = np.bitwise_count(mirrored_features(one[:n]) ^ mirrored_features(other[:n])).sum()
    assert before == after


def test_the_mirrored_code_is_that_of_the_mirrored_histogram() -> None:
    rng = np.random.default_rng(3)
    cells = rng.random((50, 4, 4, 8)).astype(np.float32)
    mirror = cells[:, ::-1][:, :, :, (-np.arange(8)) % 8]
    expected = mirrored_features(codes(cells.reshape(50, 128)))
    assert np.array_equal(codes(np.ascontiguousarray(mirror).reshape(50, 128)), expected)


EDITS: dict[str, Callable[[Gray], Gray]] = {
    "turned": lambda gray: turned(gray, 8),
    "turned far": lambda gray: turned(gray, 35),
    "larger": lambda gray: turned(gray, 0, 1.5),
    "cropped off centre": cropped,
    "picture in picture": inset,
    "paler": lambda gray: gray // 2 + 60,
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("mirror", [False, True])
def test_an_edited_picture_agrees_with_its_source_alone(edit: str, mirror: bool) -> None:
    sources = [picture(seed) for seed in (11, 12, 13)]
    edited = [EDITS[edit](source) for source in sources]
    if mirror:
        edited = [np.ascontiguousarray(one[:, ::-1]) for one in edited]
    hits = feature_hits(FeaturePairs(film(*edited), film(*sources)))
    assert np.array_equal(hits.query_ms, hits.reference_ms)
    assert len(hits.query_ms) >= 2
    assert set(hits.mirrored.tolist()) == {mirror}


def test_unrelated_pictures_agree_nowhere() -> None:
    one, other = (film(*(picture(seed) for seed in range(a, a + 6))) for a in (30, 60))
    assert len(feature_hits(FeaturePairs(one, other)).query_ms) == 0


def test_exchanging_the_two_videos_exchanges_the_times() -> None:
    sources = [picture(seed) for seed in (11, 12, 13)]
    one, other = film(*(turned(s, 8) for s in sources)), film(*sources)
    there, back = feature_hits(FeaturePairs(one, other)), feature_hits(FeaturePairs(other, one))
    assert set(zip(there.query_ms.tolist(), there.reference_ms.tolist(), strict=True)) == set(
        zip(back.reference_ms.tolist(), back.query_ms.tolist(), strict=True)
    )


def test_what_stands_still_in_changing_pictures_proves_nothing() -> None:
    wall = picture(70)
    takes = []
    for first_seed in (80, 90):
        frames = []
        for seed in range(first_seed, first_seed + 4):
            frame = wall.copy()
            frame[40:120, 100:190] = picture(seed)[40:120, 100:190]
            frames.append(frame)
        takes.append(film(*frames))
    hits = feature_hits(FeaturePairs(*takes))
    assert len(hits.query_ms) >= 8
    assert hits.moving.sum() <= 0.03 * hits.agreeing.sum()


def test_videos_without_features_have_no_hits() -> None:
    assert len(feature_hits(FeaturePairs(Features.none(), film(picture(1)))).query_ms) == 0
