"""Whether an index holds what the database would make of it, video by video.

Checksums tell that a file of the index is what was written. Only this tells that what was written
is what the database says: an index put back from elsewhere has right checksums too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from storage.index.rows import ShardRows
from tracker.errors import IntegrityError
from tracker.model.ids import VideoId

ValueT = TypeVar("ValueT", contravariant=True)
Column = npt.NDArray[Any]


class Cache(Protocol[ValueT]):
    """An index as far as it can be compared with what it was made of."""

    @property
    def directory(self) -> Path:
        """Where its files lie."""
        ...

    @property
    def checkpoint(self) -> int:
        """The greatest row id of the source that is held."""
        ...

    def check(self) -> None:
        """Read every byte; raises ``IntegrityError``."""
        ...

    def contents(self) -> Iterator[tuple[VideoId, bytes]]:
        """Yield each video with a digest of its rows."""
        ...

    def content_of(self, video: VideoId, value: ValueT) -> bytes:
        """Return the digest of the rows that it would hold of ``value``."""
        ...


def difference(
    cache: Cache[ValueT], source: Iterable[tuple[int, VideoId, ValueT]]
) -> tuple[Path, str] | None:
    """Return the place and what is wrong with the index; ``None`` if it is as its source says.

    ``source`` gives every row; what the index has not taken in yet is no difference.
    """
    try:
        cache.check()
        held = dict(cache.contents())
    except IntegrityError as exc:
        return cache.directory, str(exc)
    reason = _reason(cache, held, source)
    return (cache.directory, reason) if reason else None


def _reason(
    cache: Cache[ValueT],
    held: Mapping[VideoId, bytes],
    source: Iterable[tuple[int, VideoId, ValueT]],
) -> str | None:
    unknown = dict(held)
    for row, video, value in source:
        if row > cache.checkpoint:
            break
        found = unknown.pop(video, None)
        if found is None:
            return f"video {video} is missing from it"
        if found != cache.content_of(video, value):
            return f"it holds other rows of video {video} than the database"
    strangers = sorted(unknown)
    return f"the database knows nothing of video {strangers[0]} in it" if strangers else None


def digests_by_owner(
    videos: Iterable[VideoId], owners: npt.NDArray[Any], columns: Iterable[Column]
) -> Iterator[tuple[VideoId, bytes]]:
    """Yield the digest of each video's rows; ``owners`` (n,) counts within ``videos``.

    Columns are arrays (n, width) of any kind. The order of a video's rows does not matter.
    """
    order = np.argsort(owners, kind="stable")
    table = np.concatenate([np.ascontiguousarray(one).view(np.uint8) for one in columns], axis=1)
    rows = np.ascontiguousarray(table[order]).view(f"S{table.shape[1]}").ravel()
    names = tuple(videos)
    bounds = np.searchsorted(owners[order], np.arange(len(names) + 1))
    for video, start, end in zip(names, bounds, bounds[1:], strict=False):
        yield video, hashlib.sha256(np.sort(rows[start:end]).tobytes()).digest()


def shard_digests(rows: ShardRows) -> Iterator[tuple[VideoId, bytes]]:
    """Yield the digest of what is searched among of each video in a shard."""
    columns = rows.codes, rows.pts_ms.reshape(-1, 1), rows.views.reshape(-1, 1)
    return digests_by_owner(rows.videos, rows.owners, columns)
