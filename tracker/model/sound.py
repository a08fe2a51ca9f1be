"""The fingerprint of a video's sound."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SILENT_ITEM = 627964279
"""The item Chromaprint gives where there is nothing to hear.

Source: every item of digital silence (``anullsrc``) is this one; tests make sure of it.
"""


@dataclass(frozen=True, slots=True, eq=False)
class SoundPrint:
    """The Chromaprint items of a sound track.

    ``items`` uint32 (n,): item i is about ``[i * item_period_ms, i * item_period_ms +
    item_window_ms)`` of presentation time, so neighbours overlap by most of their length. A track
    shorter than one window has no items. ``algorithm`` decides what may be compared; ``version``
    says what made the items.
    """

    algorithm: str
    version: str
    items: npt.NDArray[np.uint32]
    item_period_ms: float
    item_window_ms: float

    def __post_init__(self) -> None:
        if self.items.ndim != 1 or self.items.dtype != np.uint32:
            raise ValueError("items are no row of uint32")
        if not (0 < self.item_period_ms <= self.item_window_ms < float("inf")):
            raise ValueError("an item must last some time")

    @property
    def duration_ms(self) -> int:
        """How much of the track the items are about, 0 without any."""
        n = len(self.items)
        return round((n - 1) * self.item_period_ms + self.item_window_ms) if n else 0

    @property
    def silent(self) -> npt.NDArray[np.bool_]:
        """Tell of each item, bool (n,), whether there is nothing to hear."""
        silent: npt.NDArray[np.bool_] = self.items == SILENT_ITEM
        return silent

    @property
    def is_silent(self) -> bool:
        """Tell whether there is nothing to hear anywhere in the track."""
        return len(self.items) > 0 and bool(self.silent.all())
