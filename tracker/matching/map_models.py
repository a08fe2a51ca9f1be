"""Fits maps an editor could have made to pairs of points, most of which may be wrong.

Three models compete, and the simpler one wins unless the richer explains clearly more: upright
(cut, moved, scaled, stretched: four numbers), turned (a similarity in pixels: four numbers) and
affine (six; for a screen filmed at a slant). A moving face or a camera between two instants fits
an affine map with shear all too easily.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

REACH_SHARE = 0.01
"""A feature may land this share of the picture's longer side off its place."""

TURN_BETTER = 1.1
AFFINE_BETTER = 1.3
"""A richer model must explain this many times the pairs of a simpler one, and five more."""

TRIALS = 200
_SEED = 5
_LEAST_SCALE, _MOST_SCALE = 0.1, 8.0
_MOST_STRETCH = 2.5
_MOST_SHEAR = 0.12
_LEAST_BASE = 0.05
"""Two points nearer than this share of the picture say nothing of its scale."""


@dataclass(frozen=True, slots=True, eq=False)
class PointPairs:
    """``source`` and ``target`` float64 (n, 2): the same features in two pictures, fractions."""

    source: Floats
    target: Floats


@dataclass(frozen=True, slots=True, eq=False)
class FittedMap:
    """``matrix`` float64 (2, 3) from source to target fractions; ``inliers`` bool (n,).

    ``support`` counts the inliers, exact ones more than those at the border of the reach;
    ``rotation_degrees`` is counter-clockwise as seen, 0 for upright maps.
    """

    matrix: Floats
    inliers: Bools
    support: float
    rotation_degrees: float = 0.0


def best_map(
    pairs: PointPairs, target_shape: tuple[int, int], source_shape: tuple[int, int]
) -> FittedMap | None:
    """Return the simplest plausible map that explains the pairs; shapes are (height, width)."""
    target_size, source_size = _size(target_shape), _size(source_shape)
    chosen = _upright(pairs, target_size)
    chosen = _better(chosen, _turned(pairs, target_size, source_size), TURN_BETTER)
    return _better(chosen, _affine(pairs, target_size, source_size), AFFINE_BETTER)


def _better(held: FittedMap | None, richer: FittedMap | None, times: float) -> FittedMap | None:
    if held is None or richer is None:
        return held or richer
    enough = richer.support > max(times * held.support, held.support + 5)
    return richer if enough else held


def _size(shape: tuple[int, int]) -> Floats:
    """Return (width, height) as shares of the longer side."""
    return np.array([shape[1], shape[0]], np.float64) / max(shape)


def _upright(pairs: PointPairs, size: Floats) -> FittedMap | None:
    """Return the best map without rotation: by many pairs of pairs, then least squares."""
    source, target = pairs.source, pairs.target
    scales, shifts = _upright_trials(source, target)
    off = np.abs(source[None] * scales[:, None] + shifts[:, None] - target[None]) * size
    agreeing = (off**2).sum(axis=2) <= REACH_SHARE**2
    votes = agreeing.sum(axis=1)
    best = int(votes.argmax())
    if votes[0] >= max(4, 0.9 * votes[best]):
        best = 0  # no change at all explains it as well
    inliers: Bools = agreeing[best]
    scale, shift = scales[best], shifts[best]
    for _ in range(2):
        if inliers.sum() < 3 or np.ptp(source[inliers], axis=0).min() < _LEAST_BASE:
            return None
        scale, shift = _least_squares(source[inliers], target[inliers])
        off = np.abs(source * scale + shift - target) * size
        inliers = (off**2).sum(axis=1) <= REACH_SHARE**2
    matrix = np.column_stack([np.diag(scale), shift])
    return _fitted(pairs, matrix, size) if _in_range(scale) else None


def _fitted(pairs: PointPairs, matrix: Floats, size: Floats, turn: float = 0.0) -> FittedMap:
    off = (pairs.source @ matrix[:, :2].T + matrix[:, 2] - pairs.target) * size
    squared = (off**2).sum(axis=1) / REACH_SHARE**2
    return FittedMap(matrix, squared <= 1, float(np.maximum(1 - squared, 0).sum()), turn)


def _upright_trials(source: Floats, target: Floats) -> tuple[Floats, Floats]:
    """Return scales and shifts, (m, 2) each, of random pairs; the first is no change at all."""
    rng = np.random.default_rng(_SEED)
    one, other = rng.integers(0, len(source), (2, TRIALS))
    base = source[other] - source[one]
    far = np.abs(base).min(axis=1) >= _LEAST_BASE
    one, base, reach = one[far], base[far], (target[other] - target[one])[far]
    scales = reach / base
    fair = (scales >= _LEAST_SCALE).all(axis=1) & (scales <= _MOST_SCALE).all(axis=1)
    scales, one = scales[fair], one[fair]
    shifts = target[one] - source[one] * scales
    return np.vstack([np.ones((1, 2)), scales]), np.vstack([np.zeros((1, 2)), shifts])


def _least_squares(source: Floats, target: Floats) -> tuple[Floats, Floats]:
    """Return scale and shift of each axis."""
    centre, goal = source.mean(axis=0), target.mean(axis=0)
    spread = ((source - centre) ** 2).sum(axis=0)
    scale: Floats = ((source - centre) * (target - goal)).sum(axis=0) / spread
    return scale, goal - scale * centre


def _in_range(scale: Floats) -> bool:
    return bool(scale.min() >= _LEAST_SCALE and scale.max() <= _MOST_SCALE)


def _turned(pairs: PointPairs, target_size: Floats, source_size: Floats) -> FittedMap | None:
    matrix, _ = cv2.estimateAffinePartial2D(
        pairs.source * source_size,
        pairs.target * target_size,
        method=cv2.RANSAC,
        ransacReprojThreshold=REACH_SHARE,
        maxIters=500,
    )
    return _checked(matrix, pairs, target_size, source_size)


def _affine(pairs: PointPairs, target_size: Floats, source_size: Floats) -> FittedMap | None:
    matrix, _ = cv2.estimateAffine2D(
        pairs.source * source_size,
        pairs.target * target_size,
        method=cv2.RANSAC,
        ransacReprojThreshold=REACH_SHARE,
        maxIters=500,
    )
    return _checked(matrix, pairs, target_size, source_size)


def _checked(
    matrix: object, pairs: PointPairs, target_size: Floats, source_size: Floats
) -> FittedMap | None:
    """Return the map in fractions unless no editor would make it: collapse, shear, a flip."""
    if not isinstance(matrix, np.ndarray) or not np.isfinite(matrix).all():
        return None
    linear = np.asarray(matrix[:, :2], np.float64)
    stretch = np.linalg.svd(linear, compute_uv=False)
    if np.linalg.det(linear) <= 0 or stretch[1] < _LEAST_SCALE or stretch[0] > _MOST_SCALE:
        return None
    across, down = linear[:, 0], linear[:, 1]
    lean = across @ down / (np.linalg.norm(across) * np.linalg.norm(down))
    if stretch[0] > _MOST_STRETCH * stretch[1] or abs(lean) > _MOST_SHEAR:
        return None
    turn = -np.degrees(np.arctan2(linear[1, 0] - linear[0, 1], linear[0, 0] + linear[1, 1]))
    fractions = np.diag(1 / target_size) @ matrix @ np.diag([*source_size, 1.0])
    return _fitted(pairs, fractions, target_size, float(turn))
