"""Finds the one place of the reference's picture in the query's that several pairs agree on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tracker.matching.geometry import Geometry, View, by_blobs, by_corners
from tracker.matching.map_models import Floats
from tracker.matching.registration import Registered, registered

SAME_PLACE = 0.08
"""Two maps that differ by less than this share of the picture put it in the same place."""

SAME_TURN_DEGREES = 2.5

PAIRS_WANTED = 3
"""So many pairs that agree are enough to measure on."""

DEAR_PAIRS = 2
"""Pairs whose dearer features are looked for, where the cheap ones left doubt."""

SURE_AGREEMENT = 0.6
"""With this share of the texture agreeing no further features are looked for."""

LEAST_AGREEMENT = 0.3
"""Below this share the features found a pattern that moved, not the picture."""

UNTOUCHED_AGREEMENT = 0.6
"""Share of the texture that must agree before a picture without features counts as in place."""

GUESSED_AGREEMENT = 0.6
"""Share of the whole picture, smooth places as well, that must agree where features lack."""

_STEADY_GAP_MS = 150.0
_NO_CHANGE = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


@dataclass(frozen=True, slots=True, eq=False)
class ViewPair:
    """A picture of the query, one of the reference, and how far apart their moments are."""

    query: View
    reference: View
    gap_ms: float


@dataclass(frozen=True, eq=False)
class Placed:
    """A pair and how the one lies in the other."""

    pair: ViewPair
    geometry: Geometry

    @cached_property
    def laid(self) -> Registered | None:
        """The two pictures laid over each other."""
        query, reference = self.pair.query.small, self.pair.reference.image
        return registered(query, reference, self.geometry.matrix)

    @cached_property
    def agreement(self) -> float:
        """Share of the texture that agrees."""
        return self.laid.agreement() if self.laid is not None else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Consensus:
    """Pairs of one mind: ``geometry`` is their mean, ``scatter`` how far they differ from it.

    Unless ``sure`` no feature speaks for it; the pictures just do not contradict it.
    ``scatter`` is the largest displacement of a corner of the picture, as a share of the
    picture: between two moments the camera moves.
    """

    geometry: Geometry
    scatter: float
    placed: tuple[Placed, ...]
    sure: bool = True

    @property
    def agreement(self) -> float:
        """Share of the texture that agrees, the mean of the pairs."""
        return _agreement(self.placed)

    @property
    def best_matrix(self) -> Floats:
        """The map of the one pair whose pictures agree best, which no other pair blurs."""
        return max(self.placed, key=lambda placed: placed.agreement).geometry.matrix


def consensus(pairs: Sequence[ViewPair]) -> Consensus | None:
    """Return what at least two of the pairs agree on; ``None`` if no two do."""
    found: list[Placed] = []
    for pair in pairs:
        found += _placed(pair, by_corners)
        if len(_best_group(found)) >= PAIRS_WANTED:
            break
    group = _best_group(found)
    if len(group) < 2 or _agreement(group) < SURE_AGREEMENT:
        for pair in pairs[:DEAR_PAIRS]:
            found += _placed(pair, by_blobs)
        found += _untouched(pairs[:PAIRS_WANTED])
        group = _best_group(found)
    if len(group) >= 2 and _agreement(group) >= LEAST_AGREEMENT:
        return _mean(group)
    return _guess(pairs[:PAIRS_WANTED])


def _guess(pairs: Sequence[ViewPair]) -> Consensus | None:
    """Return that nothing was moved, if most of the picture, smooth as it is, bears that out."""
    placed = [Placed(pair, Geometry(_NO_CHANGE, 0, 0.0, 0.0)) for pair in pairs]
    alike = [p for p in placed if p.laid is not None and p.laid.agrees.mean() >= GUESSED_AGREEMENT]
    if len(alike) < 2:
        return None
    return Consensus(alike[0].geometry, 0.0, tuple(alike), sure=False)


def agree(one: Geometry, other: Geometry) -> bool:
    """Tell whether two maps put the picture in the same place, the same way up."""
    turn = abs(one.rotation_degrees - other.rotation_degrees)
    return _displacement(one.matrix, other.matrix) <= SAME_PLACE and turn <= SAME_TURN_DEGREES


def _placed(pair: ViewPair, look: Callable[[View, View], Geometry | None]) -> list[Placed]:
    geometry = look(pair.query, pair.reference)
    return [] if geometry is None else [Placed(pair, geometry)]


def _displacement(one: Floats, other: Floats) -> float:
    """Return how far apart two maps put a corner of the picture at most, as a share of it."""
    corners = np.array([[0, 0, 1], [1, 0, 1], [0, 1, 1], [1, 1, 1]], np.float64)
    return float(np.abs(corners @ (one - other).T).max())


def _best_group(found: Sequence[Placed]) -> list[Placed]:
    """Return the pairs that agree with one of them, and whose pictures agree best so laid."""
    groups = [_alike(one, found) for one in found]
    several = [group for group in groups if len(group) >= 2]
    if len(several) > 1 and not all(set(map(id, g)) == set(map(id, several[0])) for g in several):
        return max(several, key=lambda g: _agreement(g) * min(len(g), PAIRS_WANTED))
    return several[0] if several else []


def _alike(one: Placed, found: Sequence[Placed]) -> list[Placed]:
    """Return those that agree with ``one``, of every picture of the query the one that fits best.

    Two pairs with one picture of the query are no two witnesses.
    """
    best: dict[int, Placed] = {id(one.pair.query): one}
    for other in found:
        if other.pair.query is one.pair.query or not agree(one.geometry, other.geometry):
            continue
        held = best.get(id(other.pair.query))
        if held is None or other.agreement > held.agreement:
            best[id(other.pair.query)] = other
    return list(best.values())


def _agreement(placed: Sequence[Placed]) -> float:
    return float(np.mean([p.agreement for p in placed])) if placed else 0.0


def _untouched(pairs: Iterable[ViewPair]) -> list[Placed]:
    """Return the pairs whose pictures agree as they are: smooth ones have no features."""
    found = []
    for pair in pairs:
        placed = Placed(pair, Geometry(_NO_CHANGE, 0, 0.0, 1.0))
        if (
            placed.laid is not None
            and placed.laid.has_texture()
            and placed.agreement >= UNTOUCHED_AGREEMENT
        ):
            found.append(placed)
    return found


def _mean(group: Sequence[Placed]) -> Consensus:
    turned = [p for p in group if p.geometry.rotation_degrees]
    # Few turned ones among upright ones owe it to a moving camera or a moving face.
    alike = turned if 2 * len(turned) > len(group) else [p for p in group if p not in turned]
    weights = np.array([_weight(p) for p in alike])
    weights /= weights.sum()
    matrix = np.einsum("i,ijk->jk", weights, np.array([p.geometry.matrix for p in alike]))
    geometry = Geometry(
        matrix,
        max(p.geometry.inliers for p in alike),
        float(weights @ [p.geometry.rotation_degrees for p in alike]),
        max(p.geometry.spread for p in alike),
    )
    scatter = max(_displacement(p.geometry.matrix, matrix) for p in alike)
    return Consensus(geometry, scatter, tuple(group))


def _weight(placed: Placed) -> float:
    """Return more for many features and for moments close together."""
    return min(placed.geometry.inliers + 1, 200) / (placed.pair.gap_ms + _STEADY_GAP_MS)
