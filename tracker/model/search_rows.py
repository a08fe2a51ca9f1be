"""Which hashes of a fingerprint are searched for and which are searched among: the same."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tracker.model.fingerprint import Fingerprint

WHOLE_VIEWS = (0, 1, 2)
"""Full frame, frame without bars, moving part: each may be the whole picture of a copy.

The other views are windows of the picture. A window is compared with wholes, not with windows:
that saves three quarters of the comparisons.
"""


def search_rows(fingerprint: Fingerprint) -> npt.NDArray[np.int64]:
    """Return the row numbers, int64 (m,), that an index holds and a query asks for.

    Both sides take the same rows, so that two videos find each other whichever is stored first.
    """
    return np.flatnonzero(fingerprint.quality > 0).astype(np.int64)


def are_wholes(views: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Tell of each view, bool (n,), whether it is a whole."""
    return np.isin(views, WHOLE_VIEWS)
