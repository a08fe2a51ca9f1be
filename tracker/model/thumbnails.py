"""Tiny grey pictures of every sampled frame: what moved where, and when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, eq=False)
class Thumbnails:
    """Times int32 (n,) ms, ascending, and pictures uint8 (n, h, w) of n sampled frames."""

    pts_ms: npt.NDArray[np.int32]
    pictures: npt.NDArray[np.uint8]

    def __post_init__(self) -> None:
        if self.pictures.ndim != 3 or len(self.pts_ms) != len(self.pictures):
            raise ValueError("pts_ms and pictures do not fit each other")

    def __len__(self) -> int:
        return len(self.pts_ms)

    @classmethod
    def none(cls) -> Thumbnails:
        """Return the thumbnails of a video that has none."""
        return cls(np.zeros(0, np.int32), np.zeros((0, 0, 0), np.uint8))
