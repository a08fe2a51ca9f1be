"""Whether two stretches show one moment: does the same move, in the same place, at the same time?

Another take in the same studio, or the same street an hour later from the same camera, looks
like a copy to hashes and local features: what stands still agrees. So what stands still is
taken away: from every thumbnail the one shortly before it is subtracted. What is left of the
query is correlated with what is left of the reference, mapped into the query's picture.
Copies correlate at one line in time and nowhere else; other moments do not correlate.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from tracker.matching.feature_map import FeatureMap
from tracker.model.thumbnails import Thumbnails

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

BEFORE_MS = 750.0
"""What is the same this long before stands still."""

SLACK_MS = 125.0
LEAST_CONTRAST = 8.0

LEAST_PIXELS = 16
"""Pictures that share fewer thumbnail pixels are not compared."""

LEAST_FRAMES = 4
LEAST_COVERED = 0.6
"""A line is judged only if so much of the query's stretch has its counterpart."""

LARGEST_GAP_MS = 1100
"""Reference frames farther apart are not interpolated between."""

LARGEST_WEIGHT = 2.0
"""A frame weighs by how much of it moves, but at most this many times what is usual: a cut or a
flash must not decide alone."""

MOST_CELLS = 4_000_000
"""Query frames times offsets looked at for one speed; beyond it query frames are left out."""


@dataclass(frozen=True, slots=True)
class Motion:
    """What moves along a line: reference time = ``speed`` * query time + ``offset_ms``.

    ``correlation`` in [-1, 1]; ``query_change`` and ``reference_change``: root mean square of
    what moves, in grey levels.
    """

    speed: float
    offset_ms: float
    correlation: float
    query_change: float
    reference_change: float


class MotionPair:
    """What moves in two videos, the reference's picture mapped into the query's.

    ``query_ms`` and ``reference_ms`` are the times looked at (start, end).
    """

    def __init__(
        self,
        query: Thumbnails,
        reference: Thumbnails,
        shape: FeatureMap,
        query_ms: tuple[float, float],
        reference_ms: tuple[float, float],
    ) -> None:
        q = _between(query, query_ms)
        r = _between(reference, reference_ms)
        self._query_ms = q.pts_ms.astype(np.float64)
        self._reference_ms = r.pts_ms.astype(np.float64)
        columns, rows, inside = _places(shape, q.pictures.shape[1:], r.pictures.shape[1:])
        self.comparable = int(inside.sum()) >= LEAST_PIXELS and min(len(q), len(r)) >= LEAST_FRAMES
        if not self.comparable:
            return
        self._ours = _even(q.pictures[:, inside].astype(np.float32))
        mapped = [_mapped(picture, columns, rows)[inside] for picture in r.pictures]
        self._theirs = _even(np.stack(mapped))
        left, right = _balanced(
            _moving(self._query_ms, self._ours), _moving(self._reference_ms, self._theirs)
        )
        self.pixels = int(inside.sum())
        self._products = np.asarray(left @ right.T, np.float64)
        self._query_power = np.asarray((left * left).sum(axis=1), np.float64)
        strength = np.sqrt(self._query_power)
        self._weights = np.minimum(strength, LARGEST_WEIGHT * float(np.median(strength)))
        self._power = np.asarray((right * right).sum(axis=1), np.float64)
        self._neighbours = np.asarray((right[1:] * right[:-1]).sum(axis=1), np.float64)

    def along(self, speed: float, offset_ms: float) -> Motion:
        """Return what moves along one line."""
        return self.best([speed], np.array([offset_ms], np.float64), LEAST_COVERED)

    def best(
        self, speeds: list[float], offsets_ms: Doubles, covered: float = LEAST_COVERED
    ) -> Motion:
        """Return the line with the highest correlation; -1 if none could be judged."""
        best = Motion(speeds[0], float(offsets_ms[0]), -1.0, 0.0, 0.0)
        for speed in speeds:
            correlation, query, reference = self._correlations(speed, offsets_ms, covered)
            at = int(correlation.argmax())
            if correlation[at] > best.correlation:
                values = (float(v[at]) for v in (correlation, query, reference))
                best = Motion(speed, float(offsets_ms[at]), *values)
        return best

    def rival(self, speed: float, offsets_ms: Doubles) -> float:
        """Return the highest correlation at any of the offsets, at least 0."""
        correlation, _, _ = self._correlations(speed, offsets_ms, LEAST_COVERED)
        return max(0.0, float(correlation.max()))

    def by_frame(self, speed: float, offset_ms: float) -> tuple[Doubles, Doubles, Doubles, Bools]:
        """Return per query frame: products, power in the query, in the reference, and if judged."""
        rows = np.arange(len(self._query_ms))
        product, power, there = self._cells(rows, speed, np.array([offset_ms]))
        return product[:, 0], self._query_power, power[:, 0], there[:, 0]

    def resemblance(self, speed: float, offset_ms: float, span_ms: tuple[float, float]) -> float:
        """Return how much the pictures themselves, moving or not, correlate along a line.

        The median over the query's frames within ``span_ms``; 1 where none of them shows anything.
        """
        rows = np.arange(*np.searchsorted(self._query_ms, span_ms))
        after = np.searchsorted(self._reference_ms, speed * self._query_ms[rows] + offset_ms)
        alike = np.maximum(self._alike(rows, after - 1), self._alike(rows, after))
        telling = alike[~np.isnan(alike)]
        return float(np.median(telling)) if len(telling) else 1.0

    def _alike(self, rows: Ints, there: Ints) -> Floats:
        """Return the correlation of pairs of pictures, NaN where one of them is flat."""
        ours = self._ours[rows]
        theirs = self._theirs[there.clip(0, len(self._reference_ms) - 1)]
        flat = np.minimum(ours.std(axis=1), theirs.std(axis=1)) < LEAST_CONTRAST
        power = np.sqrt((ours * ours).sum(axis=1) * (theirs * theirs).sum(axis=1))
        alike: Floats = (ours * theirs).sum(axis=1) / (power + 1e-3)
        return np.where(flat, np.float32(np.nan), alike)

    @property
    def query_ms(self) -> Doubles:
        """Times of the query frames looked at."""
        return self._query_ms

    def _correlations(
        self, speed: float, offsets_ms: Doubles, covered: float
    ) -> tuple[Doubles, Doubles, Doubles]:
        step = -(-len(self._query_ms) * len(offsets_ms) // MOST_CELLS)
        rows = np.arange(0, len(self._query_ms), step)
        product, power, there = self._cells(rows, speed, offsets_ms)
        ours = self._query_power[rows][:, None]
        alike = product / (np.sqrt(ours * power) + 1e-3)
        weight = np.where(there, self._weights[rows][:, None], 0.0)
        correlation = (weight * alike).sum(axis=0) / (weight.sum(axis=0) + 1e-6)
        count = there.sum(axis=0)
        correlation[count < max(LEAST_FRAMES, covered * len(rows))] = -1.0
        per = np.maximum(1, count) * self.pixels
        here = np.where(there, ours, 0.0).sum(axis=0)
        return correlation, np.sqrt(here / per), np.sqrt(power.sum(axis=0) / per)

    def _cells(
        self, rows: Ints, speed: float, offsets_ms: Doubles
    ) -> tuple[Doubles, Doubles, Bools]:
        """Return product and reference power of each row at each offset, 0 where not judged."""
        times = self._reference_ms
        wanted = speed * self._query_ms[rows][:, None] + offsets_ms[None, :]
        at = np.clip(np.searchsorted(times, wanted, side="right") - 1, 0, len(times) - 2)
        gap = times[at + 1] - times[at]
        share = (wanted - times[at]) / np.maximum(gap, 1.0)
        there = (share > -0.5) & (share < 1.5) & (gap <= LARGEST_GAP_MS)
        share = np.clip(share, 0.0, 1.0)
        row = rows[:, None]
        product = (1 - share) * self._products[row, at] + share * self._products[row, at + 1]
        power = (1 - share) ** 2 * self._power[at] + share**2 * self._power[at + 1]
        power += 2 * share * (1 - share) * self._neighbours[at]
        return np.where(there, product, 0.0), np.where(there, power, 0.0), there


def _between(thumbnails: Thumbnails, span_ms: tuple[float, float]) -> Thumbnails:
    start, end = np.searchsorted(thumbnails.pts_ms, span_ms)
    return Thumbnails(thumbnails.pts_ms[start:end], thumbnails.pictures[start:end])


def _even(pictures: Floats) -> Floats:
    """Return the pictures (n, p) brought to one brightness and contrast.

    Fades, flashes and changing light are no movement.
    """
    mean = pictures.mean(axis=1, keepdims=True)
    contrast = np.maximum(pictures.std(axis=1, keepdims=True), LEAST_CONTRAST)
    even: Floats = (pictures - mean) * (float(np.median(contrast)) / contrast)
    return even


def _moving(times_ms: Doubles, even: Floats) -> Floats:
    """Return each picture (n, p) less the one ``BEFORE_MS`` earlier, 0 where there is none."""
    before = np.searchsorted(times_ms, times_ms - BEFORE_MS + SLACK_MS, side="right") - 1
    there = (before >= 0) & (times_ms - times_ms[before] <= BEFORE_MS + 4 * SLACK_MS)
    moving: Floats = np.where(there[:, None], even - even[before], 0.0).astype(np.float32)
    return moving


def _balanced(left: Floats, right: Floats) -> tuple[Floats, Floats]:
    """Return both with less weight on pixels where much more moves in one than in the other.

    There something was laid over the picture: a face in a corner, a ticker, a sticker.
    """
    powers = [np.sqrt((side * side).mean(axis=0)) + 0.5 for side in (left, right)]
    ratio = powers[0] / powers[1]
    ratio = ratio / float(np.median(ratio))
    weight = np.minimum(ratio, 1.0 / ratio).astype(np.float32)
    return left * weight, right * weight


def _places(
    shape: FeatureMap, query: tuple[int, ...], reference: tuple[int, ...]
) -> tuple[Floats, Floats, Bools]:
    """Return where in the reference's thumbnail each pixel of the query's lies, and if inside."""
    height, width = query
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    x, y = x / max(query), y / max(query)
    inverse = np.linalg.inv(shape.linear)
    dx, dy = (-x if shape.mirrored else x) - shape.shift.real, y - shape.shift.imag
    column = (inverse[0, 0] * dx + inverse[0, 1] * dy) * max(reference)
    row = (inverse[1, 0] * dx + inverse[1, 1] * dy) * max(reference)
    inside = (column >= 0) & (column <= reference[1]) & (row >= 0) & (row <= reference[0])
    return (column - 0.5).astype(np.float32), (row - 0.5).astype(np.float32), inside


def _mapped(picture: npt.NDArray[np.uint8], columns: Floats, rows: Floats) -> Floats:
    remapped = cv2.remap(
        picture.astype(np.float32), columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(remapped, np.float32)
