"""Equal places of two sounds, and the straight lines through time that explain them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tracker.model.sound import SoundPrint
from tracker.model.sound_keys import item_keys, near_keys, search_items

Ints = npt.NDArray[np.int64]

SPEEDS = tuple(step / 40 for step in range(32, 51))
"""0.8 to 1.25: the stretch that leaves the pitch alone, as editors do it."""

LINE_ITEMS = 2
"""Hits this far from a line still lie on it."""

LEAST_HITS = 4
"""Items of the query on one line that make it worth a look."""

MOST_REPEATS = 64
"""Of an item that the reference repeats, so many places are looked at: a beat, not a hum."""


@dataclass(frozen=True, slots=True)
class SoundLine:
    """Reference item = ``offset`` + ``speed`` × query item; ``hits`` query items lie on it."""

    speed: float
    offset: float
    hits: int

    def at(self, items: Ints) -> Ints:
        """Return the reference items that belong to query ``items``."""
        return np.round(self.offset + self.speed * items).astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class SoundHits:
    """Pairs of items that sound alike, int64 (n,) each."""

    query: Ints
    reference: Ints

    def kept(self, mask: npt.NDArray[np.bool_]) -> SoundHits:
        """Return those that ``mask`` marks."""
        return SoundHits(self.query[mask], self.reference[mask])


def sound_hits(query: SoundPrint, reference: SoundPrint) -> SoundHits:
    """Return the pairs of searched items whose keys differ in one bit at most."""
    rows, others = search_items(query.items), search_items(reference.items)
    keys = item_keys(reference.items[others])
    order = np.argsort(keys, kind="stable")
    wanted = near_keys(item_keys(query.items[rows])).ravel()
    first = np.searchsorted(keys, wanted, side="left", sorter=order)
    counts = np.searchsorted(keys, wanted, side="right", sorter=order) - first
    counts[counts > MOST_REPEATS] = 0
    return SoundHits(
        np.repeat(np.repeat(rows, near_keys(keys[:0]).shape[1]), counts),
        others[order[runs(first, counts)]],
    )


def runs(first: Ints, counts: Ints) -> Ints:
    """Return ``first[i], first[i] + 1 …`` for ``counts[i]`` steps, one run after the other."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(first - (ends - counts), counts) + np.arange(total)


def best_line(hits: SoundHits) -> SoundLine | None:
    """Return the line with most query items on it, ``None`` where no line is worth a look.

    Among equals the one nearest to normal speed, then the earliest.
    """
    lines = [line for speed in SPEEDS if (line := _best_offset(hits, speed)) is not None]
    if not lines:
        return None
    best = max(lines, key=lambda line: (line.hits, -abs(line.speed - 1), -line.offset))
    return best if best.hits >= LEAST_HITS else None


def on_line(hits: SoundHits, line: SoundLine) -> npt.NDArray[np.bool_]:
    """Tell of each pair, bool (n,), whether it lies on ``line``."""
    near: npt.NDArray[np.bool_] = (
        np.abs(hits.reference - line.offset - line.speed * hits.query) <= LINE_ITEMS
    )
    return near


def _best_offset(hits: SoundHits, speed: float) -> SoundLine | None:
    if not len(hits.query):
        return None
    offsets = np.round(hits.reference - speed * hits.query).astype(np.int64)
    least, width = int(offsets.min()), int(hits.query.max()) + 1
    # An item votes once a place, however often its key is there.
    places = np.unique((offsets - least) * width + hits.query) // width
    votes = np.convolve(np.bincount(places), np.ones(2 * LINE_ITEMS + 1, np.int64))
    at = int(np.argmax(votes))
    if votes[at] < LEAST_HITS:  # and no line has more items than votes
        return None
    line = SoundLine(speed, float(least + at - LINE_ITEMS), 0)
    return SoundLine(speed, line.offset, len(np.unique(hits.query[on_line(hits, line)])))
