"""Local features of two videos as numbers, and which of them look alike."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import faiss
import numpy as np
import numpy.typing as npt

from tracker.model.features import CODE_BYTES, Features

Codes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]
Ints = npt.NDArray[np.int64]

FEATURE_RADIUS_BITS = 28
"""Features farther apart (of 128 bits) are not paired."""

MOST_FEATURE_PAIRS = 400_000_000
"""Features compared at most (about a second); beyond it the longer video is thinned out."""


@dataclass(frozen=True, slots=True, eq=False)
class Located:
    """Features of a video: ``places`` complex (n,), x + iy in shares of the longer side;
    ``octaves`` and ``turns`` (radians) float64 (n,); ``frames`` int64 (n,), and of each frame its
    ``times_ms``, ``starts`` and ``counts`` int64 (m,).
    """

    codes: Codes
    places: Complex
    octaves: Floats
    turns: Floats
    frames: Ints
    times_ms: Ints
    starts: Ints
    counts: Ints

    @classmethod
    def of(cls, features: Features, *, mirrored: bool) -> Located:
        """Return the features, or those of the mirror image (its x counts from 0 downwards)."""
        x, y, size, turn = features.places.T.astype(np.float64)
        radians = turn * (2 * np.pi / 256)
        counts = features.counts.astype(np.int64)
        return cls(
            codes=mirrored_features(features.codes) if mirrored else features.codes,
            places=((-x if mirrored else x) + 1j * y) / 255,
            octaves=size / 16,
            turns=np.pi - radians if mirrored else radians,
            frames=features.frames,
            times_ms=features.pts_ms.astype(np.int64),
            starts=np.cumsum(counts) - counts,
            counts=counts,
        )


def mirrored_features(codes: Codes) -> Codes:
    """Return the codes of the same places in the left-right mirrored picture, exactly."""
    turned = codes.copy()
    turned[:, CODE_BYTES // 2 :] ^= 0xFF
    return turned


class FeaturePairs:
    """The features of two videos and the pairs within ``FEATURE_RADIUS_BITS``, found on demand."""

    def __init__(self, query: Features, reference: Features) -> None:
        self.features = _thinned(query, reference)
        self._query, self._reference = self.features

    def query(self, mirrored: bool) -> Located:
        """Return the query's features, or those of its mirror image."""
        return self._mirrored if mirrored else self._plain

    @cached_property
    def reference(self) -> Located:
        """The reference's features."""
        return Located.of(self._reference, mirrored=False)

    def found(self, mirrored: bool) -> tuple[Ints, Ints, Ints]:
        """Return alike features: numbers in the query, in the reference, and bits between them."""
        return self._found_mirrored if mirrored else self._found_plain

    @cached_property
    def _plain(self) -> Located:
        return Located.of(self._query, mirrored=False)

    @cached_property
    def _mirrored(self) -> Located:
        return Located.of(self._query, mirrored=True)

    @cached_property
    def _found_plain(self) -> tuple[Ints, Ints, Ints]:
        return _alike(self._plain.codes, self.reference.codes)

    @cached_property
    def _found_mirrored(self) -> tuple[Ints, Ints, Ints]:
        return _alike(self._mirrored.codes, self.reference.codes)


def _alike(query: Codes, reference: Codes) -> tuple[Ints, Ints, Ints]:
    if not len(query) or not len(reference):
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64)
    index = faiss.IndexBinaryFlat(CODE_BYTES * 8)
    index.add(np.ascontiguousarray(reference))
    # faiss keeps what is strictly nearer than the radius.
    limits, bits, found = index.range_search(np.ascontiguousarray(query), FEATURE_RADIUS_BITS + 1)
    rows = np.repeat(np.arange(len(query)), np.diff(limits.astype(np.int64)))
    order = np.lexsort((found, rows))
    return rows[order], found[order].astype(np.int64), bits[order].astype(np.int64)


def _thinned(query: Features, reference: Features) -> tuple[Features, Features]:
    step = -(-len(query.codes) * len(reference.codes) // MOST_FEATURE_PAIRS)
    if step <= 1:
        return query, reference
    if len(query.codes) > len(reference.codes):
        return query.every(step), reference
    return query, reference.every(step)
