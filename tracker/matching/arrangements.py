"""Which pairs of local features lie in one arrangement in two frames, for many frames at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tracker.matching.feature_pairs import Located

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

LEAST_PAIRS = 4
"""Fewer feature pairs on one map are chance."""

REACH = 0.03
"""A feature may land this share of the picture's longer side off its place."""

LARGEST_TURN_ERROR = 0.35
LARGEST_SIZE_ERROR = 0.5
"""Directions (radians) and sizes (octaves) of a map's feature pairs agree within these."""

LARGEST_ZOOM = 5.0

LEAST_EXTENT = 0.08
"""Feature pairs within a smaller share of the picture, in either direction, are a logo's."""

_WIDTHS = (8, 16, 32, 64)
"""Pairs of frames of about the same number of feature pairs are worked on together."""

_CELLS_AT_ONCE = 400_000
"""So many numbers an array holds while they are: it stays in the processor's cache."""


@dataclass(frozen=True, slots=True, eq=False)
class FramePairs:
    """m pairs of frames: feature pairs (``query``, ``reference``) int64 (n,), numbers in the
    videos, those of one pair of frames beside each other: ``counts`` int64 (m,).
    """

    query: Ints
    reference: Ints
    counts: Ints

    @property
    def owners(self) -> Ints:
        """The number of the pair of frames that each feature pair belongs to."""
        return np.repeat(np.arange(len(self.counts)), self.counts)

    def only(self, keep: Bools) -> FramePairs:
        """Return the feature pairs where ``keep`` (n,) is true; pairs of frames keep their
        numbers.
        """
        counts = np.bincount(self.owners[keep], minlength=len(self.counts))
        return FramePairs(self.query[keep], self.reference[keep], counts)


def arranged(query: Located, reference: Located, pairs: FramePairs) -> FramePairs:
    """Return of each pair of frames the feature pairs that the best of its maps explains.

    Each feature pair gives a map by itself: turn, zoom and shift. That which explains most is the
    best; each feature counts once. Pairs of frames with fewer than ``LEAST_PAIRS`` on a map, or
    with all of them in one corner, are left with none.
    """
    starts = np.cumsum(pairs.counts) - pairs.counts
    explained = np.zeros(len(pairs.query), np.bool_)
    for members in _alike_in_size(pairs.counts):
        width = int(pairs.counts[members].max())
        places = starts[members][:, None] + np.arange(width)
        there = np.arange(width) < pairs.counts[members][:, None]
        places = np.where(there, places, starts[members][:, None])
        best = _best_map(query, reference, pairs.query[places], pairs.reference[places], there)
        explained[places[best]] = True
    found = pairs.only(explained)
    found = found.only(_first_of_each(found.owners, found.query))
    found = found.only(_first_of_each(found.owners, found.reference))
    enough = (found.counts >= LEAST_PAIRS)[found.owners]
    enough &= _extends(query, found.query, found.counts)
    enough &= _extends(reference, found.reference, found.counts)
    return found.only(enough)


def _alike_in_size(counts: Ints) -> Iterator[Ints]:
    """Yield numbers of pairs of frames, few enough to be worked on at once."""
    sizes = np.searchsorted(_WIDTHS, counts)
    for size in range(len(_WIDTHS) + 1):
        members = np.flatnonzero((sizes == size) & (counts >= LEAST_PAIRS))
        if not len(members):
            continue
        step = max(1, _CELLS_AT_ONCE // int(counts[members].max()) ** 2)
        for start in range(0, len(members), step):
            yield members[start : start + step]


def _best_map(query: Located, reference: Located, i: Ints, j: Ints, there: Bools) -> Bools:
    """Return of feature pairs (i, j) int64 (m, n), as far as they are ``there``, which the best
    map of each row explains.
    """
    octaves = query.octaves[i] - reference.octaves[j]
    turns = query.turns[i] - reference.turns[j]
    zoom = 2.0**octaves
    similar = zoom * np.exp(1j * turns)
    # A map's shift is where it leaves the origin; another pair's landing place is compared.
    shift = query.places[i] - similar * reference.places[j]
    off = similar[:, :, None] * reference.places[j][:, None, :]
    off += shift[:, :, None]
    off -= query.places[i][:, None, :]
    reach = REACH * np.maximum(1.0, zoom)
    near: Bools = off.real**2 + off.imag**2 <= (reach**2)[:, :, None]
    turned = np.abs((turns[:, None, :] - turns[:, :, None] + np.pi) % (2 * np.pi) - np.pi)
    near &= turned <= LARGEST_TURN_ERROR
    near &= np.abs(octaves[:, None, :] - octaves[:, :, None]) <= LARGEST_SIZE_ERROR
    near &= (there & (np.abs(octaves) <= np.log2(LARGEST_ZOOM)))[:, :, None]
    near &= there[:, None, :]
    best = near.sum(axis=2).argmax(axis=1)
    explained: Bools = near[np.arange(len(best)), best]
    return explained


def _first_of_each(owners: Ints, features: Ints) -> Bools:
    """Tell which feature pairs are the first of their pair of frames with their feature."""
    first = np.zeros(len(owners), np.bool_)
    if len(owners):
        keys = owners * (int(features.max()) + 1) + features
        first[np.unique(keys, return_index=True)[1]] = True
    return first


def _extends(view: Located, rows: Ints, counts: Ints) -> Bools:
    """Tell of each feature pair whether those of its pair of frames are spread over the picture."""
    some = counts > 0
    if not some.any():
        return np.zeros(0, np.bool_)
    starts = (np.cumsum(counts) - counts)[some]
    places = view.places[rows]
    extent = np.minimum(_range(places.real, starts), _range(places.imag, starts))
    return np.repeat(extent >= LEAST_EXTENT, counts[some])


def _range(values: Floats, starts: Ints) -> Floats:
    spread: Floats = np.maximum.reduceat(values, starts) - np.minimum.reduceat(values, starts)
    return spread
