"""Immutable pieces of the hash index on disk: codes for faiss, and what each row belongs to."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import faiss
import numpy as np
import numpy.typing as npt

from tracker.errors import IntegrityError
from tracker.model.ids import VideoId, video_id
from tracker.model.search_rows import are_wholes

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
    """A shard as the manifest lists it; the numbers tell a torn file from a whole one.

    The first ``wholes`` of its ``rows`` are hashes of whole pictures, the rest of windows.
    """

    name: str
    rows: int
    wholes: int
    videos: int
    frames: int


@dataclass(frozen=True, slots=True, eq=False)
class ShardHits:
    """Query rows int64, shard rows int64 and distances int32 of n pairs."""

    query_rows: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int64]
    distances: npt.NDArray[np.int32]


class Shard:
    """A stored shard, mapped into memory: opening it reads next to nothing."""

    def __init__(self, directory: Path, name: ShardName, code_bytes: int) -> None:
        self.name = name
        path = directory / name.name
        self._wholes = _open_index(path.with_suffix(".wholes"), name.wholes, code_bytes)
        self._windows = _open_index(
            path.with_suffix(".windows"), name.rows - name.wholes, code_bytes
        )
        self._table = _open_table(path.with_suffix(".npy"), name.rows)
        self.videos = _read_videos(path.with_suffix(".ids"), name.videos)

    def search(self, codes: npt.NDArray[np.uint8], radius: int, *, wholes_only: bool) -> ShardHits:
        """Return all rows within ``radius`` bits of each of ``codes``."""
        hits = _range_search(self._wholes, codes, radius)
        if wholes_only:
            return hits
        more = _range_search(self._windows, codes, radius)
        return ShardHits(
            np.concatenate([hits.query_rows, more.query_rows]),
            np.concatenate([hits.rows, more.rows + self.name.wholes]),
            np.concatenate([hits.distances, more.distances]),
        )

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
        parts = [index.reconstruct_n(0, index.ntotal) for index in (self._wholes, self._windows)]
        return ShardRows(
            np.concatenate(parts),
            np.array(self._table["owner"]),
            np.array(self._table["pts_ms"]),
            np.array(self._table["view"]),
            self.videos,
        )


_ROW = np.dtype([("pts_ms", "<i4"), ("owner", "<i4"), ("view", "u1")])


def write_shard(directory: Path, rows: ShardRows) -> ShardName:
    """Store ``rows`` under a new name and return it; every file is whole or absent."""
    path = directory / f"shard-{uuid4().hex}"
    rows, wholes = _wholes_first(rows)
    _write_index(path.with_suffix(".wholes"), rows.codes[:wholes])
    _write_index(path.with_suffix(".windows"), rows.codes[wholes:])
    table = np.empty(len(rows.codes), _ROW)
    table["pts_ms"], table["owner"], table["view"] = rows.pts_ms, rows.owners, rows.views
    with _put(path.with_suffix(".npy")) as temporary, temporary.open("wb") as file:
        np.save(file, table)
    with _put(path.with_suffix(".ids")) as temporary:
        temporary.write_bytes(b"".join(bytes.fromhex(video) for video in rows.videos))
    return ShardName(path.name, len(rows.codes), wholes, len(rows.videos), _frames(rows))


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
    for suffix in ("wholes", "windows", "npy", "ids"):
        (directory / f"{name}.{suffix}").unlink(missing_ok=True)


def _frames(rows: ShardRows) -> int:
    keys = rows.owners.astype(np.int64) << 32 | rows.pts_ms.astype(np.int64)
    return len(np.unique(keys))


def _wholes_first(rows: ShardRows) -> tuple[ShardRows, int]:
    wholes = are_wholes(rows.views)
    order = np.argsort(~wholes, kind="stable")
    ordered = ShardRows(
        rows.codes[order], rows.owners[order], rows.pts_ms[order], rows.views[order], rows.videos
    )
    return ordered, int(wholes.sum())


def _write_index(path: Path, codes: npt.NDArray[np.uint8]) -> None:
    index = faiss.IndexBinaryFlat(codes.shape[1] * 8)
    index.add(np.ascontiguousarray(codes))
    with _put(path) as temporary:
        faiss.write_index_binary(index, str(temporary))


@contextmanager
def _put(path: Path) -> Iterator[Path]:
    """Yield a temporary path; what was written there appears at ``path`` whole."""
    temporary = path.with_name(f"{path.name}.tmp")
    yield temporary
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(path)


def _range_search(
    index: faiss.IndexBinaryFlat, codes: npt.NDArray[np.uint8], radius: int
) -> ShardHits:
    # faiss keeps what is strictly nearer than the radius.
    limits, distances, rows = index.range_search(codes, radius + 1)
    counts = np.diff(limits.astype(np.int64))
    query_rows = np.repeat(np.arange(len(codes), dtype=np.int64), counts)
    return ShardHits(query_rows, rows.astype(np.int64), distances.astype(np.int32))


def _open_index(path: Path, rows: int, code_bytes: int) -> faiss.IndexBinaryFlat:
    if not path.is_file() or path.stat().st_size < rows * code_bytes:
        raise IntegrityError(f"{path} is missing or cut off")
    try:
        index = faiss.read_index_binary(str(path), faiss.IO_FLAG_MMAP_IFC)
    except RuntimeError as exc:
        raise IntegrityError(f"{path} is not a hash index") from exc
    if not isinstance(index, faiss.IndexBinaryFlat) or index.code_size != code_bytes:
        raise IntegrityError(f"{path} holds other hashes")
    if index.ntotal != rows:
        raise IntegrityError(f"{path} holds {index.ntotal} rows instead of {rows}")
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
