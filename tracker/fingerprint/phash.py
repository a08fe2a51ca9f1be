"""Perceptual hashes of many frames at once, bit for bit those of ``imagehash.phash``."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

Gray = npt.NDArray[np.uint8]
Codes = npt.NDArray[np.uint8]

OVERSAMPLING = 4
"""The picture is shrunk to ``4 * hash_size`` pixels a side, as imagehash does."""

_CHANNELS = 4

_TIE = 1e-10
"""A coefficient this near the median (relative to the largest) may fall on either side of it."""


def shrink(frames: Gray, hash_size: int) -> Gray:
    """Return ``frames`` (n, h, w) as the square pictures that are hashed, uint8 (n, 4s, 4s).

    Pillow shrinks every colour channel by itself, so frames go through it in fours.
    """
    side = hash_size * OVERSAMPLING
    small = np.empty((len(frames), side, side), np.uint8)
    for start in range(0, len(frames), _CHANNELS):
        four = [frames[min(start + i, len(frames) - 1)] for i in range(_CHANNELS)]
        merged = np.asarray(cv2.merge(four), np.uint8)
        picture = Image.frombuffer("CMYK", merged.shape[1::-1], merged, "raw", "CMYK", 0, 1)
        data = picture.resize((side, side), Image.Resampling.LANCZOS).tobytes()
        shrunk = np.frombuffer(data, np.uint8).reshape(side, side, _CHANNELS).transpose(2, 0, 1)
        small[start : start + _CHANNELS] = shrunk[: len(frames) - start]
    return small


def phash(small: Gray, hash_size: int) -> Codes:
    """Return the hashes of n shrunk pictures (n, 4s, 4s) as uint8 (n, s*s/8).

    Bits are in imagehash's order (rows of the DCT, first bit highest). The transform is one
    matrix product for the batch; where rounding could decide a bit, the picture is transformed
    again by the very routine imagehash calls, so the bits are always its bits.

    Source: Zauner, Implementation and Benchmarking of Perceptual Image Hash Functions, 2010;
    imagehash.phash.
    """
    low = _low_frequencies(small, hash_size)
    return _pack(low, small, hash_size)


def _low_frequencies(small: Gray, hash_size: int) -> npt.NDArray[np.float64]:
    basis = _basis(hash_size)
    low: npt.NDArray[np.float64] = basis @ small.astype(np.float64) @ basis.T
    return low


def _pack(low: npt.NDArray[np.float64], small: Gray, hash_size: int) -> Codes:
    flat = low.reshape(len(low), hash_size * hash_size)
    median = np.median(flat, axis=1, keepdims=True)
    bits = flat > median
    margin = np.abs(flat - median).min(axis=1, initial=np.inf)
    for i in np.flatnonzero(margin <= _TIE * np.abs(flat).max(axis=1, initial=0.0)):
        bits[i] = _reference_bits(small[i], hash_size)
    return np.packbits(bits, axis=1)


def _reference_bits(small: Gray, hash_size: int) -> npt.NDArray[np.bool_]:
    """Return the bits by the same calls, in the same order, as ``imagehash.phash``."""
    import scipy.fftpack  # loaded late: rarely needed, and half a second to load

    rows = scipy.fftpack.dct(np.ascontiguousarray(small), axis=0)
    low = scipy.fftpack.dct(rows, axis=1)[:hash_size, :hash_size]
    bits: npt.NDArray[np.bool_] = (low > np.median(low)).ravel()
    return bits


@lru_cache(maxsize=4)
def _basis(hash_size: int) -> npt.NDArray[np.float64]:
    """Return the first rows of the unnormalised DCT-II, float64 (s, 4s)."""
    side = hash_size * OVERSAMPLING
    k = np.arange(hash_size)[:, None]
    n = np.arange(side)[None, :]
    basis: npt.NDArray[np.float64] = 2.0 * np.cos(np.pi * k * (2 * n + 1) / (2 * side))
    return basis
