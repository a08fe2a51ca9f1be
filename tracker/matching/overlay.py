"""How far two pictures agree that were laid over each other: who is nearest to whom.

Each encoding adds an error of its own, and a copy inherits those of its source. So a copy differs
less from what it was made from than from that one's source, by amounts that no hash of a picture
shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from tracker.matching.registration import Bools, Plane, Registered
from tracker.model.match import Laid

LEAST_PLACES = 100
"""With fewer places (pixels of the working picture) that agree nothing is said."""

DETAIL_SIGMA_PX = 2.4
"""What is finer than this is detail; the pictures themselves are smoothed already."""

SEAM_PX = 3
"""The border of a picture within another is found to within so many pixels."""

LEAST_BESIDE = 0.04
"""Less than this share beside the picture is an error of place."""

LEAST_DIFFERENT = 0.004
"""A share of the picture that differs all along: a small mark."""

STEADY_ENERGY = 0.02
"""Added to energies (grey levels squared), so that the noise of flat pictures is no detail."""

LEAST_DEVIATION = 6.0
"""A place with less texture (grey levels) agrees with anything."""

_LUMA = np.array([0.114, 0.587, 0.299], np.float32)


@dataclass(frozen=True, slots=True)
class Overlay:
    """What pairs of pictures in the query's frame say, the reference laid over the query.

    ``beside`` is the share of the query's picture outside of the reference's, ``seam`` how much
    stronger edges are along the border between the two than next to it (a logarithm): about 0
    where the picture goes on. ``overlaid``: how much more the reference moves than the query where
    they differ all along (a logarithm). The rest is as in ``Laid``.
    """

    residual: float
    unlike: float
    beside: float
    seam: float
    overlaid: float
    detail: float


def overlay(laid: Iterable[Registered]) -> Overlay | None:
    """Return what the pairs say together; ``None`` if in no pair enough of the picture agrees."""
    eroded = [(pair, _agreeing(pair)) for pair in laid]
    telling = [(pair, agrees) for pair, agrees in eroded if agrees.sum() >= LEAST_PLACES]
    able = [pair for pair, _ in telling]
    if not able:
        return None
    return Overlay(
        residual=min(_residual(pair, agrees) for pair, agrees in telling),
        unlike=_median([_unlike(pair) for pair in able]),
        beside=_median([1.0 - pair.inside.mean() for pair in able]),
        seam=_median([_seam(pair) for pair in able]),
        overlaid=_overlaid(able),
        detail=_median([_detail(pair, agrees) for pair, agrees in telling]),
    )


def both_ways(query: Overlay | None, reference: Overlay | None) -> Laid | None:
    """Return what the overlays in the query's frame and in the reference's say together.

    The same pictures give the same answer whichever of the two was asked about.
    """
    if query is None or reference is None:
        return None
    return Laid(
        residual=round(min(query.residual, reference.residual), 3),
        unlike=round((query.unlike + reference.unlike) / 2, 4),
        query_beside=round(query.beside, 4),
        reference_beside=round(reference.beside, 4),
        query_seam=round(query.seam, 3) + 0.0,
        reference_seam=round(reference.seam, 3) + 0.0,
        overlaid=round((query.overlaid - reference.overlaid) / 2, 3) + 0.0,  # never -0.0
        detail=round((query.detail - reference.detail) / 2, 3) + 0.0,
    )


def _agreeing(pair: Registered) -> Bools:
    return np.asarray(cv2.erode(pair.agrees.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)


def _residual(pair: Registered, agrees: Bools) -> float:
    apart = np.abs((pair.query - pair.reference) @ _LUMA)
    return float(np.median(apart[agrees]))


def _unlike(pair: Registered) -> float:
    telling = pair.inside & (pair.texture > LEAST_DEVIATION)
    return float(1.0 - pair.agrees[telling].mean()) if telling.any() else 0.0


def _detail(pair: Registered, agrees: Bools) -> float:
    query, reference = pair.query @ _LUMA, pair.reference @ _LUMA
    return float(np.log(_energy(query, agrees) / _energy(reference, agrees)))


def _seam(pair: Registered) -> float:
    """Return how much edges along the reference's border stand out in the query; 0: no border."""
    if pair.inside.mean() > 1.0 - LEAST_BESIDE:
        return 0.0
    luma = pair.query @ _LUMA
    edges = np.hypot(cv2.Sobel(luma, -1, 1, 0), cv2.Sobel(luma, -1, 0, 1))
    distance = _from_border(pair.inside)
    border = distance <= SEAM_PX
    beside = (distance >= SEAM_PX + 2) & (distance <= 3 * SEAM_PX)
    if not border.any() or not beside.any():
        return 0.0
    return float(np.log((edges[border].mean() + 4.0) / (edges[beside].mean() + 4.0)))


def _from_border(inside: Bools) -> Plane:
    """Return how far each place is from the border of ``inside``; the picture's margin is far."""
    away = [
        cv2.distanceTransform(side.astype(np.uint8), cv2.DIST_L2, 3) for side in (inside, ~inside)
    ]
    distance = np.maximum(*away)
    margin = SEAM_PX + 1
    distance[:margin], distance[-margin:] = np.inf, np.inf
    distance[:, :margin], distance[:, -margin:] = np.inf, np.inf
    return np.asarray(distance, np.float32)


def _overlaid(pairs: Sequence[Registered]) -> float:
    """Return how much more the reference moves than the query where they differ all along."""
    first = pairs[0]
    like_first = [pair for pair in pairs if pair.inside.shape == first.inside.shape]
    differs = np.logical_and.reduce([pair.inside & ~pair.agrees for pair in like_first])
    if len(like_first) < 2 or differs.mean() < LEAST_DIFFERENT:
        return 0.0
    query, reference = (
        float(
            np.std([(getattr(pair, side) @ _LUMA)[differs] for pair in like_first], axis=0).mean()
        )
        for side in ("query", "reference")
    )
    return max(-1.5, min(1.5, float(np.log((reference + 1.0) / (query + 1.0)))))


def _energy(plane: Plane, where: Bools) -> float:
    fine = plane - cv2.GaussianBlur(plane, (0, 0), DETAIL_SIGMA_PX)
    return float(np.mean(np.square(fine[where]))) + STEADY_ENERGY


def _median(values: Sequence[float]) -> float:
    return float(np.median(values))
