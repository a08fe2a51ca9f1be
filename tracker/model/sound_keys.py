"""Which items of a sound print are searched for and which are searched among: the same."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tracker.model.sound import SILENT_ITEM

KEY_BITS = 24
"""The first bits of an item are what the search goes by; one of them may differ.

On re-encoded footage half of all items are found so, and a twentieth where the sound came out
worst; unrelated sounds seldom agree in three items on one line.
"""

NEAR_KEYS = np.array([0, *(1 << bit for bit in range(KEY_BITS))], np.uint32)
"""What turns a key into itself and every key one bit away, uint32 (25,)."""


REACH_ITEMS = 19
"""An item this near to a silent one is partly about silence: its window is 20 spectra long."""


def search_items(items: npt.NDArray[np.uint32]) -> npt.NDArray[np.int64]:
    """Return the numbers, int64 (m,) ascending, of the items that are searched.

    Left out are silence with what begins after it and ends before it (every sound begins alike),
    and repeats of the item before: a tone that lasts is heard once. Both sides take the same
    items, so that two sounds find each other whichever is stored first.
    """
    changed = np.ones(len(items), np.bool_)
    changed[1:] = items[1:] != items[:-1]
    silent = (items == SILENT_ITEM).astype(np.int64)
    before = np.concatenate((np.zeros(1, np.int64), np.cumsum(silent)))
    at = np.arange(len(items))
    reach = (
        before[np.minimum(at + REACH_ITEMS + 1, len(items))]
        - before[np.maximum(at - REACH_ITEMS, 0)]
    )
    return np.flatnonzero(changed & (reach == 0))


def item_keys(items: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """Return the key of each item, uint32 (n,)."""
    return items >> np.uint32(32 - KEY_BITS)


def near_keys(keys: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """Return every key that finds each of ``keys``, uint32 (n, 25)."""
    return keys[:, None] ^ NEAR_KEYS[None, :]
