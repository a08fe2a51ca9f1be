"""The index of hashes or of feature codes: a cache that may be deleted at any time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from storage.files import outside_errors
from storage.index.batches import batches
from storage.index.contents import shard_digests
from storage.index.layouts import FEATURES, HASHES, Layout, RowsOf, Shard, features_key
from storage.index.manifest import (
    HALF_WRITTEN,
    Manifest,
    OtherRelease,
    locked,
    read_manifest,
    write_manifest,
)
from storage.index.rows import ShardHits, ShardRows, merged
from storage.index.sections import DamagedIndex
from tracker.errors import IntegrityError
from tracker.model.fingerprint import Fingerprint
from tracker.model.ids import VideoId

__all__ = ["FaissHashIndex", "FingerprintSource", "FoundHashes", "feature_rows", "features_key"]

feature_rows = FEATURES
"""The layout of an index of local features."""

FingerprintSource = Callable[[int], Iterable[tuple[int, VideoId, Fingerprint]]]
"""Given a row id, yields (row id, video, fingerprint) of all later rows, in order."""

VideoOfRow = Callable[[int], VideoId | None]
"""Gives the video of a row id of the source."""

MOST_ROWS_AT_ONCE = 2_000_000
"""Rows gathered in memory before they are written as a shard (about 100 MB)."""

_QUERY_BATCH = 8192


@dataclass(frozen=True, slots=True, eq=False)
class FoundHashes:
    """Pairs within the radius, as n equal arrays; see ``tracker.matching.ports.Hits``."""

    query_rows: npt.NDArray[np.int64]
    references: npt.NDArray[np.int64]
    pts_ms: npt.NDArray[np.int32]
    views: npt.NDArray[np.uint8]
    distances: npt.NDArray[np.int32]


class FaissHashIndex:
    """Radius search over every stored hash, or feature code, of one algorithm.

    Hashes are searched exactly. Feature codes are, up to ``layout.most_exact_rows`` of them; in
    a larger index a pair is found if the cells of its codes are near (see ``feature_shard``).
    What is found depends on what is stored alone, never on the order it came in or on threads.

    Lives in a directory of its own under ``directory``, so that indexes of several algorithms
    stand side by side. A missing, damaged or foreign file empties the index; the next
    ``refresh`` builds it again from the source. Damage that only shows when the bytes are first
    read is repaired in the same way, from the source of the last ``refresh``.
    """

    def __init__(
        self,
        directory: Path,
        algorithm_key: str,
        code_bytes: int,
        layout: Layout = HASHES,
    ) -> None:
        digest = hashlib.sha256(algorithm_key.encode()).hexdigest()
        self._directory = directory / digest[:16]
        self._layout = layout
        self._empty = Manifest(algorithm_key, code_bytes)
        self._source: tuple[FingerprintSource, VideoOfRow | None] | None = None
        self._held = _Held(self._empty, ())
        self._damage: IntegrityError | None = None
        self._load()

    @property
    def directory(self) -> Path:
        """Where its files lie."""
        return self._directory

    @property
    def algorithm_key(self) -> str:
        """The algorithm of all hashes held."""
        return self._empty.algorithm_key

    @property
    def checkpoint(self) -> int:
        """The greatest row id of the source that is held."""
        return self._held.manifest.checkpoint

    @property
    def videos(self) -> int:
        """How many videos are held."""
        return int(self._held.starts[-1])

    @property
    def frames(self) -> int:
        """How many frames are searched among."""
        return sum(shard.name.frames for shard in self._held.shards)

    @property
    def rows(self) -> int:
        """How many hashes or feature codes are searched among."""
        return self._held.rows

    @property
    def size_bytes(self) -> int:
        """What the index takes on disk."""
        files = self._directory.glob("shard-*") if self._directory.is_dir() else iter(())
        return sum(path.stat().st_size for path in files)

    def holds(self, video: VideoId) -> bool:
        """Tell whether ``video`` is in the index, even if none of its frames says anything."""
        return bytes.fromhex(video) in self._held.digests

    def video(self, reference: int) -> VideoId:
        """Return the video that ``search`` calls ``reference``."""
        held = self._held
        shard = int(np.searchsorted(held.starts, reference, side="right")) - 1
        return held.shards[shard].video(reference - int(held.starts[shard]))

    def search(self, codes: npt.NDArray[np.uint8], max_distance_bits: int) -> FoundHashes:
        """Return every stored hash within the radius of each of ``codes`` (n, code bytes).

        Raises ``IntegrityError`` if the index is damaged and was never refreshed by this object.
        """
        try:
            return self._search(codes, max_distance_bits)
        except DamagedIndex:
            if self._source is None:
                raise
            self._rebuild(*self._source)
            return self._search(codes, max_distance_bits)

    def _search(self, codes: npt.NDArray[np.uint8], radius: int) -> FoundHashes:
        held = self._held
        most = self._layout.most_exact_rows
        exact = most is None or held.rows <= most
        found = []
        for shard, start in zip(held.shards, held.starts, strict=False):
            for at in range(0, len(codes), _QUERY_BATCH):
                batch = np.ascontiguousarray(codes[at : at + _QUERY_BATCH])
                hits = shard.search(batch, radius, exact=exact)
                found.append(_named(hits, at, int(start)))
        return _joined(found)

    def check(self) -> None:
        """Read every byte held; raises ``IntegrityError`` if one was altered."""
        if self._damage is not None:
            raise self._damage
        for shard in self._held.shards:
            shard.check()

    def contents(self) -> Iterator[tuple[VideoId, bytes]]:
        """Yield each video held with a digest of its rows."""
        for shard in self._held.shards:
            yield from shard_digests(shard.rows())

    def content_of(self, video: VideoId, value: Fingerprint) -> bytes:
        """Return the digest of the rows that are held of a fingerprint."""
        return dict(shard_digests(self._layout.rows(video, value)))[video]

    def refresh(self, source: FingerprintSource, video_of: VideoOfRow | None = None) -> int:
        """Take in everything after the checkpoint and return how many videos that was.

        ``video_of`` gives the video of a row id in the source. Where that differs from what is
        held the source is another one (a database restored or replaced): all is read anew.
        Appends shards and now and then merges small ones; nothing that is held is written again
        more often than the logarithm of the size. Several processes may call it at once.
        """
        self._source = (source, video_of)
        with outside_errors(self._directory, "write the search index"):
            self._directory.mkdir(parents=True, exist_ok=True)
            with locked(self._directory):
                return self._catch_up(source, video_of)

    def clean(self) -> None:
        """Delete what killed processes left half-written, unless another process is at work."""
        with outside_errors(self._directory, "clean"), locked(self._directory, wait=False) as mine:
            if mine:
                self._load()
                self._sweep()

    def _catch_up(self, source: FingerprintSource, video_of: VideoOfRow | None) -> int:
        self._load()
        if video_of is not None and video_of(self.checkpoint) != self._held.last_video():
            self._forget()
        try:
            added = self._take_in(source)
        except DamagedIndex:  # a shard that was to be merged is damaged
            self._forget()
            added = self._take_in(source)
        self._sweep()
        return added

    def _rebuild(self, source: FingerprintSource, video_of: VideoOfRow | None) -> None:
        with outside_errors(self._directory, "write the search index"), locked(self._directory):
            self._forget()
        self.refresh(source, video_of)

    def _forget(self) -> None:
        write_manifest(self._directory, self._empty)
        self._open(self._empty)

    def _take_in(self, source: FingerprintSource) -> int:
        added = 0
        for checkpoint, rows in _batches(source(self.checkpoint), self._layout.rows):
            self._append(checkpoint, rows)
            added += len(rows.videos)
        return added

    def _append(self, checkpoint: int, rows: ShardRows) -> None:
        shards = list(self._held.shards)
        size = len(rows.codes)
        # Merge backwards while the neighbour is no larger: each row moves O(log n) times.
        while shards and _mergeable(shards[-1].name.rows, size):
            rows = merged([shards.pop().rows(), rows])
            size = len(rows.codes)
        names = (*(shard.name for shard in shards), self._layout.write(self._directory, rows))
        manifest = replace(self._held.manifest, checkpoint=checkpoint, shards=names)
        write_manifest(self._directory, manifest)
        self._open(manifest)

    def _load(self) -> None:
        """Open what is on disk; fall back to an empty index where that is not whole."""
        damage: IntegrityError | None = None
        for _ in range(3):
            try:
                manifest = read_manifest(self._directory) or self._empty
                self._open(self._ours(manifest))
            except IntegrityError as exc:
                # Another process may just have merged shards away: look once more.
                damage = None if isinstance(exc, OtherRelease) else exc
                continue
            return
        self._open(self._empty)
        self._damage = damage

    def _ours(self, manifest: Manifest) -> Manifest:
        empty = self._empty
        if (manifest.algorithm_key, manifest.code_bytes) == (empty.algorithm_key, empty.code_bytes):
            return manifest
        raise IntegrityError(f"{self._directory} is an index of other fingerprints")

    def _open(self, manifest: Manifest) -> None:
        open_already = {shard.name: shard for shard in self._held.shards}
        shards = tuple(
            open_already.get(name) or self._layout.open(self._directory, name, manifest.code_bytes)
            for name in manifest.shards
        )
        self._held = _Held(manifest, shards)
        self._damage = None

    def _sweep(self) -> None:
        """Delete shard files that no manifest names: merged ones, and those of a crash."""
        named = {name.name for name in self._held.manifest.shards}
        for path in self._directory.glob("shard-*"):
            if path.name.partition(".")[0] not in named:
                path.unlink(missing_ok=True)
        (self._directory / HALF_WRITTEN).unlink(missing_ok=True)


class _Held:
    """The shards of one manifest; ``starts`` int64 (shards + 1,) number their videos."""

    def __init__(self, manifest: Manifest, shards: tuple[Shard, ...]) -> None:
        self.manifest = manifest
        self.shards = shards
        self.starts = np.cumsum([0, *(len(shard.id_table) for shard in shards)], dtype=np.int64)
        self.rows = sum(shard.name.rows for shard in shards)

    @cached_property
    def digests(self) -> frozenset[bytes]:
        """The digests of all videos."""
        return frozenset(row.tobytes() for shard in self.shards for row in shard.id_table)

    def last_video(self) -> VideoId | None:
        """Return the video whose row the checkpoint is."""
        return self.shards[-1].video(len(self.shards[-1].id_table) - 1) if self.shards else None


def _mergeable(neighbour_rows: int, rows: int) -> bool:
    return neighbour_rows <= 2 * rows and neighbour_rows + rows <= MOST_ROWS_AT_ONCE


def _named(hits: ShardHits, first_query_row: int, start: int) -> FoundHashes:
    return FoundHashes(
        hits.query_rows + first_query_row,
        hits.owners + start,
        hits.pts_ms,
        hits.views,
        hits.distances,
    )


def _batches(
    rows: Iterable[tuple[int, VideoId, Fingerprint]], rows_of: RowsOf
) -> Iterator[tuple[int, ShardRows]]:
    parts = ((row, rows_of(video, fingerprint)) for row, video, fingerprint in rows)
    return batches(parts, lambda part: len(part.codes), merged, MOST_ROWS_AT_ONCE)


def _joined(found: list[FoundHashes]) -> FoundHashes:
    return FoundHashes(
        np.concatenate([np.zeros(0, np.int64), *(f.query_rows for f in found)]),
        np.concatenate([np.zeros(0, np.int64), *(f.references for f in found)]),
        np.concatenate([np.zeros(0, np.int32), *(f.pts_ms for f in found)]),
        np.concatenate([np.zeros(0, np.uint8), *(f.views for f in found)]),
        np.concatenate([np.zeros(0, np.int32), *(f.distances for f in found)]),
    )
