"""Names what was done to the reference to make the query."""

from __future__ import annotations

import numpy as np

from tracker.matching.measured import Box, Measured, shown_box
from tracker.matching.surroundings import Surroundings
from tracker.model.match import Segment, Transformation

PLAIN_SPEED = 0.03
"""Speeds this near 1 are called unchanged: sampling alone moves short segments that much."""

MARGIN_SHARE = 0.04
"""Borders and crops narrower than this share of the picture are not named."""

TRIM_MS = 1000
"""Leaving out less than this of the reference is not called a trim."""

OTHER_FOOTAGE_MS = 2000
"""Less footage that the reference does not hold does not make a compilation."""

LEAST_ROTATION_DEGREES = 1.5

LEAST_STRETCH = 0.08

Size = tuple[int, int]


def transformations(
    segments: tuple[Segment, ...],
    reference_duration_ms: int,
    shape: Measured | None,
    *,
    query_duration_ms: int | None = None,
    sizes: tuple[Size, Size] | None = None,
) -> tuple[Transformation, ...]:
    """Return what explains the query as a copy of the reference, the most telling first.

    ``shape`` is what the pictures of the strongest segment show, ``None`` if they could not be
    compared; then nothing is said about the picture. ``query_duration_ms`` tells whether the
    query holds other footage too; ``sizes`` are (width, height) of query and reference.
    """
    if not segments:
        return ()
    found = [*(_in_the_picture(shape) if shape is not None else ())]
    if any(segment.mirrored for segment in segments):
        found.append(Transformation("mirror"))
    found += _speed(segments, shape)
    found += _compilation(segments, query_duration_ms)
    if shape is not None and shape.sure and not found:
        found.append(_only_encoded(shape, sizes))
    return (*found, *_trim(segments, reference_duration_ms))


def _trim(segments: tuple[Segment, ...], reference_duration_ms: int) -> list[Transformation]:
    start = min(s.reference_start_ms for s in segments)
    end = max(s.reference_end_ms for s in segments)
    if start > TRIM_MS or reference_duration_ms - end > TRIM_MS:
        return [Transformation("trim", {"reference_ms": [start, end]})]
    return []


def _speed(segments: tuple[Segment, ...], shape: Measured | None) -> list[Transformation]:
    longest = max(segments, key=lambda s: s.query_end_ms - s.query_start_ms)
    if abs(longest.speed - 1.0) <= PLAIN_SPEED or (shape is not None and shape.still):
        return []
    return [Transformation("speed", {"factor": round(longest.speed, 3)})]


def _compilation(
    segments: tuple[Segment, ...], query_duration_ms: int | None
) -> list[Transformation]:
    """Return ``compilation`` if the query holds a stretch that no segment explains."""
    if query_duration_ms is None:
        return []
    covered, at = [], 0
    for segment in sorted(segments, key=lambda s: s.query_start_ms):
        covered.append(segment.query_start_ms - at)
        at = max(at, segment.query_end_ms)
    if max(*covered, query_duration_ms - at) < OTHER_FOOTAGE_MS:
        return []
    stretches = [[s.query_start_ms, s.query_end_ms] for s in segments]
    return [Transformation("compilation", {"query_ms": stretches})]


def _only_encoded(shape: Measured, sizes: tuple[Size, Size] | None) -> Transformation:
    """Return what is left to be said of a copy in whose picture nothing was changed."""
    if shape.repackaged:
        return Transformation("remux")
    detail: dict[str, object] = {}
    if sizes is not None and sizes[0] != sizes[1]:
        detail["size"], detail["reference_size"] = list(sizes[0]), list(sizes[1])
    if abs(np.log(shape.stretched)) >= LEAST_STRETCH:
        detail["stretch"] = round(shape.stretched, 3)
    return Transformation("reencode", detail)


def _in_the_picture(shape: Measured) -> list[Transformation]:
    framing = [*_framing(shape), *_rotation(shape)] if shape.sure else []
    return [*_laid_over(shape), *framing, *_colour(shape)]


def _laid_over(shape: Measured) -> list[Transformation]:
    found = []
    for patch in shape.patches:
        box = {"box": _sides(_as_seen(patch.box, shape))}
        if patch.kind == "picture":
            found.append(Transformation("picture_in_picture", {**box, "shows": "other"}))
        elif patch.kind == "caption":
            found.append(Transformation("caption", {**box, "place": "picture"}))
        else:
            found.append(Transformation("overlay", box))
    return found


def _framing(shape: Measured) -> list[Transformation]:
    """Return what the place of the reference's picture in the query's says."""
    margin = MARGIN_SHARE + min(shape.scatter, MARGIN_SHARE)
    found = []
    if shape.around is not None and _inset(shape.shown) > margin:
        found += _around(shape, shape.around)
    inverse = np.linalg.inv(np.vstack([shape.geometry.matrix, [0.0, 0.0, 1.0]]))[:2]
    seen = shown_box(inverse)  # the query's frame, in the reference
    if _inset(seen) > margin:
        found.append(Transformation("crop", {"box": _sides(seen)}))
    return found


def _around(shape: Measured, around: Surroundings) -> list[Transformation]:
    """Return what surrounds the picture, writing on it first."""
    box = {"box": _sides(_as_seen(shape.shown, shape))}
    if around.fill == "picture":
        return [Transformation("picture_in_picture", {**box, "shows": "reference"})]
    captions = [
        Transformation("caption", {"box": _sides(_as_seen(bar, shape)), "place": "bar"})
        for bar in around.written
    ]
    return [*captions, Transformation("borders", {**box, "fill": around.fill})]


def _rotation(shape: Measured) -> list[Transformation]:
    turn = shape.geometry.rotation_degrees * (-1 if shape.mirrored else 1)
    if abs(turn) < LEAST_ROTATION_DEGREES:
        return []
    return [Transformation("rotation", {"degrees_counter_clockwise": round(turn, 1)})]


def _colour(shape: Measured) -> list[Transformation]:
    change = shape.colours
    if change is None or not change.changed:
        return []
    detail: dict[str, object] = {
        "brightness": round(change.brightness, 3),
        "contrast": round(change.contrast, 2),
        "grey": change.grey,
    }
    if change.saturation is not None:
        detail["saturation"] = round(change.saturation, 2)
    if change.hue_degrees is not None:
        detail["hue_degrees"] = round(change.hue_degrees)
    return [Transformation("colour", detail)]


def _inset(box: Box) -> float:
    x, y, width, height = box
    return max(x, y, 1.0 - x - width, 1.0 - y - height)


def _as_seen(box: Box, shape: Measured) -> Box:
    """Return a box of the mirror image where the query itself shows it."""
    x, y, width, height = box
    return (1.0 - x - width, y, width, height) if shape.mirrored else box


def _sides(box: Box) -> list[float]:
    """Return ``[x, y, width, height]`` inside the picture, fractions."""
    x, y, width, height = box
    left, top = max(0.0, x), max(0.0, y)
    right, bottom = min(1.0, x + width), min(1.0, y + height)
    return [round(v, 3) for v in (left, top, max(0.0, right - left), max(0.0, bottom - top))]
