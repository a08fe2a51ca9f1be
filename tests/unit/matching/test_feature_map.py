"""Maps between pictures, from made features: what was done to the picture comes back."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.fingerprint.local_features import frame_features
from tracker.matching.feature_map import FeatureMap, box_map, fitted_map
from tracker.matching.feature_pairs import FeaturePairs, Located, mirrored_features
from tracker.matching.second_look import second_look
from tracker.model.features import CODE_BYTES, Features

seeds = st.integers(0, 2**32 - 1)
NO_CODES = (0, CODE_BYTES)


def located(places: np.ndarray, octaves: np.ndarray, turns: np.ndarray) -> Located:
    """Return features at complex ``places`` of ten frames, in turn."""
    n = len(places)
    counts = np.bincount(np.arange(n) * 10 // n, minlength=10).astype(np.int64)
    return Located(
        codes=np.zeros((n, CODE_BYTES), np.uint8),
        places=places,
        octaves=octaves,
        turns=turns,
        frames=np.repeat(np.arange(10), counts),
        times_ms=np.arange(10) * 1000,
        starts=np.cumsum(counts) - counts,
        counts=counts,
    )


def linear_map(degrees: float, zoom: float, stretch: float) -> np.ndarray:
    """Return the stretch along x, then the turn (clockwise as seen), then the zoom."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turned = np.array([[cos, -sin], [sin, cos]])
    sides = np.diag([np.sqrt(stretch), 1 / np.sqrt(stretch)])
    return np.asarray(zoom * turned @ sides)


def under(
    truth: FeatureMap, seed: int, outliers: float
) -> tuple[Located, Located, np.ndarray, np.ndarray]:
    """Return query and reference features, and pairs of which a share is wrong."""
    rng = np.random.default_rng(seed)
    n = 120
    there = rng.random(n) + 0.56j * rng.random(n)
    octaves, turns = rng.uniform(2, 6, n), rng.uniform(0, 2 * np.pi, n)
    here = truth.applied(there) + rng.normal(0, 0.003, n) + 1j * rng.normal(0, 0.003, n)
    query = located(
        here,
        octaves + np.log2(truth.zoom) + rng.normal(0, 0.08, n),
        turns + truth.turn + rng.normal(0, 0.06, n),
    )
    i = np.arange(n, dtype=np.int64)
    j = i.copy()
    wrong = rng.permutation(n)[: round(outliers * n)]
    j[wrong] = rng.integers(0, n, len(wrong))
    return query, located(there, octaves, turns), i, j


def farthest(found: FeatureMap, truth: FeatureMap) -> float:
    """Return how far a corner of the reference's picture lands from where it belongs."""
    corners = np.array([0, 1, 0.56j, 1 + 0.56j])
    return float(np.abs(found.applied(corners) - truth.applied(corners)).max())


@settings(max_examples=80, deadline=None)
@given(
    degrees=st.floats(-180, 180),
    zoom=st.floats(0.4, 2.5),
    stretch=st.floats(0.8, 1.25),
    x=st.floats(-0.5, 0.5),
    y=st.floats(-0.5, 0.5),
    mirrored=st.booleans(),
    seed=seeds,
)
def test_a_map_is_recovered_although_half_of_the_pairs_are_wrong(
    degrees: float, zoom: float, stretch: float, x: float, y: float, mirrored: bool, seed: int
) -> None:
    truth = FeatureMap(linear_map(degrees, zoom, stretch), complex(x, y), mirrored)
    found = fitted_map(*under(truth, seed, 0.5), mirrored)
    assert found is not None
    assert farthest(found, truth) <= 0.02 * max(1.0, zoom)
    assert found.zoom == pytest.approx(truth.zoom, rel=0.02)
    assert abs(np.angle(np.exp(1j * (found.turn - truth.turn)))) < 0.03
    assert found.mirrored == mirrored


def test_zoom_and_turn_are_read_off_the_map() -> None:
    shape = FeatureMap(linear_map(30, 1.5, 1.0), 0.1 + 0.2j, mirrored=False)
    assert shape.zoom == pytest.approx(1.5)
    assert shape.turn == pytest.approx(np.radians(30))
    assert shape.applied(np.array([0j, 1 + 0j]))[1] == pytest.approx(
        0.1 + 0.2j + 1.5 * np.exp(1j * np.radians(30))
    )


def test_too_few_features_make_no_map() -> None:
    truth = FeatureMap(np.eye(2), 0j, mirrored=False)
    query, reference, i, j = under(truth, 1, 0.0)
    assert fitted_map(query, reference, i[:3], j[:3], mirrored=False) is None
    none = np.zeros(0, np.int64)
    assert fitted_map(query, reference, none, none, mirrored=False) is None


def test_many_pairs_of_few_places_make_no_map() -> None:
    """A logo of three places in every frame."""
    truth = FeatureMap(np.eye(2), 0j, mirrored=False)
    query, reference, i, j = under(truth, 1, 0.0)
    assert fitted_map(query, reference, np.repeat(i[:3], 50), np.repeat(j[:3], 50), False) is None


def test_pictures_are_not_enlarged_without_limit() -> None:
    truth = FeatureMap(np.eye(2) * 8, 0j, mirrored=False)
    assert fitted_map(*under(truth, 1, 0.0), mirrored=False) is None


codes = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).integers(0, 256, (7, CODE_BYTES)).astype(np.uint8)
)


@given(codes, codes)
def test_mirroring_codes_twice_changes_nothing_and_keeps_distances(
    one: np.ndarray, other: np.ndarray
) -> None:
    assert np.array_equal(mirrored_features(mirrored_features(one)), one)
    apart = np.bitwise_count(one ^ other).sum(axis=1)
    turned = np.bitwise_count(mirrored_features(one) ^ mirrored_features(other)).sum(axis=1)
    assert np.array_equal(apart, turned)


def scene(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    picture = np.full((162, 288), 120, np.uint8)
    for _ in range(150):
        x, y, size = int(rng.integers(288)), int(rng.integers(162)), int(rng.integers(4, 22))
        level = int(rng.integers(10, 246))
        if rng.random() < 0.5:
            cv2.rectangle(picture, (x, y), (x + size, y + size), level, -1)
        else:
            cv2.circle(picture, (x, y), size // 2, level, -1)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.8), np.uint8)


def features_of(pictures: list[np.ndarray]) -> Features:
    found = [frame_features(picture) for picture in pictures]
    return Features(
        np.arange(len(found), dtype=np.int32) * 1000,
        np.array([len(codes) for codes, _ in found], np.uint8),
        np.concatenate([codes for codes, _ in found]),
        np.concatenate([places for _, places in found]),
    )


@pytest.mark.parametrize("seed", range(4))
def test_features_of_the_mirrored_picture_are_the_mirrored_features(seed: int) -> None:
    picture = scene(seed)
    plain = features_of([picture])
    turned = Located.of(features_of([np.ascontiguousarray(picture[:, ::-1])]), mirrored=True)
    known = Located.of(plain, mirrored=False)
    apart = np.abs(turned.places[:, None] + 1 - known.places[None])
    bits = np.bitwise_count(turned.codes[:, None] ^ known.codes[None]).sum(axis=2)
    turns = np.abs(np.angle(np.exp(1j * (turned.turns[:, None] - known.turns[None]))))
    same = (apart < 0.01) & (bits <= 8) & (turns < 0.1)
    assert same.any(axis=1).mean() > 0.8


@pytest.mark.parametrize("mirrored", [False, True])
def test_the_second_look_finds_a_crop_along_its_line_and_nothing_beside_it(mirrored: bool) -> None:
    pictures = [scene(seed) for seed in range(12)]
    cropped = [cv2.resize(p[20:140, 30:243], (288, 162)) for p in pictures[2:10]]
    copies = [np.ascontiguousarray(c[:, ::-1]) if mirrored else c for c in cropped]
    pairs = FeaturePairs(features_of([np.asarray(c) for c in copies]), features_of(pictures))
    look = second_look(pairs, 1.0, 2000.0, mirrored=mirrored)
    assert look is not None
    assert look.map.zoom == pytest.approx(288 / 213, rel=0.02)
    assert look.query_ms.tolist() == list(range(0, 8000, 1000))
    assert look.reference_ms.tolist() == list(range(2000, 10_000, 1000))
    assert look.on.min() >= 10
    assert look.off.max() <= 3
    assert np.all(look.on <= look.possible)
    assert second_look(pairs, 1.0, 2000.0, mirrored=not mirrored) is None


def test_without_features_there_is_nothing_to_look_at() -> None:
    pairs = FeaturePairs(Features.none(), features_of([scene(1)]))
    assert second_look(pairs, 1.0, 0.0, mirrored=False) is None
    assert [len(part) for part in pairs.found(mirrored=True)] == [0, 0, 0]


def test_alike_features_are_within_the_radius_and_none_is_missed() -> None:
    one, other = features_of([scene(1), scene(2)]), features_of([scene(2), scene(3)])
    i, j, bits = FeaturePairs(one, other).found(mirrored=False)
    apart = np.bitwise_count(one.codes[:, None] ^ other.codes[None]).sum(axis=2, dtype=np.int64)
    assert np.array_equal(apart[i, j], bits)
    assert {*zip(i.tolist(), j.tolist(), strict=True)} == {*map(tuple, np.argwhere(apart <= 28))}


boxes = st.tuples(
    st.integers(0, 120), st.integers(0, 120), st.integers(130, 255), st.integers(130, 255)
)
shapes = st.tuples(st.integers(8, 32), st.integers(8, 32))


@given(shapes, boxes, shapes, boxes, st.booleans())
def test_boxes_are_laid_corner_on_corner(
    query: tuple[int, int],
    query_box: tuple[int, int, int, int],
    reference: tuple[int, int],
    reference_box: tuple[int, int, int, int],
    mirrored: bool,
) -> None:
    found = box_map(
        query,
        np.array(query_box, np.uint8),
        reference,
        np.array(reference_box, np.uint8),
        mirrored=mirrored,
    )
    left, top, right, bottom = corners(query, query_box)
    if mirrored:  # the mirror image's left side is the picture's right one; its x is negative
        left, right = -right, -left
    r_left, r_top, r_right, r_bottom = corners(reference, reference_box)
    applied = found.applied(np.array([complex(r_left, r_top), complex(r_right, r_bottom)]))
    assert applied == pytest.approx(np.array([complex(left, top), complex(right, bottom)]))
    assert found.mirrored == mirrored


def corners(shape: tuple[int, int], box: tuple[int, int, int, int]) -> tuple[float, ...]:
    width, height = shape[1] / max(shape), shape[0] / max(shape)
    left, top, right, bottom = (side / 255 for side in box)
    return left * width, top * height, right * width, bottom * height
