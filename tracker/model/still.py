"""One frame of a video as it was shown, small and grey."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, eq=False)
class Still:
    """The frame shown at ``pts_ms``, counted from the first one; ``gray`` uint8 (h, w), upright."""

    pts_ms: int
    gray: npt.NDArray[np.uint8]
