"""Cuts a run of sampled frames where the picture changes at once."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

Gray = npt.NDArray[np.uint8]

CUT_DIFFERENCE = 18.0
"""Mean change of a thumbnail's grey values that may be a cut …"""

CUT_RATIO = 3.0
"""… if it also is this many times the usual change around it."""

_NEIGHBOURS = 6


def shots(frames: Gray) -> list[slice]:
    """Return the shots of consecutive samples (n, h, w) as slices that cover them all."""
    small = np.stack([cv2.resize(f, (32, 18), interpolation=cv2.INTER_AREA) for f in frames])
    change = np.abs(np.diff(small.astype(np.float32), axis=0)).mean(axis=(1, 2))
    cuts = [i + 1 for i in np.flatnonzero(change > CUT_DIFFERENCE) if _stands_out(change, int(i))]
    borders = [0, *cuts, len(frames)]
    return [slice(a, b) for a, b in pairwise(borders)]


def _stands_out(change: npt.NDArray[np.float32], at: int) -> bool:
    around = change[max(0, at - _NEIGHBOURS) : at + _NEIGHBOURS + 1]
    return len(around) < 3 or bool(change[at] > CUT_RATIO * np.median(around))
