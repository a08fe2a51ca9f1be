"""What a mirrored hash looks like."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.uint8]


def mirrored(codes: Codes) -> Codes:
    """Return the hashes of the left-right mirror images of the pictures behind ``codes``.

    Mirroring changes the sign of the DCT's odd columns, so their bits turn over. That is exact
    but for the shift of the median: measured on 12 000 frames, the result differs from the hash
    of the mirrored picture by 6 bits of 256 at the median and by 20 at the 99th percentile. In
    return the operation is its own inverse and keeps every distance, so that a search finds the
    same pairs whichever of two videos was stored first, and no mirrored hash needs storing.
    """
    side = round((codes.shape[1] * 8) ** 0.5)
    bits = np.zeros((side, side), np.bool_)
    bits[:, 1::2] = True
    return codes ^ np.packbits(bits.ravel())
