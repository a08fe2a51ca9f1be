from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.matching import moving_scene as scene
from tracker.matching.geometry import LEAST_INLIERS, geometry
from tracker.matching.map_models import PointPairs, best_map
from tracker.model.keyframe import Keyframe

SHAPE = (scene.HEIGHT, scene.WIDTH)


def test_the_map_of_an_unchanged_picture_is_the_identity() -> None:
    picture = scene.background(1)
    found = geometry(scene.keyframe(picture), scene.keyframe(picture), mirrored=False)
    assert found is not None
    assert found.matrix == pytest.approx(np.eye(2, 3), abs=1e-6)
    assert (found.rotation_degrees, found.spread > 0.6) == (0.0, True)


@pytest.mark.parametrize("degrees", [-10.0, 3.0, 45.0])
def test_a_turn_is_measured_counter_clockwise(degrees: float) -> None:
    picture = scene.background(1)
    query = scene.turned(degrees)(picture)
    found = geometry(scene.keyframe(query), scene.keyframe(picture), mirrored=False)
    assert found is not None
    assert found.rotation_degrees == pytest.approx(degrees, abs=0.3)


def test_unrelated_pictures_have_no_geometry() -> None:
    one = scene.keyframe(scene.background(1))
    for seed in range(2, 8):
        other = scene.keyframe(scene.background(seed))
        assert geometry(one, other, mirrored=False) is None


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff\xe0 not a picture", b"GIF89a"])
def test_keyframes_that_are_no_pictures(data: bytes) -> None:
    picture = scene.keyframe(scene.background(1))
    assert geometry(Keyframe(0, data), picture, mirrored=False) is None
    assert geometry(picture, Keyframe(0, data), mirrored=True) is None


@settings(max_examples=25, deadline=None)
@given(
    scale=st.tuples(st.floats(0.3, 2.5), st.floats(0.3, 2.5)),
    shift=st.tuples(st.floats(-0.4, 0.4), st.floats(-0.4, 0.4)),
    seed=st.integers(0, 1000),
)
def test_an_upright_map_is_recovered_among_wrong_pairs(
    scale: tuple[float, float], shift: tuple[float, float], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    source = rng.random((120, 2))
    target = source * scale + shift
    target[:40] = rng.random((40, 2))
    found = best_map(PointPairs(source, target), SHAPE, SHAPE)
    assert found is not None
    assert found.rotation_degrees == 0.0
    truth = np.column_stack([np.diag(scale), shift])
    assert found.matrix == pytest.approx(truth, abs=0.01)


def test_pairs_that_only_a_mirror_or_a_collapse_explains_have_no_map() -> None:
    source = np.random.default_rng(1).random((80, 2))
    mirrored = np.column_stack([1 - source[:, 0], source[:, 1]])
    collapsed = np.column_stack([source[:, 0] * 0.01 + 0.5, source[:, 1]])
    for target in (mirrored, collapsed):
        found = best_map(PointPairs(source, target), SHAPE, SHAPE)
        assert found is None or found.inliers.sum() < LEAST_INLIERS
