"""Files of named arrays, mapped into memory, in which no altered byte goes unnoticed.

A file is a magic word, the length of a JSON header, the header, and the arrays. The header holds
a CRC-32 of every ``BLOCK_BYTES`` of every array, and the manifest of the index holds one of the
header. Opening reads the header alone; a block is checked when a process first reads it, which
costs a quarter of a second a gigabyte (zlib, measured). So a file that was zeroed, cut off,
altered or exchanged never answers, and nobody waits for the check of what nobody asks.
"""

from __future__ import annotations

import json
import mmap
import os
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tracker.errors import IntegrityError

BLOCK_BYTES = 1 << 18
MAGIC = b"tracker index 2\n"
_LENGTH_BYTES = 4
_ALIGNMENT = 64
_LARGEST_HEADER = 1 << 24

Array = npt.NDArray[Any]


class DamagedIndex(IntegrityError):
    """A file of the index is not what was written; the source it was made of is not to blame."""


class Section:
    """One array of a file; every read checks what it is the first to read."""

    def __init__(self, path: Path, array: Array, checksums: list[int]) -> None:
        self._path = path
        self._array = array
        self._bytes = array.view(np.uint8).reshape(-1)
        self._checksums = checksums
        self._checked = np.zeros(len(checksums), np.bool_)

    def __len__(self) -> int:
        return len(self._array)

    def span(self, start: int, end: int) -> Array:
        """Return rows ``start`` to ``end``, not copied; raises ``DamagedIndex``."""
        row = self._array.dtype.itemsize * int(np.prod(self._array.shape[1:]))
        if end > start:
            first, last = start * row // BLOCK_BYTES, (end * row - 1) // BLOCK_BYTES
            self._check(np.arange(first, last + 1))
        return self._array[start:end]

    def take(self, rows: npt.NDArray[np.int64]) -> Array:
        """Return the rows at ``rows``, copied; raises ``DamagedIndex``."""
        row = self._array.dtype.itemsize * int(np.prod(self._array.shape[1:]))
        at = rows * row
        self._check(np.concatenate([at // BLOCK_BYTES, (at + row - 1) // BLOCK_BYTES]))
        return self._array[rows]

    def all(self) -> Array:
        """Return the whole array, not copied; raises ``DamagedIndex``."""
        return self.span(0, len(self))

    def _check(self, blocks: npt.NDArray[np.int64]) -> None:
        for block in np.unique(blocks[~self._checked[blocks]]).tolist():
            held = self._bytes[block * BLOCK_BYTES : (block + 1) * BLOCK_BYTES]
            if zlib.crc32(held.data) != self._checksums[block]:
                raise DamagedIndex(f"{self._path} was altered")
            self._checked[block] = True


def write_sections(path: Path, arrays: Mapping[str, Array], facts: Mapping[str, int]) -> int:
    """Store ``arrays`` and ``facts`` at ``path`` and return the checksum of the header.

    The file appears whole or not at all.
    """
    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    sections = {name: _described(array) for name, array in whole.items()}
    header = json.dumps({"facts": dict(facts), "sections": sections}).encode()
    with _put(path) as temporary, temporary.open("wb") as file:
        file.write(MAGIC + len(header).to_bytes(_LENGTH_BYTES, "little") + header)
        for array in whole.values():
            file.write(bytes(-file.tell() % _ALIGNMENT))
            file.write(array.view(np.uint8).reshape(-1).data)
    return zlib.crc32(header)


class SectionFile:
    """A stored file of arrays, opened: ``facts`` and, by name, its sections.

    Raises ``DamagedIndex`` where the file is not the one that was written.
    """

    def __init__(self, path: Path, header_checksum: int) -> None:
        data = _mapped(path)
        start = len(MAGIC) + _LENGTH_BYTES
        length = int.from_bytes(data[len(MAGIC) : start], "little")
        header = data[start : start + min(length, _LARGEST_HEADER)]
        if data[: len(MAGIC)] != MAGIC or zlib.crc32(header) != header_checksum:
            raise DamagedIndex(f"{path} is not the file that the index wrote")
        document = json.loads(header)  # of our own making, as the checksum says
        self.facts: dict[str, int] = document["facts"]
        self._sections: dict[str, Section] = {}
        at = start + length
        for name, told in document["sections"].items():
            at += -at % _ALIGNMENT
            array = _array(path, data, at, told)
            self._sections[name] = Section(path, array, told["checksums"])
            at += array.nbytes

    def __getitem__(self, name: str) -> Section:
        return self._sections[name]

    def check(self) -> None:
        """Read everything; raises ``DamagedIndex``."""
        for section in self._sections.values():
            section.all()


def _described(array: Array) -> dict[str, Any]:
    data = array.view(np.uint8).reshape(-1)
    checksums = [
        zlib.crc32(data[at : at + BLOCK_BYTES].data) for at in range(0, len(data), BLOCK_BYTES)
    ]
    fields = array.dtype.descr if array.dtype.names else array.dtype.str
    return {"dtype": fields, "shape": array.shape, "checksums": checksums}


def _mapped(path: Path) -> mmap.mmap:
    try:
        with path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as exc:
        raise DamagedIndex(f"{path} is missing, empty or cannot be read") from exc


def _array(path: Path, data: mmap.mmap, at: int, told: Mapping[str, Any]) -> Array:
    fields, shape = told["dtype"], tuple(told["shape"])
    dtype = np.dtype(fields if isinstance(fields, str) else [tuple(field) for field in fields])
    count = int(np.prod(shape))
    if len(data) < at + count * dtype.itemsize:
        raise DamagedIndex(f"{path} is cut off")
    if not count:
        return np.zeros(shape, dtype)
    return np.frombuffer(data, dtype, count, at).reshape(shape)


@contextmanager
def _put(path: Path) -> Iterator[Path]:
    """Yield a temporary path; what was written there appears at ``path`` whole."""
    temporary = path.with_name(f"{path.name}.tmp")
    yield temporary
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(path)
