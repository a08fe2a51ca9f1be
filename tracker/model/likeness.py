"""How nearly two videos show the same pictures, beyond that they share footage."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Likeness:
    """Two videos compared frame by frame over all that they share.

    ``bits`` is the mean distance of the nearest hashes of frames of one moment, of 256; 128 where
    none are known. ``differs`` is the share of the picture that differs all along, as where
    something is laid over one of the two; there ``query_moves`` and ``reference_moves`` are the
    deviations over time, in grey levels: what is laid over stands still.
    """

    bits: float
    levels: float | None = None
    differs: float = 0.0
    query_moves: float = 0.0
    reference_moves: float = 0.0

    def swapped(self) -> Likeness:
        """Return the same finding with query and reference exchanged."""
        return Likeness(
            self.bits, self.levels, self.differs, self.reference_moves, self.query_moves
        )
