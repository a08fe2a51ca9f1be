"""How a reference's picture lies in a query's, from pairs of local features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tracker.matching.feature_pairs import Located

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]

LEAST_FEATURES = 4
LEAST_SPREAD = 0.04
"""A map rests on so many features of either video, so far apart (share of the longer side)."""

LARGEST_ZOOM_OCTAVES = 2.4
LARGEST_STRETCH = 1.8
"""Pictures are not enlarged or shrunk more than fivefold, nor stretched more than this."""

TOLERANCES = (0.15, 0.08, 0.05, 0.035, 0.03)
"""A map is fitted to what lies this near, ever nearer (share of the longer side)."""

ZOOM_TOLERANCE = 0.6
TURN_TOLERANCE = 0.4

AFFINE_FEATURES = 12
AFFINE_SPREAD = 0.2
"""With so many features so far apart, unequal stretching of the sides is measured too."""

ZOOM_BIN = 0.6
TURN_BINS = 12
SHIFT_BIN = 0.2
MOST_OF_ONE_FRAME = 8
"""Features of one frame count at most so many in the vote for a map."""

_CENTRE = 0.5 + 0.28j


@dataclass(frozen=True, slots=True, eq=False)
class FeatureMap:
    """Query place = ``linear`` applied to the reference place + ``shift``; x + iy, longer side 1.

    In a mirrored comparison the query's x is negative: what is mapped is its mirror image.
    """

    linear: Floats
    shift: complex
    mirrored: bool

    def applied(self, places: Complex) -> Complex:
        """Return where reference ``places`` lie in the query."""
        (a, b), (c, d) = self.linear
        x, y = places.real, places.imag
        mapped: Complex = (a * x + b * y) + 1j * (c * x + d * y) + self.shift
        return mapped

    @property
    def zoom(self) -> float:
        """By how much the reference's picture is enlarged."""
        return abs(self._similar)

    @property
    def turn(self) -> float:
        """By how many radians it is turned, clockwise as seen."""
        return float(np.angle(self._similar))

    @property
    def _similar(self) -> complex:
        (a, b), (c, d) = self.linear
        return complex((a + d) / 2, (c - b) / 2)


def fitted_map(
    query: Located, reference: Located, i: Ints, j: Ints, mirrored: bool
) -> FeatureMap | None:
    """Return the map that most feature pairs (i, j) agree on, ``None`` if too few do."""
    octaves = query.octaves[i] - reference.octaves[j]
    sane = np.abs(octaves) <= LARGEST_ZOOM_OCTAVES
    i, j, octaves = i[sane], j[sane], octaves[sane]
    if len(i) < LEAST_FEATURES:
        return None
    turns = np.angle(np.exp(1j * (query.turns[i] - reference.turns[j])))
    start = _voted(query, reference, i, j, octaves, turns)
    zoom = 2.0 ** float(np.median(octaves[start]))
    similar = zoom * np.exp(1j * np.angle(np.mean(np.exp(1j * turns[start]))))
    shifts = query.places[i[start]] - similar * reference.places[j[start]]
    shift = complex(np.median(shifts.real), np.median(shifts.imag))
    found: FeatureMap | None = FeatureMap(_matrix(complex(similar)), shift, mirrored)
    for tolerance in TOLERANCES:
        if found is None:
            return None
        away = np.abs(found.applied(reference.places[j]) - query.places[i])
        keep = away <= tolerance * max(1.0, found.zoom)
        keep &= np.abs(octaves - np.log2(found.zoom)) <= ZOOM_TOLERANCE
        keep &= np.abs(np.angle(np.exp(1j * (turns - found.turn)))) <= TURN_TOLERANCE
        found = _least_squares(query, reference, i[keep], j[keep], mirrored)
    return found


def _voted(
    query: Located, reference: Located, i: Ints, j: Ints, octaves: Floats, turns: Floats
) -> Ints:
    """Return the pairs in the bin of (zoom, turn, shift) with the most features of most frames.

    Every pair counts in the two nearest bins of each of the four dimensions.
    """
    centre = 2.0**octaves * np.exp(1j * turns) * (_CENTRE - reference.places[j]) + query.places[i]
    keys = []
    for number in range(16):
        up = [number >> bit & 1 for bit in range(4)]
        zoom = np.floor(octaves / ZOOM_BIN) + up[0]
        turn = (np.floor((turns + np.pi) / (2 * np.pi) * TURN_BINS) + up[1]) % TURN_BINS
        width = SHIFT_BIN * np.maximum(1.0, 2.0 ** (zoom * ZOOM_BIN))
        x = np.clip(np.floor(centre.real / width) + up[2], -500, 500)
        y = np.clip(np.floor(centre.imag / width) + up[3], -500, 500)
        keys.append((((zoom + 16) * 16 + turn) * 1024 + x + 512) * 1024 + y + 512)
    bins, members = np.unique(np.concatenate(keys).astype(np.int64), return_inverse=True)
    pair = np.tile(np.arange(len(i)), 16)
    once = np.unique(members.astype(np.int64) * (1 << 32) + i[pair])
    frames = query.frames[once & 0xFFFFFFFF]
    of_frame, counts = np.unique((once >> 32) * (1 << 24) + frames, return_counts=True)
    votes = np.bincount(of_frame >> 24, np.minimum(counts, MOST_OF_ONE_FRAME), len(bins))
    return np.unique(pair[members == votes.argmax()])


def _least_squares(
    query: Located, reference: Located, i: Ints, j: Ints, mirrored: bool
) -> FeatureMap | None:
    """Return the map nearest to all pairs, in which every query feature weighs the same."""
    features, inverse, counts = np.unique(i, return_inverse=True, return_counts=True)
    if len(features) < LEAST_FEATURES or len(np.unique(j)) < LEAST_FEATURES:
        return None
    here, there = query.places[i], reference.places[j]
    spread = min(np.ptp(there.real), np.ptp(there.imag))
    if spread < LEAST_SPREAD:
        return None
    weight = 1.0 / counts[inverse]
    found = _similarity(here, there, weight, mirrored)
    if len(features) >= AFFINE_FEATURES and spread >= AFFINE_SPREAD:
        stretched = _affine(here, there, weight, mirrored)
        sides = np.linalg.svd(stretched.linear, compute_uv=False)
        if sides[0] <= LARGEST_STRETCH * sides[1]:
            found = stretched
    sane = 2.0**-LARGEST_ZOOM_OCTAVES <= found.zoom <= 2.0**LARGEST_ZOOM_OCTAVES
    return found if sane else None


def _similarity(here: Complex, there: Complex, weight: Floats, mirrored: bool) -> FeatureMap:
    share = weight / weight.sum()
    mean_here, mean_there = complex((share * here).sum()), complex((share * there).sum())
    apart = float((share * np.abs(there - mean_there) ** 2).sum())
    similar = complex((share * np.conj(there - mean_there) * (here - mean_here)).sum()) / apart
    return FeatureMap(_matrix(similar), mean_here - similar * mean_there, mirrored)


def _affine(here: Complex, there: Complex, weight: Floats, mirrored: bool) -> FeatureMap:
    root = np.sqrt(weight)[:, None]
    terms = np.stack([there.real, there.imag, np.ones(len(there))], axis=1) * root
    solution = np.linalg.lstsq(terms, np.stack([here.real, here.imag], axis=1) * root, rcond=None)
    (a, c), (b, d), (x, y) = solution[0]
    return FeatureMap(np.array([[a, b], [c, d]]), complex(x, y), mirrored)


def _matrix(similar: complex) -> Floats:
    return np.array([[similar.real, -similar.imag], [similar.imag, similar.real]])


def box_map(
    query: tuple[int, ...],
    query_box: npt.NDArray[np.uint8],
    reference: tuple[int, ...],
    reference_box: npt.NDArray[np.uint8],
    *,
    mirrored: bool,
) -> FeatureMap:
    """Return the map that lays one box over another.

    ``query`` and ``reference`` are frame shapes (height, width); boxes are as in
    :class:`tracker.model.fingerprint.Fingerprint`.
    """
    here, there = _corners(query, query_box), _corners(reference, reference_box)
    if mirrored:
        here = np.array([[-here[1, 0], here[0, 1]], [-here[0, 0], here[1, 1]]])
    scale = (here[1] - here[0]) / np.maximum(there[1] - there[0], 1e-3)
    shift = here[0] - scale * there[0]
    return FeatureMap(np.diag(scale), complex(shift[0], shift[1]), mirrored)


def _corners(shape: tuple[int, ...], box: npt.NDArray[np.uint8]) -> Floats:
    """Return top left and bottom right, (x, y) each, in shares of the longer side."""
    size = np.array([shape[1], shape[0]]) / max(shape)
    corners: Floats = box.astype(np.float64).reshape(2, 2) / 255 * size
    return corners
