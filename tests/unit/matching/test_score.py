from __future__ import annotations

import numpy as np
import pytest

from tracker.matching.alignment import AlignedRun, Line
from tracker.matching.frame_hits import FrameHits
from tracker.matching.score import EVIDENCE_FOR_MATCH, STILL_EVIDENCE, evidence, score
from tracker.model.algorithm import Algorithm
from tracker.model.features import Features
from tracker.model.fingerprint import Fingerprint

TIMES_MS = np.arange(100, dtype=np.int64) * 250


def with_feature_frames(count: int) -> Fingerprint:
    features = Features(
        np.arange(count, dtype=np.int32) * 3000,
        np.ones(count, np.uint8),
        np.zeros((count, 16), np.uint8),
        np.zeros((count, 4), np.uint8),
    )
    nothing = np.zeros(0, np.uint8)
    return Fingerprint(
        Algorithm("test", (), ()),
        np.zeros((0, 32), np.uint8),
        np.zeros(0, np.int32),
        nothing,
        nothing,
        25_000,
        features=features,
    )


def run_of_features(agreeing: list[int], *, moving: int = 0, speed: float = 1.0) -> AlignedRun:
    """Return feature frames three seconds apart, in each so many features that agree."""
    n = len(agreeing)
    frames = np.arange(n, dtype=np.int64) * 12
    none, views = np.zeros(n, np.bool_), np.zeros(n, np.uint8)
    found = FrameHits(
        frames,
        frames,
        np.full(n, 34, np.int64),
        none,
        views,
        views,
        TIMES_MS,
        TIMES_MS,
        np.full(n, moving, np.int64),
        np.array(agreeing, np.int64),
    )
    return AlignedRun(Line(speed, 0.0, mirrored=False), found, standstill=True)


def proof(run: AlignedRun, query_frames: int, reference_frames: int) -> float:
    return evidence(run, with_feature_frames(query_frames), with_feature_frames(reference_frames))


def test_all_feature_frames_of_a_still_video_make_a_candidate_however_few() -> None:
    assert proof(run_of_features([12]), 1, 30) == STILL_EVIDENCE
    assert proof(run_of_features([12]), 30, 2) == STILL_EVIDENCE
    assert score(STILL_EVIDENCE) < score(EVIDENCE_FOR_MATCH)


@pytest.mark.parametrize(
    ("run", "frames"),
    [
        (run_of_features([12]), 30),
        (run_of_features([9]), 1),
        (run_of_features([12], speed=0.5), 1),
    ],
    ids=["one of many", "few features", "another speed"],
)
def test_one_still_feature_frame_proves_nothing_else(run: AlignedRun, frames: int) -> None:
    assert proof(run, frames, 30) == 0.0


def test_features_that_move_count_with_their_number() -> None:
    few, many = (proof(run_of_features([20] * 3, moving=m), 8, 8) for m in (2, 20))
    assert 0 < few < many
