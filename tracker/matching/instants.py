"""Whether two videos show one moment, told on their originals: does each instant fit its own?

Two takes of one camera agree in all that stands still, and in little else. So a few instants are
looked at in full: from each picture what most of them have in common is taken away, and what is
left (what moves, and what the camera made of it) is held against what is left of the other video at
the same instants, each counting alike. Of copies it agrees there, and at other instants it does
not; of other moments it agrees nowhere. No place is left out because more moves there in one video
than in the other: a motorway on which one car drives alike and all others do not is another moment.

Only structure of a few pixels counts: finer one encoders lose, coarser one is light that changes.
The line in time is known to a few frames, so the best one near it is looked for.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from tracker.matching.consensus import ViewPair, consensus
from tracker.matching.geometry import View
from tracker.matching.map_models import Floats
from tracker.matching.pictures import at_most, coloured, flipped
from tracker.matching.registration import Bools, Plane, warped
from tracker.model.match import InstantAgreement, Segment
from tracker.model.still import Still

INSTANTS = 8
LEAST_INSTANTS = 5
"""So many instants are compared, and no fewer."""

LONGEST_STRETCH_MS = 20_000
"""They are taken from so much of the segment, in its middle."""

EDGE_MS = 80
"""The ends of a segment are found to within a few frames."""

OWN_REACH_MS = 70
"""The query's own frame of an instant is the nearest that lies within this."""

REACH_MS = 500
"""The reference's frame of the instant lies within this of where the line in time puts it."""

STEP_MS = 40
NEAR_FRAME_MS = 60
SPEEDS_APART = (-0.02, -0.01, 0.0, 0.01, 0.02)
"""Lines are tried this close to each other, and a frame counts within this of one."""

SIDE = 320
"""Pictures are decoded this large (longer side, pixels)."""

WORKING_SIDE = 256
FINE_PX = 1.2
COARSE_PX = 5.0
"""Structure between the two (sigmas of Gaussians, at the working size) tells."""

LEAST_PLACES = 600
LEAST_SHARE = 0.3
"""With fewer places (pixels) at which both show the same scene, or a smaller share of the picture,
nothing is said: a ticker or a logo that moves alike is no footage.
"""

_STEADY_POWER = 5e-4
_WINDOW_PX = 7
_DIFFERENT = 3.0
_DIFFERENT_LEVELS = 8.0
_FAR_LEVELS = 24.0


def instants(segment: Segment) -> tuple[int, ...]:
    """Return the instants of the query that are compared, in milliseconds."""
    start, end = segment.query_start_ms + EDGE_MS, segment.query_end_ms - EDGE_MS
    beyond = max(0, end - start - LONGEST_STRETCH_MS) / 2
    places = np.linspace(start + beyond, max(start, end) - beyond, INSTANTS + 2)[1:-1]
    return tuple(round(float(place)) for place in places)


def reference_reach_ms(segment: Segment) -> int:
    """Return how far from where the line puts it a frame of the reference is of use."""
    return round((REACH_MS + NEAR_FRAME_MS) * max(1.0, segment.speed))


def instant_agreement(
    query: Sequence[Still], reference: Sequence[Still], segment: Segment
) -> InstantAgreement | None:
    """Return how what moves agrees at the instants of ``segment``.

    ``query`` and ``reference`` are the frames around those instants, as far as they were decoded.
    ``None`` where there are too few, or the pictures cannot be laid over each other.
    """
    ours = _own(query, segment)
    if len(ours) < LEAST_INSTANTS or len(reference) < LEAST_INSTANTS:
        return None
    matrix = _map(ours, reference, segment)
    if matrix is None:
        return None
    pictures = [at_most(still.gray, WORKING_SIDE) for still in ours]
    here = np.array([flipped(p) if segment.mirrored else p for p in pictures], np.float32)
    size = (here.shape[1], here.shape[2])
    laid = [warped(still.gray, matrix, size) for still in reference]
    there = np.array([plane for plane, _ in laid], np.float32)
    places = _common_scene(here.mean(axis=0), there.mean(axis=0), laid[0][1])
    if places is None:
        return None
    return _best_line(ours, reference, segment, _moving(here, places), _moving(there, places))


def _own(query: Sequence[Still], segment: Segment) -> list[Still]:
    """Return the query's frame of each instant, where it has one near."""
    found: dict[int, Still] = {}
    for at in instants(segment):
        nearest = min(query, key=lambda still: abs(still.pts_ms - at), default=None)
        if nearest is not None and abs(nearest.pts_ms - at) <= OWN_REACH_MS:
            found[nearest.pts_ms] = nearest
    stills = [found[pts] for pts in sorted(found)]
    # A file may turn its picture as it goes: those that lie as the first are held together.
    return [still for still in stills if still.gray.shape == stills[0].gray.shape]


def _map(ours: Sequence[Still], reference: Sequence[Still], segment: Segment) -> Floats | None:
    """Return how the reference's picture lies in the (mirrored) query's: float64 (2, 3)."""
    pairs = []
    for still in ours:
        at = segment.reference_ms(still.pts_ms)
        near = min(reference, key=lambda other: abs(other.pts_ms - at))
        if abs(near.pts_ms - at) <= reference_reach_ms(segment):
            view = View(coloured(still.gray), mirrored=segment.mirrored)
            pairs.append(ViewPair(view, View(coloured(near.gray)), 0.0))
    found = consensus(pairs)
    return found.best_matrix if found is not None and found.sure else None


def _common_scene(here: Plane, there: Plane, inside: Bools) -> Bools | None:
    """Return where the two mean pictures show the same, once they are equally bright.

    ``None`` if that is too little.
    """
    kernel = np.ones((_WINDOW_PX, _WINDOW_PX), np.uint8)
    inside = np.asarray(cv2.erode(inside.astype(np.uint8), kernel) > 0, np.bool_)
    if inside.sum() < LEAST_PLACES:
        return None
    a, b = here[inside], there[inside]
    slope = float(np.median(np.abs(a - np.median(a)))) / max(
        1.0, float(np.median(np.abs(b - np.median(b))))
    )
    apart = np.abs(here - np.median(a) - slope * (there - np.median(b)))
    around = cv2.boxFilter(np.asarray(apart, np.float32), -1, (_WINDOW_PX, _WINDOW_PX))
    limit = max(_DIFFERENT_LEVELS, _DIFFERENT * float(np.median(around[inside])))
    places = np.asarray(inside & (around < min(limit, _FAR_LEVELS)), np.bool_)
    return places if places.sum() >= max(LEAST_PLACES, LEAST_SHARE * inside.sum()) else None


def _moving(pictures: npt.NDArray[np.float32], places: Bools) -> Plane:
    """Return what sets each picture (n, h, w) apart from most of them, at the places: (n, p).

    The median, not the mean: what shows at one instant alone would lie in the mean of all.
    """
    banded = [
        (cv2.GaussianBlur(p, (0, 0), FINE_PX) - cv2.GaussianBlur(p, (0, 0), COARSE_PX))[places]
        for p in pictures
    ]
    found = np.array(banded, np.float32)
    return np.asarray(found - np.median(found, axis=0), np.float32)


def _best_line(
    ours: Sequence[Still],
    reference: Sequence[Still],
    segment: Segment,
    moving: Plane,
    moving_there: Plane,
) -> InstantAgreement | None:
    times = np.array([still.pts_ms for still in ours], np.float64)
    pts = np.array([still.pts_ms for still in reference], np.float64)
    power = np.square(moving, dtype=np.float64).sum(axis=1)
    power_there = np.square(moving_there, dtype=np.float64).sum(axis=1)
    # Each instant counts alike: one that shows a gesture must not speak for those that do not.
    norms = np.sqrt(np.outer(power, power_there)) + _STEADY_POWER * moving.shape[1]
    alike = np.asarray(moving @ moving_there.T, np.float64) / norms
    best: InstantAgreement | None = None
    for apart in SPEEDS_APART:
        drift = apart * (times - times.mean())
        for shift in range(-REACH_MS, REACH_MS + 1, STEP_MS):
            at = np.array([segment.reference_ms(t) for t in times + drift + shift])
            frames = np.abs(pts[None, :] - at[:, None]).argmin(axis=1)
            near = np.abs(pts[frames] - at) <= NEAR_FRAME_MS * max(1.0, segment.speed)
            if near.sum() < LEAST_INSTANTS:
                continue
            rows, columns = np.flatnonzero(near), frames[near]
            crossed = alike[np.ix_(rows, columns)]
            if best is None or np.trace(crossed) / len(rows) > best.correlation:
                levels = min(power[rows].mean(), power_there[columns].mean()) / moving.shape[1]
                best = _told(crossed, float(np.sqrt(levels)))
    return best


def _told(crossed: Floats, moving: float) -> InstantAgreement:
    """Return what the correlations (n, n) of each instant with each other one tell."""
    count = len(crossed)
    own = crossed.diagonal()
    best_of_others = np.where(np.eye(count, dtype=np.bool_), -np.inf, crossed)
    mutual = (own > best_of_others.max(axis=0)) & (own > best_of_others.max(axis=1))
    turned = [np.trace(np.roll(crossed, turn, axis=1)) for turn in range(1, count)]
    return InstantAgreement(
        correlation=float(own.mean()),
        elsewhere=float(max(turned)) / count,
        moving=moving,
        mutual=float(mutual.mean()),
    )
