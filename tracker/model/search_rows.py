"""Which hashes of a fingerprint are searched for and which are searched among: the same."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tracker.model.features import Features
from tracker.model.fingerprint import Fingerprint

REPEAT_BITS = 12
"""A hash this near to the last one taken of its view is a repeat and is not searched.

It takes a quarter off the index of ordinary footage and makes an hour of one still picture cost
what one picture costs; what lies near a repeat lies near the hash taken before it. On the
development corpus the matches found are the same as without.
"""


def search_rows(fingerprint: Fingerprint) -> npt.NDArray[np.int64]:
    """Return the row numbers, int64 (m,) ascending, that an index holds and a query asks for.

    Left out are frames that say nothing and repeats of the frame before. Both sides take the
    same rows, so that two videos find each other whichever is stored first.
    """
    last: dict[int, int] = {}
    kept = []
    for row in np.flatnonzero(fingerprint.quality > 0).tolist():
        view = int(fingerprint.views[row])
        code = int.from_bytes(fingerprint.codes[row].tobytes())
        before = last.get(view)
        if before is None or (before ^ code).bit_count() > REPEAT_BITS:
            kept.append(row)
            last[view] = code
    return np.array(kept, np.int64)


FEATURES_SEARCHED = 40
"""Of each feature frame the first so many are searched; all of them are compared."""


def search_features(features: Features) -> npt.NDArray[np.int64]:
    """Return the numbers, int64 (m,) ascending, of the local features that are searched.

    Both sides take the same ones, for the reason given at ``search_rows``.
    """
    return np.flatnonzero(features.ranks < FEATURES_SEARCHED)
