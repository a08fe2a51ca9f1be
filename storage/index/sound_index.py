"""The index of sounds by item: a cache that may be deleted at any time."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from storage.files import outside_errors, sync_directory
from storage.index.batches import batches
from storage.index.contents import digests_by_owner
from storage.index.manifest import HALF_WRITTEN, MANIFEST, OtherRelease, locked
from storage.index.sound_shards import (
    MOST_ITEMS,
    Ints,
    SoundRows,
    SoundShard,
    SoundShardName,
    merged_sounds,
    remove_sound_shard,
    write_sound_shard,
)
from tracker.errors import IntegrityError
from tracker.model.ids import VideoId
from tracker.model.sound import SoundPrint
from tracker.model.sound_keys import item_keys, near_keys, search_items

SoundSource = Callable[[int], Iterable[tuple[int, VideoId, SoundPrint | None]]]
"""Given a row id, yields (row id, video, sound) of all later rows, in order."""

MOST_ROWS_AT_ONCE = 8_000_000
"""Rows gathered in memory before they are written as a piece (about 100 MB, 275 hours)."""

MOST_HITS = 4_000_000
"""Hits looked at in one search and piece; the keys heard most often are left out beyond."""

_FORMAT = 1


@dataclass(frozen=True, slots=True, eq=False)
class FoundItems:
    """Pairs of items that sound alike, as n equal arrays int64.

    ``query_items`` and ``items`` count within their sounds; ``references`` is what
    ``SoundIndex.video`` takes.
    """

    query_items: Ints
    references: Ints
    items: Ints


@dataclass(frozen=True, slots=True)
class _Manifest:
    algorithm_key: str
    checkpoint: int = 0
    shards: tuple[SoundShardName, ...] = ()


class SoundIndex:
    """Finds every stored item whose key differs in one bit at most from one that is asked for.

    Lives in a directory of its own under ``directory``, beside the indexes of pictures. A
    missing or damaged file empties the index; the next ``refresh`` builds it again.
    """

    def __init__(self, directory: Path, algorithm_key: str) -> None:
        digest = hashlib.sha256(f"{algorithm_key}|sound".encode()).hexdigest()
        self._directory = directory / digest[:16]
        self._empty = _Manifest(algorithm_key)
        self._manifest = self._empty
        self._shards: tuple[SoundShard, ...] = ()
        self._starts = np.zeros(1, np.int64)
        self._damage: IntegrityError | None = None
        self._load()

    @property
    def directory(self) -> Path:
        """Where its files lie."""
        return self._directory

    @property
    def checkpoint(self) -> int:
        """The greatest row id of the source that is held."""
        return self._manifest.checkpoint

    @property
    def videos(self) -> int:
        """How many videos are held, with and without sound."""
        return int(self._starts[-1])

    @property
    def size_bytes(self) -> int:
        """What the index takes on disk."""
        files = self._directory.glob("shard-*") if self._directory.is_dir() else iter(())
        return sum(path.stat().st_size for path in files)

    def check(self) -> None:
        """Raise ``IntegrityError`` if a file is missing or cut off; bytes have no checksums."""
        if self._damage is not None:
            raise self._damage

    def contents(self) -> Iterator[tuple[VideoId, bytes]]:
        """Yield each video held with a digest of its items."""
        for shard in self._shards:
            yield from _digests(shard.rows())

    def content_of(self, video: VideoId, value: SoundPrint | None) -> bytes:
        """Return the digest of the items that are held of a sound."""
        return dict(_digests(_rows(video, value)))[video]

    def video(self, reference: int) -> VideoId:
        """Return the video that ``search`` calls ``reference``."""
        shard = int(np.searchsorted(self._starts, reference, side="right")) - 1
        return self._shards[shard].videos[reference - int(self._starts[shard])]

    def search(self, sound: SoundPrint) -> FoundItems:
        """Return every stored item that sounds like one of ``sound``."""
        rows = search_items(sound.items)
        keys = near_keys(item_keys(sound.items[rows]))
        of_keys = np.repeat(rows, keys.shape[1])
        found = [
            _found(shard, keys.ravel(), of_keys, int(start))
            for shard, start in zip(self._shards, self._starts, strict=False)
        ]
        return FoundItems(
            *(
                np.concatenate([np.zeros(0, np.int64), *parts])
                for parts in (
                    [f.query_items for f in found],
                    [f.references for f in found],
                    [f.items for f in found],
                )
            )
        )

    def refresh(
        self, source: SoundSource, video_of: Callable[[int], VideoId | None] | None = None
    ) -> int:
        """Take in everything after the checkpoint and return how many videos that was.

        ``video_of`` gives the video of a row id in the source: where that differs from what is
        held the source is another one, and all is read anew. Several processes may call it.
        """
        with outside_errors(self._directory, "write the index of sounds"):
            self._directory.mkdir(parents=True, exist_ok=True)
            with locked(self._directory):
                return self._catch_up(source, video_of)

    def clean(self) -> None:
        """Delete what killed processes left half-written, unless another process is at work."""
        with outside_errors(self._directory, "clean"), locked(self._directory, wait=False) as mine:
            if mine:
                self._load()
                self._sweep()

    def _catch_up(
        self, source: SoundSource, video_of: Callable[[int], VideoId | None] | None
    ) -> int:
        self._load()
        if video_of is not None and video_of(self.checkpoint) != self._last_video():
            self._write(self._empty)
        added = 0
        for checkpoint, rows in _batches(source(self.checkpoint)):
            self._append(checkpoint, rows)
            added += len(rows.videos)
        self._sweep()
        return added

    def _last_video(self) -> VideoId | None:
        return self._shards[-1].videos[-1] if self._shards else None

    def _append(self, checkpoint: int, rows: SoundRows) -> None:
        names = list(self._manifest.shards)
        # Merge backwards while the neighbour is no larger: each row moves O(log n) times.
        while names and _mergeable(names[-1], rows):
            rows = merged_sounds([SoundShard(self._directory, names.pop()).rows(), rows])
        names.append(write_sound_shard(self._directory, rows))
        self._write(replace(self._manifest, checkpoint=checkpoint, shards=tuple(names)))

    def _write(self, manifest: _Manifest) -> None:
        """Replace the manifest in one step: a reader sees the old one or the new one."""
        temporary = self._directory / HALF_WRITTEN
        with temporary.open("w", encoding="utf-8") as file:
            json.dump({"format": _FORMAT, **asdict(manifest)}, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._directory / MANIFEST)
        sync_directory(self._directory)  # before anything the former one names is removed
        self._open(manifest)

    def _load(self) -> None:
        """Open what is on disk; fall back to an empty index where that is not whole."""
        damage: IntegrityError | None = None
        for _ in range(3):
            try:
                manifest = _read(self._directory / MANIFEST) or self._empty
                self._open(self._ours(manifest))
            except IntegrityError as exc:
                damage = None if isinstance(exc, OtherRelease) else exc
                continue  # another process may just have merged pieces away: look once more
            return
        self._open(self._empty)
        self._damage = damage

    def _ours(self, manifest: _Manifest) -> _Manifest:
        if manifest.algorithm_key == self._empty.algorithm_key:
            return manifest
        raise IntegrityError(f"{self._directory} is an index of other sounds")

    def _open(self, manifest: _Manifest) -> None:
        held = {shard.name: shard for shard in self._shards}
        shards = tuple(
            held.get(name) or SoundShard(self._directory, name) for name in manifest.shards
        )
        self._manifest, self._shards = manifest, shards
        self._damage = None
        self._starts = np.cumsum([0, *(len(shard.videos) for shard in shards)], dtype=np.int64)

    def _sweep(self) -> None:
        """Delete files that no manifest names: merged ones, and those of a crash."""
        named = {name.name for name in self._manifest.shards}
        for path in self._directory.glob("shard-*"):
            if path.name.partition(".")[0] not in named:
                remove_sound_shard(self._directory, path.name.partition(".")[0])
                path.unlink(missing_ok=True)
        (self._directory / HALF_WRITTEN).unlink(missing_ok=True)


def _read(path: Path) -> _Manifest | None:
    try:
        document = json.loads(path.read_bytes())
        if document.pop("format") != _FORMAT:
            raise OtherRelease(f"{path} was written by another release")
        shards = tuple(SoundShardName(**shard) for shard in document.pop("shards"))
        return _Manifest(**document, shards=shards)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as exc:
        raise IntegrityError(f"{path} cannot be read") from exc


def _mergeable(last: SoundShardName, rows: SoundRows) -> bool:
    size = len(rows.keys)
    return (
        last.rows <= 2 * size + 1
        and last.rows + size <= MOST_ROWS_AT_ONCE
        and last.videos <= 2 * len(rows.videos) + 1000
        and int(rows.starts[-1]) < MOST_ITEMS // 4
    )


def _found(
    shard: SoundShard, keys: npt.NDArray[np.uint32], of_keys: Ints, start: int
) -> FoundItems:
    first, counts = shard.ranges(keys)
    counts = _bounded(counts)
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    items = shard.items(np.repeat(first - (ends - counts), counts) + np.arange(total))
    owners = np.searchsorted(shard.starts, items, side="right") - 1
    return FoundItems(np.repeat(of_keys, counts), owners + start, items - shard.starts[owners])


def _bounded(counts: Ints) -> Ints:
    """Return the counts with the greatest set to 0, so that no more than ``MOST_HITS`` remain."""
    if int(counts.sum()) <= MOST_HITS:
        return counts
    order = np.argsort(counts, kind="stable")
    left_out = order[np.cumsum(counts[order]) > MOST_HITS]
    kept = counts.copy()
    kept[left_out] = 0
    return kept


def _batches(
    rows: Iterable[tuple[int, VideoId, SoundPrint | None]],
) -> Iterator[tuple[int, SoundRows]]:
    parts = ((row, _rows(video, sound)) for row, video, sound in rows)
    return batches(parts, lambda part: len(part.keys), merged_sounds, MOST_ROWS_AT_ONCE)


def _rows(video: VideoId, sound: SoundPrint | None) -> SoundRows:
    items = np.zeros(0, np.uint32) if sound is None else sound.items
    rows = search_items(items)
    return SoundRows(item_keys(items[rows]), rows, np.array([0, len(items)], np.int64), (video,))


def _digests(rows: SoundRows) -> Iterator[tuple[VideoId, bytes]]:
    owners = np.searchsorted(rows.starts, rows.items, side="right") - 1
    if len(owners) and not 0 <= owners.min() <= owners.max() < len(rows.videos):
        raise IntegrityError("an item of it belongs to no video")
    lengths = np.diff(rows.starts)[owners]
    places = np.stack([rows.items - rows.starts[owners], lengths], axis=1)
    return digests_by_owner(rows.videos, owners, (rows.keys.reshape(-1, 1), places))
