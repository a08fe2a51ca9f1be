"""Immutable pieces of the sound index on disk: sorted keys, and where each was heard.

Six bytes an item: within a bucket of keys with the same first byte the other two bytes, and the
number of the item in the piece. An hour has at most 29 077 items: 0.17 MB.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import numpy as np
import numpy.typing as npt

from tracker.errors import IntegrityError
from tracker.model.ids import VideoId, video_id
from tracker.model.sound_keys import KEY_BITS

_ID_BYTES = 32
_LOW_BITS = 16
_BUCKETS = 1 << (KEY_BITS - _LOW_BITS)
_SUFFIXES = (".low", ".items", ".starts", ".ids")

Ints = npt.NDArray[np.int64]
MOST_ITEMS = 2**32 - 1


@dataclass(frozen=True, slots=True)
class SoundShardName:
    """A piece as the manifest lists it; the numbers tell a torn file from a whole one."""

    name: str
    rows: int
    videos: int


@dataclass(frozen=True, slots=True, eq=False)
class SoundRows:
    """Items to be stored: ``keys`` uint32 (n,), and ``items`` int64 (n,), their numbers.

    Items are numbered through: those of ``videos[i]`` from ``starts[i]`` to ``starts[i + 1]``,
    int64 (videos + 1,).
    """

    keys: npt.NDArray[np.uint32]
    items: Ints
    starts: Ints
    videos: tuple[VideoId, ...]


class SoundShard:
    """A stored piece, mapped into memory: opening it reads next to nothing."""

    def __init__(self, directory: Path, name: SoundShardName) -> None:
        self.name = name
        path = directory / name.name
        self._low = _opened(path.with_suffix(".low"), "<u2", name.rows)
        self._items = _opened(path.with_suffix(".items"), "<u4", name.rows)
        ends = _opened(path.with_suffix(".starts"), "<i8", _BUCKETS + 1 + name.videos + 1)
        self._buckets, self.starts = np.array(ends[: _BUCKETS + 1]), np.array(ends[_BUCKETS + 1 :])
        whole = _bounds(self._buckets, name.rows) and self._buckets[-1] == name.rows
        if not whole or not _bounds(self.starts, MOST_ITEMS):
            raise IntegrityError(f"{path} does not belong to its index")
        self.videos = _read_videos(path.with_suffix(".ids"), name.videos)

    def ranges(self, keys: npt.NDArray[np.uint32]) -> tuple[Ints, Ints]:
        """Return first row and number of rows of each of ``keys``, int64 (n,) each."""
        first = np.zeros(len(keys), np.int64)
        counts = np.zeros(len(keys), np.int64)
        buckets, low = keys >> np.uint32(_LOW_BITS), (keys & np.uint32(0xFFFF)).astype(np.uint16)
        for bucket in np.unique(buckets):
            here = buckets == bucket
            start, end = self._buckets[bucket], self._buckets[bucket + 1]
            rows = self._low[start:end]
            left = np.searchsorted(rows, low[here], side="left")
            first[here] = start + left
            counts[here] = np.searchsorted(rows, low[here], side="right") - left
        return first, counts

    def items(self, rows: Ints) -> Ints:
        """Return the item of each row, numbered through the piece."""
        return self._items[rows].astype(np.int64)

    def rows(self) -> SoundRows:
        """Return everything in the piece, copied, for merging."""
        high = np.repeat(np.arange(_BUCKETS, dtype=np.uint32), np.diff(self._buckets))
        keys = high << np.uint32(_LOW_BITS) | self._low.astype(np.uint32)
        return SoundRows(keys, self._items.astype(np.int64), self.starts, self.videos)


def write_sound_shard(directory: Path, rows: SoundRows) -> SoundShardName:
    """Store ``rows`` under a new name and return it; every file is whole or absent."""
    path = directory / f"shard-{uuid4().hex}"
    order = np.lexsort((rows.items, rows.keys))
    keys = rows.keys[order]
    buckets = np.searchsorted(keys >> np.uint32(_LOW_BITS), np.arange(_BUCKETS + 1))
    parts = (
        (keys & np.uint32(0xFFFF)).astype("<u2").tobytes(),
        rows.items[order].astype("<u4").tobytes(),
        np.concatenate((buckets, rows.starts)).astype("<i8").tobytes(),
        b"".join(bytes.fromhex(video) for video in rows.videos),
    )
    for suffix, body in zip(_SUFFIXES, parts, strict=True):
        _put(path.with_suffix(suffix), body)
    return SoundShardName(path.name, len(keys), len(rows.videos))


def merged_sounds(parts: Sequence[SoundRows]) -> SoundRows:
    """Return the rows of all ``parts`` in one, videos in the same order."""
    shifts = np.cumsum([0, *(int(part.starts[-1]) for part in parts)])
    return SoundRows(
        np.concatenate([part.keys for part in parts]),
        np.concatenate([part.items + by for part, by in zip(parts, shifts, strict=False)]),
        np.concatenate(
            [*(part.starts[:-1] + by for part, by in zip(parts, shifts, strict=False)), shifts[-1:]]
        ),
        tuple(video for part in parts for video in part.videos),
    )


def remove_sound_shard(directory: Path, name: str) -> None:
    """Delete a piece's files; processes that have them mapped keep reading them."""
    for suffix in _SUFFIXES:
        (directory / f"{name}{suffix}").unlink(missing_ok=True)


def _bounds(ends: Ints, most: int) -> bool:
    """Tell whether ``ends`` part a stretch from 0 to at most ``most``, which items number."""
    return ends[0] == 0 and ends[-1] <= most and not np.any(np.diff(ends) < 0)


def _put(path: Path, body: bytes) -> None:
    temporary = path.with_name(f"{path.name}.tmp")
    with temporary.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _opened(path: Path, kind: str, count: int) -> npt.NDArray[np.int64]:
    with suppress(OSError, ValueError):
        if path.stat().st_size == count * np.dtype(kind).itemsize:
            return np.memmap(path, kind, "r", shape=(count,)) if count else np.zeros(0, kind)
    raise IntegrityError(f"{path} is missing or cut off")


def _read_videos(path: Path, count: int) -> tuple[VideoId, ...]:
    data = _opened(path, "u1", count * _ID_BYTES).tobytes()
    return tuple(video_id(data[at : at + _ID_BYTES].hex()) for at in range(0, len(data), _ID_BYTES))
