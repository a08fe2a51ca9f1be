"""Local features: what a few places of a picture look like, whichever way the picture is turned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tracker.model.groups import places_within

CODE_BYTES = 16
PLACE_BYTES = 4

LARGEST_FRAME = 255
"""Most features of one frame: their number is kept in a byte."""


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """The local features of a video's feature frames.

    Shapes, with m frames and n features: ``pts_ms`` int32 (m,) ascending; ``counts`` uint8 (m,),
    how many of the features, in order, belong to each frame, the most telling first; ``codes``
    uint8 (n, 16); ``places`` uint8 (n, 4): x and y in 255ths of the frame's longer side, size in
    sixteenths of an octave above 1/512 of that side, and direction in 256ths of a turn, clockwise
    as seen.
    """

    pts_ms: npt.NDArray[np.int32]
    counts: npt.NDArray[np.uint8]
    codes: npt.NDArray[np.uint8]
    places: npt.NDArray[np.uint8]

    def __post_init__(self) -> None:
        n = int(self.counts.sum(dtype=np.int64))
        if len(self.pts_ms) != len(self.counts):
            raise ValueError("pts_ms and counts differ in length")
        if self.codes.shape != (n, CODE_BYTES) or self.places.shape != (n, PLACE_BYTES):
            raise ValueError("codes or places do not fit counts")

    @classmethod
    def none(cls) -> Features:
        """Return the features of a video that shows none."""
        return cls(
            np.zeros(0, np.int32),
            np.zeros(0, np.uint8),
            np.zeros((0, CODE_BYTES), np.uint8),
            np.zeros((0, PLACE_BYTES), np.uint8),
        )

    @property
    def frames(self) -> npt.NDArray[np.int64]:
        """Return the frame number of each feature, int64 (n,) ascending."""
        return np.repeat(np.arange(len(self.counts), dtype=np.int64), self.counts)

    @property
    def ranks(self) -> npt.NDArray[np.int64]:
        """Return the position of each feature among those of its frame, int64 (n,)."""
        return places_within(self.counts)

    def every(self, step: int) -> Features:
        """Return every ``step``-th frame."""
        kept = np.arange(len(self.counts)) % step == 0
        of_kept = kept[self.frames]
        return Features(
            self.pts_ms[kept], self.counts[kept], self.codes[of_kept], self.places[of_kept]
        )
