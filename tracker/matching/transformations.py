"""Names what was done to the reference to make the query."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tracker.matching.geometry import Geometry
from tracker.model.match import Segment, Transformation

Floats = npt.NDArray[np.float64]

PLAIN_SPEED = 0.03
"""Speeds this near 1 are called unchanged: sampling alone moves short segments that much."""

MARGIN_SHARE = 0.04
"""Borders and crops narrower than this share of the picture are not named."""

TRIM_MS = 1000
"""Leaving out less than this of the reference is not called a trim."""

LEAST_ROTATION_DEGREES = 1.5


def transformations(
    segments: tuple[Segment, ...], reference_duration_ms: int, shape: Geometry | None
) -> tuple[Transformation, ...]:
    """Return what explains the query as a copy of the reference, as far as it was measured.

    ``shape`` is the geometry of the strongest segment, ``None`` if it could not be measured;
    then nothing is said about crops, borders and rotation.
    """
    if not segments:
        return ()
    found = [*_in_time(segments, reference_duration_ms)]
    if any(segment.mirrored for segment in segments):
        found.append(Transformation("mirror"))
    if shape is not None:
        found.extend(_in_the_picture(shape))
    return tuple(found)


def _in_time(segments: tuple[Segment, ...], reference_duration_ms: int) -> list[Transformation]:
    found = []
    start = min(s.reference_start_ms for s in segments)
    end = max(s.reference_end_ms for s in segments)
    if start > TRIM_MS or reference_duration_ms - end > TRIM_MS:
        found.append(Transformation("trim", {"reference_ms": [start, end]}))
    longest = max(segments, key=lambda s: s.query_end_ms - s.query_start_ms)
    if abs(longest.speed - 1.0) > PLAIN_SPEED:
        found.append(Transformation("speed", {"factor": round(longest.speed, 3)}))
    return found


def _in_the_picture(shape: Geometry) -> list[Transformation]:
    found = []
    if abs(shape.rotation_degrees) >= LEAST_ROTATION_DEGREES:
        degrees = round(shape.rotation_degrees, 1)
        found.append(Transformation("rotation", {"degrees_counter_clockwise": degrees}))
    shown = _box(shape.matrix)  # the reference's frame, in the query
    if _inset(shown) > MARGIN_SHARE:
        found.append(Transformation("borders", {"box": _as_sides(_clipped(shown))}))
    seen = _box(_inverse(shape.matrix))  # the query's frame, in the reference
    if _inset(seen) > MARGIN_SHARE:
        found.append(Transformation("crop", {"box": _as_sides(_clipped(seen))}))
    return found


def _box(matrix: Floats) -> tuple[float, float, float, float]:
    """Return where the unit square lands, as (left, top, right, bottom)."""
    corners = np.array([[0, 0, 1], [1, 0, 1], [0, 1, 1], [1, 1, 1]], np.float64)
    # Means of opposite corners, so that a slight rotation does not widen the box.
    x, y = (corners @ matrix.T).T
    left, right = (x[0] + x[2]) / 2, (x[1] + x[3]) / 2
    top, bottom = (y[0] + y[1]) / 2, (y[2] + y[3]) / 2
    return float(left), float(top), float(right), float(bottom)


def _inverse(matrix: Floats) -> Floats:
    inverse: Floats = np.linalg.inv(np.vstack([matrix, [0.0, 0.0, 1.0]]))[:2]
    return inverse


def _inset(box: tuple[float, float, float, float]) -> float:
    left, top, right, bottom = box
    return max(left, top, 1.0 - right, 1.0 - bottom)


def _clipped(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    left, top, right, bottom = (min(1.0, max(0.0, side)) for side in box)
    return left, top, right, bottom


def _as_sides(box: tuple[float, float, float, float]) -> list[float]:
    """Return ``[x, y, width, height]``, fractions of the picture."""
    left, top, right, bottom = box
    return [round(v, 3) for v in (left, top, max(0.0, right - left), max(0.0, bottom - top))]
