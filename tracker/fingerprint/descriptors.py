"""What the surroundings of a keypoint look like, as 128 bits that turning does not change.

Histograms of gradients as SIFT takes them (Lowe, IJCV 2004, sections 5 and 6), as square roots
(Arandjelovic and Zisserman, Three Things Everyone Should Know to Improve Object Retrieval, CVPR
2012), and of that the signs of fixed projections. Mirroring a picture permutes the histogram; the
first 64 projections do not change under that permutation and the last 64 change their sign, so
the code of the mirrored picture is the code with its last 64 bits turned over, exactly.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from tracker.fingerprint.keypoints import Keypoints, ScaleSpace

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.uint8]

CELLS = 4
BINS = 8
TURN_BINS = 36
SAMPLES = 16
_PATCH = SAMPLES * SAMPLES
STEP_SIGMAS = 0.75
"""Four samples a cell, three sigmas a cell. Source: Lowe 2004, as implemented everywhere."""

LARGEST_SHARE = 0.2
"""No bin outweighs this, so that one strong edge does not decide. Source: Lowe 2004, 6.1."""

PROJECTIONS_SEED = 20260101

# fmt: off
TYPICAL = (
    -831, -1471, -65, -595, -692, -280, -1005, 380, 492, -55, 940, 2491,
    844, 2099, 2756, -116, -1984, -529, -1769, -2592, -648, -526, -2650, 1038,
    163, -1706, 1134, -1061, 170, -166, -1025, -2094, 1501, -113, -332, 64,
    32, -218, 570, -753, 1159, -557, -640, 60, 174, -1149, -717, 79,
    -652, -260, -288, 1571, -333, 763, -17, 781, -130, 713, -1439, 419,
    -303, 2235, -308, -455,
)
# fmt: on
"""Medians of the first 64 projections, in thousandths, over 300 made-up pictures (pink noise under
ellipses and boxes). Part of the algorithm: no footage ever changes them.
"""


def directions(space: ScaleSpace, points: Keypoints) -> Floats:
    """Return the prevailing direction of the gradient at each point, float32 (n,), radians."""
    gx, gy = _gradients(space.flat, points, np.zeros(len(points), np.float32))
    weight, low, share = _soft_bins(gx, gy, TURN_BINS, _window(2.0))
    base = np.arange(0, len(points) * TURN_BINS, TURN_BINS)[:, None]
    size = len(points) * TURN_BINS
    lower = np.bincount((base + low).ravel(), (weight * (1 - share)).ravel(), size)
    upper = np.bincount((base + _above(low, TURN_BINS)).ravel(), (weight * share).ravel(), size)
    bins = (lower + upper).reshape(len(points), TURN_BINS)
    circle = np.arange(TURN_BINS)
    before, after = (circle - 1) % TURN_BINS, (circle + 1) % TURN_BINS
    for _ in range(2):
        bins = (bins[:, before] + 2 * bins + bins[:, after]) / 4
    rows, top = np.arange(len(points)), bins.argmax(axis=1)
    left, at, right = bins[rows, top - 1], bins[rows, top], bins[rows, (top + 1) % TURN_BINS]
    curve = left + right - 2 * at
    vertex = (left - right) / (2 * np.where(curve == 0, np.inf, curve))
    return np.asarray((top + vertex) * (2 * np.pi / TURN_BINS), np.float32)


def descriptors(space: ScaleSpace, points: Keypoints, turned: Floats) -> Floats:
    """Return float32 (n, 128): row, column and direction bins of the gradient, as square roots."""
    gx, gy = _gradients(space.flat, points, turned)
    weight, low, share = _soft_bins(gx, gy, BINS, _window(8.0))
    n = len(points)
    bins = np.zeros(n * BINS * _PATCH, np.float32)
    base = np.arange(0, bins.size, BINS * _PATCH)[:, None] + np.arange(_PATCH)
    bins[base + low * _PATCH] = weight * (1 - share)
    bins[base + _above(low, BINS) * _PATCH] = weight * share
    cells = (
        (bins.reshape(n, BINS, _PATCH) @ _cell_weights())
        .transpose(0, 2, 1)
        .reshape(n, CELLS * CELLS * BINS)
    )
    cells /= np.linalg.norm(cells, axis=1, keepdims=True) + 1e-6
    cells = np.minimum(cells, LARGEST_SHARE)
    root: Floats = np.sqrt(cells / (cells.sum(axis=1, keepdims=True) + 1e-6))
    return root


def projections(found: Floats) -> Floats:
    """Return the values (n, 128) whose signs make the code, before centring."""
    flat = np.arange(CELLS * CELLS * BINS).reshape(CELLS, CELLS, BINS)
    mirror = flat[::-1][:, :, (-np.arange(BINS)) % BINS].ravel()
    first = np.flatnonzero(np.arange(len(mirror)) < mirror)
    other = mirror[first]
    alike = found[:, first] + found[:, other]
    unlike = found[:, first] - found[:, other]
    signs, mixing = _mixing()
    values: Floats = np.concatenate(
        [(alike * signs[0]) @ mixing, (unlike * signs[1]) @ mixing], axis=1
    )
    return values


def codes(found: Floats) -> Codes:
    """Return the codes of ``descriptors``, uint8 (n, 16)."""
    values = projections(found)
    values[:, :64] -= np.array(TYPICAL, np.float32) / 1000
    return np.packbits(values > 0, axis=1)


@lru_cache(maxsize=1)
def _mixing() -> tuple[Floats, Floats]:
    """Return random signs (2, 64) and the Walsh-Hadamard matrix (64, 64): whole numbers, exact."""
    matrix = np.ones((1, 1), np.float32)
    while len(matrix) < 64:
        matrix = np.block([[matrix, matrix], [matrix, -matrix]])
    random = np.random.Generator(np.random.PCG64(PROJECTIONS_SEED))
    signs = random.integers(0, 2, (2, 64)).astype(np.float32) * 2 - 1
    return signs, np.asarray(matrix, np.float32)


@lru_cache(maxsize=2)
def _window(sigma_samples: float) -> Floats:
    at = np.arange(SAMPLES) - (SAMPLES - 1) / 2
    square = at[:, None] ** 2 + at[None, :] ** 2
    window: Floats = np.exp(-square / (2 * sigma_samples**2)).astype(np.float32)
    return window


@lru_cache(maxsize=1)
def _cell_weights() -> Floats:
    """Return how much each sample (256) counts for each cell (16): bilinear."""
    at = (np.arange(SAMPLES) - (SAMPLES - 1) / 2) * CELLS / SAMPLES + (CELLS - 1) / 2
    line = np.maximum(0, 1 - np.abs(at[None, :] - np.arange(CELLS)[:, None]))
    grid = np.einsum("ay,bx->yxab", line, line)
    weights: Floats = grid.reshape(_PATCH, CELLS * CELLS).astype(np.float32)
    return weights


def _gradients(flat: Floats, points: Keypoints, turned: Floats) -> tuple[Floats, Floats]:
    """Return the gradients (n, 16, 16) along and across ``turned`` around each point."""
    at = (np.arange(SAMPLES + 2) - (SAMPLES + 1) / 2).astype(np.float32)
    along, across = at[None, None, :], at[None, :, None]
    step = STEP_SIGMAS * points.sigma
    cos, sin = (f[:, None, None] for f in (np.cos(turned) * step, np.sin(turned) * step))
    x = (points.x[:, None, None] + cos * along) - sin * across
    y = (points.y[:, None, None] + sin * along) + cos * across
    patch = _sampled(flat, points, x, y)
    return (
        patch[:, 1:-1, 2:] - patch[:, 1:-1, :-2],
        patch[:, 2:, 1:-1] - patch[:, :-2, 1:-1],
    )


def _sampled(flat: Floats, points: Keypoints, x: Floats, y: Floats) -> Floats:
    """Return the blurred copies at x, y (n, h, w), bilinear; outside it the border goes on."""
    width, height, start = (
        v[:, None, None].astype(np.int32) for v in (points.width, points.height, points.start)
    )
    x = np.minimum(np.maximum(x, 0), (width - 1.01).astype(np.float32))
    y = np.minimum(np.maximum(y, 0), (height - 1.01).astype(np.float32))
    column, row = x.astype(np.int32), y.astype(np.int32)
    at = (row * width + (column + start)).astype(np.intp)
    fx = np.subtract(x, column, dtype=np.float64)
    top = _between(flat, at, fx)
    bottom = _between(flat, at + width, fx)
    bottom -= top
    bottom *= y - row
    bottom += top
    return bottom.astype(np.float32)


def _between(flat: Floats, at: Ints, share: Doubles) -> Doubles:
    """Return the values ``share`` of the way from those at ``at`` to the next."""
    before = flat.take(at)
    value = (flat[1:].take(at) - before) * share
    value += before
    return value


def _soft_bins(gx: Floats, gy: Floats, bins: int, window: Floats) -> tuple[Floats, Ints, Floats]:
    """Return weight, lower bin and share of the upper bin of each gradient, (n, 256) each."""
    shape = (len(gx), _PATCH)
    weight = np.hypot(gx, gy)
    weight *= window
    turn = np.arctan2(gy, gx)
    turn *= np.float32(bins / (2 * np.pi))
    floor = np.floor(turn)
    turn -= floor
    low = floor.astype(np.int64)
    low = np.where(low < 0, low + bins, low)
    return weight.reshape(shape), low.reshape(shape), turn.reshape(shape)


def _above(low: Ints, bins: int) -> Ints:
    """Return the bins after ``low``, on a circle of ``bins``."""
    return np.where(low == bins - 1, 0, low + 1)
