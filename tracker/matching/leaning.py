"""Which of two possible sources a copy takes after: whose deviations from the other it repeats.

Each encoding leaves errors of its own, and whoever copies a video copies its errors. So where two
possible sources differ, by amounts that nobody sees, the copy sides with the one it was made from,
whatever was done to it since. Scholars tell so which manuscript another was copied from.

Three pictures of one instant are laid over each other, the sources with the brightness of the copy.
Be ``y`` what the one source has that the other has not, and ``x`` what the copy has beyond the mean
of both: the leaning is the slope of ``x`` over ``y``. It is 0.5 where the copy has all of the one
source's deviations and none of the other's, -0.5 the other way round, and about 0 where the copy
comes from neither, or both are as near to what it was made from. Only structure of a few pixels
counts: finer one is what encoders lose, in all copies alike, and coarser one is brightness.

Even so all that is encoded loses alike, which draws a copy to the poorer of two sources. How much
of what sets them apart is the one's loss is told by their energies: all of it if the difference is
what the poorer one lacks, none of it if it is what it has beyond. For that the leaning is mended.

Source: Maas, Textkritik, 1960 (errors that tell); the slope is the projection onto the line
between the two sources, as in the law of cosines.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from tracker.matching.consensus import ViewPair, consensus
from tracker.matching.geometry import View
from tracker.matching.map_models import Floats
from tracker.matching.pictures import Picture, at_most, coloured, flipped
from tracker.matching.registration import Bools, Plane, warped
from tracker.model.ids import VideoId
from tracker.model.match import Segment
from tracker.model.still import Still

Pair = tuple[VideoId, VideoId]
"""Two possible sources of one copy."""

MOMENTS = 4
"""So many instants are compared."""

STEP_MS = 500
"""Instants are multiples of this, so that contests of one copy share most of them."""

LEAST_COMMON_MS = 1_200
"""Sources that share less of the copy are not compared."""

LONGEST_STRETCH_MS = 12_000
"""The instants are taken from so much of what is shared, in its middle."""

EDGE_MS = 80
"""The ends of what is shared are found to within a few frames."""

REACH_MS = 200
MOST_REACH_MS = 400
"""A frame of the instant lies within this of where the line in time puts it; the second is for
sources that are shown faster."""

SIDE = 448
"""Pictures are compared this large (longer side, pixels)."""

FINE_PX = 0.7
COARSE_PX = 2.8
"""Structure between the two (sigmas of Gaussians) tells."""

MOST_RESIDUAL = 8.0
MOST_ROUGH_RESIDUAL = 16.0
"""Pictures that differ more (grey levels, median) do not lie over each other; before they were
moved by fractions of a pixel they may differ by more."""

LEAST_PLACES = 400
"""With fewer places (pixels) at which all three agree nothing is said."""

MOST_LEANING = 0.5

LOSS_WEIGHT = 0.1
"""What the leaning to the poorer source is mended by, if it differs by loss alone.

Chosen by a scratch program on made edit trees (seeds 26 and 27): of 312 copies 289 are given their
source by it, 281 without; from 0.08 to 0.15 at least 286.
"""

_FITS = 4
_SPARSE = 7
_ROUGH_SIDE = 128
_FAR_LEVELS = 25.0
_WINDOW_PX = 7
_DIFFERENT = 3.0
_DIFFERENT_LEVELS = 6.0
_OUTLIER = 4.0
_LEAST_GAIN = 0.05
_MOST_MOVED_PX = 30.0
_ROUNDS = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 15, 1e-4)
_UNTOLD = 0.02
"""Grey levels squared: sources that differ less, on average, differ by what is rounded."""


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A possible source: what the copy shares with it, and all its frames around the instants."""

    segment: Segment
    stills: Sequence[Still]

    def near(self, copy_ms: float) -> list[Still]:
        """Return the frames that may show that moment, the nearest first.

        Those that were read for other moments are none of them: what is said of two sources must
        not depend on which others were asked about.
        """
        at, reach = self.segment.reference_ms(copy_ms), reach_ms(self.segment)
        found = [still for still in self.stills if abs(still.pts_ms - at) <= reach]
        return sorted(found, key=lambda still: abs(still.pts_ms - at))


def reach_ms(segment: Segment) -> float:
    """Return how far from where the line in time puts it a source's frame may lie."""
    return min(MOST_REACH_MS, REACH_MS * max(1.0, segment.speed))


def common_moments(one: Segment, other: Segment) -> tuple[int, ...]:
    """Return instants, in ms of the copy, that it shares with both sources; none if it is little.

    Both segments have the copy as query.
    """
    start = max(one.query_start_ms, other.query_start_ms) + EDGE_MS
    end = min(one.query_end_ms, other.query_end_ms) - EDGE_MS
    if end - start < LEAST_COMMON_MS:
        return ()
    beyond = max(0, end - start - LONGEST_STRETCH_MS) / 2
    places = np.linspace(start + beyond, end - beyond, MOMENTS + 2)[1:-1]
    return tuple(sorted({STEP_MS * round(float(place) / STEP_MS) for place in places}))


def leanings(
    copy: Mapping[int, Still], sources: Mapping[VideoId, Source], pairs: Iterable[Pair]
) -> dict[Pair, float]:
    """Return the leaning of the copy to the first source of each of ``pairs``, from -0.5 to 0.5.

    Pairs of which the pictures tell nothing are left out. ``copy`` holds its frame of each of the
    common moments.
    """
    views: dict[tuple[int, bool], View] = {}
    laid: dict[tuple[VideoId, tuple[int, ...]], dict[int, _Laid]] = {}

    def seen(name: VideoId, moments: tuple[int, ...]) -> dict[int, _Laid]:
        if (name, moments) not in laid:
            shown = {at: copy[at] for at in moments if at in copy}
            laid[name, moments] = _all_laid(shown, sources[name], views)
        return laid[name, moments]

    found = {}
    for one, other in pairs:
        moments = common_moments(sources[one].segment, sources[other].segment)
        first, second = seen(one, moments), seen(other, moments)
        told = [_products(first[at], second[at]) for at in first if at in second]
        leaning = _leaning([products for products in told if products is not None])
        if leaning is not None:
            found[one, other] = leaning
    return found


def _leaning(told: Sequence[Floats]) -> float | None:
    """Return the slope over all moments; ``None`` if the sources hardly differ."""
    shared, apart, finer, places = np.sum(told, axis=0) if told else (0.0, 0.0, 0.0, 1.0)
    if apart <= _UNTOLD * places:
        return None
    loss = float(np.clip(finer / apart, -1.0, 1.0))
    slope = float(np.clip(shared / apart, -MOST_LEANING, MOST_LEANING))
    mended = float(np.clip(slope + LOSS_WEIGHT * loss, -MOST_LEANING, MOST_LEANING))
    return round(mended, 3) + 0.0


@dataclass(frozen=True, slots=True, eq=False)
class _Laid:
    """A source in the copy's frame, in the band that tells.

    ``band`` float32 (h, w) is its picture, ``beyond`` what the copy has that it has not; ``agrees``
    where both show the same.
    """

    band: Plane
    beyond: Plane
    agrees: Bools


def _all_laid(
    copy: Mapping[int, Still], source: Source, views: dict[tuple[int, bool], View]
) -> dict[int, _Laid]:
    """Return the source laid over each of the copy's frames, as far as it lies anywhere."""
    matrix = _map(copy.values(), source, views)
    if matrix is None:
        return {}
    laid = {at: _laid(still, source, matrix) for at, still in copy.items()}
    return {at: one for at, one in laid.items() if one is not None}


def _map(
    copy: Iterable[Still], source: Source, views: dict[tuple[int, bool], View]
) -> Floats | None:
    """Return how the source's picture lies in the (mirrored) copy's: float64 (2, 3), fractions.

    ``views`` are those of the copy, whose features are looked for once.
    """
    pairs, mirrored = [], source.segment.mirrored
    for still in copy:
        near = source.near(still.pts_ms)
        if not near:
            continue
        if (still.pts_ms, mirrored) not in views:
            views[still.pts_ms, mirrored] = View(coloured(still.gray), mirrored=mirrored)
        pairs.append(ViewPair(views[still.pts_ms, mirrored], View(coloured(near[0].gray)), 0.0))
    found = consensus(pairs)
    return found.best_matrix if found is not None else None


def _laid(still: Still, source: Source, matrix: Floats) -> _Laid | None:
    small, mirrored = at_most(still.gray, SIDE), source.segment.mirrored
    copy = small.astype(np.float32)
    if mirrored:
        small, copy = flipped(small), flipped(copy)
    near = _nearest(small, still.pts_ms, source, matrix)
    if near is None:
        return None
    laid, inside = warped(near.gray, matrix, (copy.shape[0], copy.shape[1]))
    rough = _fitted(copy, laid.astype(np.float32), inside, MOST_ROUGH_RESIDUAL)
    if rough is None:
        return None
    found = _fitted(copy, *_registered(copy, rough), MOST_RESIDUAL)
    if found is None:
        return None
    band, beyond = _band(found.plane), _band(copy - found.plane)
    if mirrored:
        return _Laid(flipped(band), flipped(beyond), flipped(found.agrees))
    return _Laid(band, beyond, found.agrees)


def _nearest(copy: Picture, copy_ms: int, source: Source, matrix: Floats) -> Still | None:
    """Return the source's frame of the instant: the one most like the copy's of those near it."""
    rough = at_most(copy, _ROUGH_SIDE)
    best: tuple[float, Still] | None = None
    for still in source.near(copy_ms):
        laid, inside = warped(still.gray, matrix, (rough.shape[0], rough.shape[1]))
        if inside.mean() < 0.02:
            continue
        q, r = (plane[inside].astype(np.float32) for plane in (rough, laid))
        q, r = q - q.mean(), r - r.mean()
        slope = float(q @ r) / max(1e-6, float(r @ r))
        cost = float(np.minimum(np.abs(q - slope * r), _FAR_LEVELS).mean())
        if best is None or cost < best[0]:
            best = (cost, still)
    return best[1] if best is not None else None


@dataclass(frozen=True, slots=True, eq=False)
class _Fitted:
    """A source in the copy's frame, as bright as the copy; where it lies and where it agrees."""

    plane: Plane
    inside: Bools
    agrees: Bools


def _registered(copy: Plane, rough: _Fitted) -> tuple[Plane, Bools]:
    """Return the source moved by fractions of a pixel to where it agrees best, and where it lies.

    Marks and captions do not count: they would draw the picture after them.
    """
    height, width = copy.shape
    ours, theirs = (cv2.GaussianBlur(plane, (0, 0), 1.0) for plane in (copy, rough.plane))
    start, mask = np.eye(2, 3, dtype=np.float32), np.asarray(rough.agrees * 255, np.uint8)
    try:
        _, found = cv2.findTransformECC(ours, theirs, start, cv2.MOTION_AFFINE, _ROUNDS, mask, 3)
    except cv2.error:  # nothing to hold on to: it stays where it was found
        return rough.plane, rough.inside
    moved = np.asarray(found, np.float32)
    if np.abs(moved - start).max() > _MOST_MOVED_PX:
        return rough.plane, rough.inside
    size, back, border = (width, height), cv2.WARP_INVERSE_MAP, cv2.BORDER_REPLICATE
    plane = cv2.warpAffine(
        rough.plane, moved, size, flags=cv2.INTER_CUBIC | back, borderMode=border
    )
    covered = np.asarray(rough.inside * 255, np.uint8)
    inside = cv2.warpAffine(covered, moved, size, flags=cv2.INTER_NEAREST | back)
    return np.asarray(plane, np.float32), np.asarray(inside > 0, np.bool_)


def _fitted(copy: Plane, source: Plane, inside: Bools, limit: float) -> _Fitted | None:
    """Return the source with the copy's brightness and contrast, by places that agree.

    ``None`` if they differ by more than ``limit`` even so.
    """
    kernel = np.ones((_WINDOW_PX, _WINDOW_PX), np.uint8)
    inside = np.asarray(cv2.erode(inside.astype(np.uint8), kernel) > 0, np.bool_)
    if inside.sum() < LEAST_PLACES:
        return None
    slope, offset = _brightness(copy[inside], source[inside])
    if slope <= _LEAST_GAIN:
        return None
    plane = np.asarray(slope * source + offset, np.float32)
    around = cv2.boxFilter(np.abs(copy - plane), -1, (_WINDOW_PX, _WINDOW_PX))
    residual = float(np.median(around[inside]))
    if residual > limit:
        return None
    near = around < max(_DIFFERENT_LEVELS, _DIFFERENT * residual)
    return _Fitted(plane, inside, np.asarray(inside & near, np.bool_))


def _brightness(copy: Plane, source: Plane) -> tuple[float, float]:
    """Return slope and offset that turn the source's levels into the copy's."""
    kept = np.ones(len(copy), np.bool_)
    slope, offset = 1.0, 0.0
    for _ in range(_FITS):
        a, b = copy[kept], source[kept]
        centred = b - b.mean()
        slope = float(centred @ (a - a.mean())) / max(1e-6, float(centred @ centred))
        offset = float(a.mean()) - slope * float(b.mean())
        off = np.abs(copy - slope * source - offset)
        kept = off <= max(2.5, float(np.quantile(off[::_SPARSE], 0.8)))
    return slope, offset


def _band(plane: Plane) -> Plane:
    fine, coarse = (cv2.GaussianBlur(plane, (0, 0), sigma) for sigma in (FINE_PX, COARSE_PX))
    return np.asarray(fine - coarse, np.float32)


def _products(one: _Laid, other: _Laid) -> Floats | None:
    """Return sums over the places where all agree.

    How much the copy shares of what tells the sources apart, how much that is, how much more
    energy the first source has, how many places.
    """
    agree = one.agrees & other.agrees
    if agree.sum() < LEAST_PLACES:
        return None
    without_one, without_other = one.beyond[agree], other.beyond[agree]
    y = without_other - without_one
    kept = np.abs(y) <= _OUTLIER * float(np.sqrt(np.mean(np.square(y)))) + 1e-6
    x, y = (without_one[kept] + without_other[kept]) / 2, y[kept]
    a, b = one.band[agree], other.band[agree]
    return np.array([float(x @ y), float(y @ y), float(a @ a) - float(b @ b), float(len(y))])
