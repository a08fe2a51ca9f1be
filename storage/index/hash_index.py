"""The exact index of hashes or feature codes: a cache that may be deleted at any time."""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from storage.index.manifest import Manifest, read_manifest, write_manifest
from storage.index.shards import Shard, ShardHits, ShardRows, merged, remove_shard, write_shard
from tracker.errors import IntegrityError
from tracker.model.fingerprint import Fingerprint
from tracker.model.ids import VideoId
from tracker.model.search_rows import search_features, search_rows

FingerprintSource = Callable[[int], Iterable[tuple[int, VideoId, Fingerprint]]]
"""Given a row id, yields (row id, video, fingerprint) of all later rows, in order."""

MOST_ROWS_AT_ONCE = 2_000_000
"""Rows gathered in memory before they are written as a shard (about 100 MB)."""

_QUERY_BATCH = 2048

RowsOf = Callable[[VideoId, Fingerprint], ShardRows]
"""Says which rows an index holds of a fingerprint."""


def hash_rows(video: VideoId, fingerprint: Fingerprint) -> ShardRows:
    """Return the hashes of frames and windows that are searched among."""
    keep = search_rows(fingerprint)
    return ShardRows(
        fingerprint.codes[keep],
        np.zeros(len(keep), np.int32),
        fingerprint.pts_ms[keep],
        fingerprint.views[keep],
        (video,),
    )


def features_key(algorithm_key: str) -> str:
    """Return what the index of an algorithm's local features is called."""
    return f"{algorithm_key}|features"


def feature_rows(video: VideoId, fingerprint: Fingerprint) -> ShardRows:
    """Return the codes of the local features that are searched among."""
    features = fingerprint.features
    keep = search_features(features)
    return ShardRows(
        features.codes[keep],
        np.zeros(len(keep), np.int32),
        features.pts_ms[features.frames[keep]],
        np.zeros(len(keep), np.uint8),
        (video,),
    )


@dataclass(frozen=True, slots=True, eq=False)
class FoundHashes:
    """Pairs within the radius, as n equal arrays; see ``tracker.matching.ports.Hits``."""

    query_rows: npt.NDArray[np.int64]
    references: npt.NDArray[np.int64]
    pts_ms: npt.NDArray[np.int32]
    views: npt.NDArray[np.uint8]
    distances: npt.NDArray[np.int32]


class FaissHashIndex:
    """Exact radius search over every stored hash of one algorithm.

    Lives in a directory of its own under ``directory``, so that indexes of several algorithms
    stand side by side. A missing, damaged or foreign file empties the index; the next
    ``refresh`` builds it again from the source.
    """

    def __init__(
        self,
        directory: Path,
        algorithm_key: str,
        code_bytes: int,
        rows: RowsOf = hash_rows,
    ) -> None:
        digest = hashlib.sha256(algorithm_key.encode()).hexdigest()
        self._directory = directory / digest[:16]
        self._rows_of = rows
        self._empty = Manifest(algorithm_key, code_bytes)
        self._manifest = self._empty
        self._shards: tuple[Shard, ...] = ()
        self._starts = np.zeros(1, np.int64)
        self._held: frozenset[VideoId] = frozenset()
        self._load()

    @property
    def algorithm_key(self) -> str:
        """The algorithm of all hashes held."""
        return self._empty.algorithm_key

    @property
    def checkpoint(self) -> int:
        """The greatest row id of the source that is held."""
        return self._manifest.checkpoint

    @property
    def videos(self) -> int:
        """How many videos are held."""
        return int(self._starts[-1])

    @property
    def frames(self) -> int:
        """How many frames are searched among."""
        return sum(shard.name.frames for shard in self._shards)

    @property
    def size_bytes(self) -> int:
        """What the index takes on disk."""
        files = self._directory.glob("shard-*") if self._directory.is_dir() else iter(())
        return sum(path.stat().st_size for path in files)

    def holds(self, video: VideoId) -> bool:
        """Tell whether ``video`` is in the index, even if none of its frames says anything."""
        return video in self._held

    def video(self, reference: int) -> VideoId:
        """Return the video that ``search`` calls ``reference``."""
        shard = int(np.searchsorted(self._starts, reference, side="right")) - 1
        return self._shards[shard].videos[reference - int(self._starts[shard])]

    def search(
        self,
        codes: npt.NDArray[np.uint8],
        max_distance_bits: int,
        *,
        wholes_only: bool = False,
    ) -> FoundHashes:
        """Return every stored hash within the radius of each of ``codes`` (n, code bytes).

        With ``wholes_only`` hashes of windows of the picture are left out.
        """
        found = []
        for shard, start in zip(self._shards, self._starts, strict=False):
            for at in range(0, len(codes), _QUERY_BATCH):
                batch = np.ascontiguousarray(codes[at : at + _QUERY_BATCH])
                hits = shard.search(batch, max_distance_bits, wholes_only=wholes_only)
                found.append(_named(shard, hits, at, int(start)))
        return _joined(found)

    def refresh(
        self, source: FingerprintSource, video_of: Callable[[int], VideoId | None] | None = None
    ) -> int:
        """Take in everything after the checkpoint and return how many videos that was.

        ``video_of`` gives the video of a row id in the source. Where that differs from what is
        held the source is another one (a database restored or replaced): all is read anew.
        Appends shards and now and then merges small ones; nothing that is held is written again
        more often than the logarithm of the size. Several processes may call it at once.
        """
        self._directory.mkdir(parents=True, exist_ok=True)
        added = 0
        with self._locked():
            self._load()
            if video_of is not None and video_of(self.checkpoint) != self._last_video():
                write_manifest(self._directory, self._empty)
                self._open(self._empty)
            for checkpoint, rows in _batches(source(self._manifest.checkpoint), self._rows_of):
                self._append(checkpoint, rows)
                added += len(rows.videos)
            self._sweep()
        return added

    def _last_video(self) -> VideoId | None:
        """Return the video whose row the checkpoint is."""
        return self._shards[-1].videos[-1] if self._shards else None

    def _append(self, checkpoint: int, rows: ShardRows) -> None:
        names = list(self._manifest.shards)
        size = len(rows.codes)
        # Merge backwards while the neighbour is no larger: each row moves O(log n) times.
        while names and names[-1].rows <= 2 * size and names[-1].rows + size <= MOST_ROWS_AT_ONCE:
            last = Shard(self._directory, names.pop(), self._empty.code_bytes)
            rows = merged([last.rows(), rows])
            size = len(rows.codes)
        names.append(write_shard(self._directory, rows))
        manifest = replace(self._manifest, checkpoint=checkpoint, shards=tuple(names))
        write_manifest(self._directory, manifest)
        self._open(manifest)

    def _load(self) -> None:
        """Open what is on disk; fall back to an empty index where that is not whole."""
        for _ in range(3):
            try:
                manifest = read_manifest(self._directory) or self._empty
                if (manifest.algorithm_key, manifest.code_bytes) != (
                    self._empty.algorithm_key,
                    self._empty.code_bytes,
                ):
                    manifest = self._empty
                self._open(manifest)
            except IntegrityError:
                # Another process may just have merged shards away: look once more.
                continue
            return
        self._open(self._empty)

    def _open(self, manifest: Manifest) -> None:
        held = {shard.name: shard for shard in self._shards}
        shards = tuple(
            held.get(name) or Shard(self._directory, name, manifest.code_bytes)
            for name in manifest.shards
        )
        self._manifest, self._shards = manifest, shards
        self._held = frozenset(video for shard in shards for video in shard.videos)
        self._starts = np.cumsum([0, *(len(shard.videos) for shard in shards)], dtype=np.int64)

    def _sweep(self) -> None:
        """Delete shard files that no manifest names: merged ones, and those of a crash."""
        named = {name.name for name in self._manifest.shards}
        for path in self._directory.glob("shard-*"):
            if path.stem not in named:
                remove_shard(self._directory, path.stem)
                path.unlink(missing_ok=True)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self._directory / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _named(shard: Shard, hits: ShardHits, first_query_row: int, start: int) -> FoundHashes:
    return FoundHashes(
        hits.query_rows + first_query_row,
        shard.owners(hits.rows) + start,
        shard.pts_ms(hits.rows),
        shard.views(hits.rows),
        hits.distances,
    )


def _batches(
    rows: Iterable[tuple[int, VideoId, Fingerprint]], rows_of: RowsOf
) -> Iterator[tuple[int, ShardRows]]:
    parts: list[ShardRows] = []
    checkpoint, size = 0, 0
    for checkpoint, video, fingerprint in rows:
        parts.append(rows_of(video, fingerprint))
        size += len(parts[-1].codes)
        if size >= MOST_ROWS_AT_ONCE:
            yield checkpoint, merged(parts)
            parts, size = [], 0
    if parts:
        yield checkpoint, merged(parts)


def _joined(found: list[FoundHashes]) -> FoundHashes:
    return FoundHashes(
        np.concatenate([np.zeros(0, np.int64), *(f.query_rows for f in found)]),
        np.concatenate([np.zeros(0, np.int64), *(f.references for f in found)]),
        np.concatenate([np.zeros(0, np.int32), *(f.pts_ms for f in found)]),
        np.concatenate([np.zeros(0, np.uint8), *(f.views for f in found)]),
        np.concatenate([np.zeros(0, np.int32), *(f.distances for f in found)]),
    )
