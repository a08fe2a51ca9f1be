"""What goes into a shard of an index and what comes out of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tracker.model.ids import VideoId

ID_BYTES = 32


@dataclass(frozen=True, slots=True, eq=False)
class ShardRows:
    """Rows to be stored: ``codes`` uint8 (n, bytes), and of each row its video and frame.

    ``owners`` int32 (n,) counts within ``videos``; ``pts_ms`` int32 (n,); ``views`` uint8 (n,);
    ``leaders`` int64 (n,) is the row that leads the run of each row (see ``runs``).
    """

    codes: npt.NDArray[np.uint8]
    owners: npt.NDArray[np.int32]
    pts_ms: npt.NDArray[np.int32]
    views: npt.NDArray[np.uint8]
    leaders: npt.NDArray[np.int64]
    videos: tuple[VideoId, ...]


@dataclass(frozen=True, slots=True)
class ShardName:
    """A shard as the manifest lists it; ``checksum`` is that of its header.

    ``frames`` are the different (video, time) of its ``rows``.
    """

    name: str
    rows: int
    videos: int
    frames: int
    checksum: int


@dataclass(frozen=True, slots=True, eq=False)
class ShardHits:
    """n pairs within the radius: ``owners`` int64 (n,) counts within the shard's videos.

    ``query_rows`` int64, ``pts_ms`` int32, ``views`` uint8, ``distances`` int32 (bits).
    """

    query_rows: npt.NDArray[np.int64]
    owners: npt.NDArray[np.int64]
    pts_ms: npt.NDArray[np.int32]
    views: npt.NDArray[np.uint8]
    distances: npt.NDArray[np.int32]


def merged(parts: Sequence[ShardRows]) -> ShardRows:
    """Return the rows of all ``parts`` in one, videos in the same order."""
    videos = np.cumsum([0, *(len(part.videos) for part in parts)])
    rows = np.cumsum([0, *(len(part.codes) for part in parts)])
    owners = [part.owners + start for part, start in zip(parts, videos, strict=False)]
    leaders = [part.leaders + start for part, start in zip(parts, rows, strict=False)]
    return ShardRows(
        np.concatenate([part.codes for part in parts]),
        np.concatenate(owners).astype(np.int32),
        np.concatenate([part.pts_ms for part in parts]),
        np.concatenate([part.views for part in parts]),
        np.concatenate(leaders),
        tuple(video for part in parts for video in part.videos),
    )


def joined_hits(parts: Sequence[ShardHits]) -> ShardHits:
    """Return the hits of all ``parts``, in order."""
    return ShardHits(
        np.concatenate([np.zeros(0, np.int64), *(part.query_rows for part in parts)]),
        np.concatenate([np.zeros(0, np.int64), *(part.owners for part in parts)]),
        np.concatenate([np.zeros(0, np.int32), *(part.pts_ms for part in parts)]),
        np.concatenate([np.zeros(0, np.uint8), *(part.views for part in parts)]),
        np.concatenate([np.zeros(0, np.int32), *(part.distances for part in parts)]),
    )


def id_table(videos: Sequence[VideoId]) -> npt.NDArray[np.uint8]:
    """Return the digests of ``videos`` as uint8 (n, 32)."""
    data = b"".join(bytes.fromhex(video) for video in videos)
    return np.frombuffer(data, np.uint8).reshape(-1, ID_BYTES)


def frame_keys(rows: ShardRows) -> npt.NDArray[np.int64]:
    """Return one number, int64 (n,), for each (video, time); it ascends with both."""
    return (rows.owners.astype(np.int64) << 32) + rows.pts_ms
