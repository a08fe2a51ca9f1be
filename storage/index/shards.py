"""Immutable pieces of the hash index on disk: codes for faiss, and what each row belongs to."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import faiss
import numpy as np
import numpy.typing as npt

from tracker.errors import IntegrityError
from tracker.model.ids import VideoId, video_id

_ID_BYTES = 32


@dataclass(frozen=True, slots=True, eq=False)
class ShardRows:
    """Rows to be stored: ``codes`` uint8 (n, bytes), and of each row its video and frame.

    ``owners`` int32 (n,) counts within ``videos``; ``pts_ms`` int32 (n,); ``views`` uint8 (n,).
    """

    codes: npt.NDArray[np.uint8]
    owners: npt.NDArray[np.int32]
    pts_ms: npt.NDArray[np.int32]
    views: npt.NDArray[np.uint8]
    videos: tuple[VideoId, ...]


@dataclass(frozen=True, slots=True)
class ShardName:
    """A shard as the manifest lists it; the sizes tell a torn file from a whole one."""

    name: str
    rows: int
    videos: int
    frames: int
    size_bytes: int


class Shard:
    """A stored shard, mapped into memory: opening it reads next to nothing."""

    def __init__(self, directory: Path, name: ShardName, code_bytes: int) -> None:
        self.name = name
        self._index = _open_index(directory / f"{name.name}.faiss", name, code_bytes)
        self._table = _open_table(directory / f"{name.name}.npy", name.rows)
        self.videos = _read_videos(directory / f"{name.name}.ids", name.videos)

    def search(
        self, codes: npt.NDArray[np.uint8], radius: int
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int32]]:
        """Return query rows, shard rows and distances of all codes within ``radius`` bits."""
        # faiss keeps what is strictly nearer than the radius.
        limits, distances, rows = self._index.range_search(codes, radius + 1)
        query_rows = np.repeat(np.arange(len(codes), dtype=np.int64), np.diff(limits).astype(int))
        return query_rows, rows.astype(np.int64), distances.astype(np.int32)

    def owners(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return which of ``videos`` each row belongs to."""
        owners: npt.NDArray[np.int64] = self._table["owner"][rows].astype(np.int64)
        return owners

    def pts_ms(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
        """Return the frame time of each row."""
        times: npt.NDArray[np.int32] = self._table["pts_ms"][rows]
        return times

    def views(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        """Return the view of each row."""
        views: npt.NDArray[np.uint8] = self._table["view"][rows]
        return views

    def rows(self) -> ShardRows:
        """Return everything in the shard, copied, for merging."""
        codes = self._index.reconstruct_n(0, self._index.ntotal)
        return ShardRows(
            np.asarray(codes, np.uint8),
            np.array(self._table["owner"]),
            np.array(self._table["pts_ms"]),
            np.array(self._table["view"]),
            self.videos,
        )


_ROW = np.dtype([("pts_ms", "<i4"), ("owner", "<i4"), ("view", "u1")])


def write_shard(directory: Path, rows: ShardRows) -> ShardName:
    """Store ``rows`` under a new name and return it; every file is whole or absent."""
    name = f"shard-{uuid4().hex}"
    index = faiss.IndexBinaryFlat(rows.codes.shape[1] * 8)
    index.add(np.ascontiguousarray(rows.codes))
    temporary = directory / f"{name}.tmp"
    faiss.write_index_binary(index, str(temporary))
    size_bytes = temporary.stat().st_size
    _put(temporary, directory / f"{name}.faiss")
    table = np.empty(len(rows.codes), _ROW)
    table["pts_ms"], table["owner"], table["view"] = rows.pts_ms, rows.owners, rows.views
    with temporary.open("wb") as file:
        np.save(file, table)
    _put(temporary, directory / f"{name}.npy")
    temporary.write_bytes(b"".join(bytes.fromhex(video) for video in rows.videos))
    _put(temporary, directory / f"{name}.ids")
    return ShardName(name, len(rows.codes), len(rows.videos), _frames(rows), size_bytes)


def merged(parts: Sequence[ShardRows]) -> ShardRows:
    """Return the rows of all ``parts`` in one, videos in the same order."""
    starts = np.cumsum([0, *(len(part.videos) for part in parts)])
    owners = [part.owners + start for part, start in zip(parts, starts, strict=False)]
    return ShardRows(
        np.concatenate([part.codes for part in parts]),
        np.concatenate(owners).astype(np.int32),
        np.concatenate([part.pts_ms for part in parts]),
        np.concatenate([part.views for part in parts]),
        tuple(video for part in parts for video in part.videos),
    )


def remove_shard(directory: Path, name: str) -> None:
    """Delete a shard's files; processes that have them mapped keep reading them."""
    for suffix in ("faiss", "npy", "ids"):
        (directory / f"{name}.{suffix}").unlink(missing_ok=True)


def _frames(rows: ShardRows) -> int:
    keys = rows.owners.astype(np.int64) << 32 | rows.pts_ms.astype(np.int64)
    return len(np.unique(keys))


def _put(temporary: Path, path: Path) -> None:
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(path)


def _open_index(path: Path, name: ShardName, code_bytes: int) -> faiss.IndexBinaryFlat:
    if not path.is_file() or path.stat().st_size != name.size_bytes:
        raise IntegrityError(f"{path} is missing or cut off")
    try:
        index = faiss.read_index_binary(str(path), faiss.IO_FLAG_MMAP_IFC)
    except RuntimeError as exc:
        raise IntegrityError(f"{path} is not a hash index") from exc
    if not isinstance(index, faiss.IndexBinaryFlat) or index.code_size != code_bytes:
        raise IntegrityError(f"{path} holds other hashes")
    if index.ntotal != name.rows:
        raise IntegrityError(f"{path} holds {index.ntotal} rows instead of {name.rows}")
    return index


def _open_table(path: Path, rows: int) -> npt.NDArray[np.void]:
    try:
        table: npt.NDArray[np.void] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as exc:
        raise IntegrityError(f"{path} cannot be read") from exc
    if table.dtype != _ROW or table.shape != (rows,):
        raise IntegrityError(f"{path} does not belong to its index")
    return table


def _read_videos(path: Path, count: int) -> tuple[VideoId, ...]:
    try:
        data = path.read_bytes()
    except OSError as exc:
        raise IntegrityError(f"{path} cannot be read") from exc
    if len(data) != count * _ID_BYTES:
        raise IntegrityError(f"{path} does not belong to its index")
    return tuple(video_id(data[at : at + _ID_BYTES].hex()) for at in range(0, len(data), _ID_BYTES))
