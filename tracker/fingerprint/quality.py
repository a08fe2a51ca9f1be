"""How much a frame's picture says, so that black frames match nothing."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Gray = npt.NDArray[np.uint8]

FLAT_DEVIATION = 4.0
"""Pictures whose grey values deviate less than this (of 255) say nothing: their hash is noise."""

FLAT_EDGES = 1.2
"""So do pictures whose neighbouring pixels differ by less than this on average (a gradient)."""


def quality(small: Gray) -> npt.NDArray[np.uint8]:
    """Return uint8 (n,) for n shrunk pictures (n, side, side): 0 says nothing, 255 very much.

    The value is the mean difference of neighbouring pixels in twentieths of a grey level; it is
    0 for flat pictures and smooth gradients. Source: after the quality measure of PDQ (Meta,
    The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm, 2019).
    """
    picture = small.astype(np.float32)
    deviation = picture.std(axis=(1, 2))
    edges = np.abs(np.diff(picture, axis=1)).mean(axis=(1, 2))
    edges = edges + np.abs(np.diff(picture, axis=2)).mean(axis=(1, 2))
    value: npt.NDArray[np.uint8] = np.clip(np.round(edges * 20), 1, 255).astype(np.uint8)
    value[(deviation < FLAT_DEVIATION) | (edges < FLAT_EDGES)] = 0
    return value
