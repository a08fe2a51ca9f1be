"""Which hashes of a fingerprint are searched for and which are searched among: the same."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tracker.model.fingerprint import Fingerprint

SEARCHED_FRAME_STEP = 2
"""Every second sampled frame (two a second) finds the candidates; alignment then uses all."""


def search_rows(fingerprint: Fingerprint) -> npt.NDArray[np.int64]:
    """Return the row numbers, int64 (m,), that an index holds and a query asks for.

    Both sides take the same rows, so that two videos find each other whichever is stored first.
    """
    _, frame = np.unique(fingerprint.pts_ms, return_inverse=True)
    keep = (fingerprint.quality > 0) & (frame % SEARCHED_FRAME_STEP == 0)
    return np.flatnonzero(keep).astype(np.int64)
