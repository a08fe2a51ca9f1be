"""An archive of any size from a few videos: copies that are strangers to each other.

Each copy of a video is turned over by a random mask of its own (exclusive or). That moves no
distance within a video, so shots, repeats and runs stay those of real footage, while copies of
one video are as far apart as unrelated hashes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from storage.index.layouts import feature_codes, hash_rows
from storage.index.rows import ShardRows
from tracker.errors import TrackerError
from tracker.examine import examine
from tracker.model.fingerprint import Fingerprint
from tracker.model.ids import VideoId

VIDEO_SUFFIXES = (".mp4", ".webm", ".mkv", ".mov")
MOST_FLIPS = 60
"""Bits turned over at most in a hash of a query; the search radius is greater."""


@dataclass(frozen=True, slots=True)
class Original:
    """A fingerprinted video and what the two indexes take of it."""

    path: Path
    fingerprint: Fingerprint
    hashes: ShardRows
    features: ShardRows

    @property
    def frames(self) -> int:
        """How many frames were sampled."""
        return len(np.unique(self.fingerprint.pts_ms))

    @property
    def keyframes(self) -> int:
        """How many frames local features were taken of."""
        return len(self.fingerprint.features.pts_ms)


def originals(directory: Path, views: Sequence[int] | None = None) -> list[Original]:
    """Return the videos under ``directory``, with all hashes or those of ``views`` alone."""
    paths = sorted(path for path in directory.rglob("*") if path.suffix in VIDEO_SUFFIXES)
    found = [original(path, views) for path in paths]
    held = [one for one in found if one is not None]
    if not held:
        raise SystemExit(f"{directory} holds no video that can be read")
    return held


def original(path: Path, views: Sequence[int] | None) -> Original | None:
    """Return the video at ``path``; None if it shows nothing that can be searched."""
    try:
        fingerprint = examine(path).fingerprint
    except TrackerError:
        return None
    keep = np.isin(fingerprint.views, views) if views else np.ones(len(fingerprint.views), np.bool_)
    fingerprint = rows_of(fingerprint, keep)
    hashes = hash_rows(VideoId(""), fingerprint)
    if not len(hashes.codes):
        return None
    return Original(path, fingerprint, hashes, feature_codes(VideoId(""), fingerprint))


def rows_of(fingerprint: Fingerprint, keep: npt.NDArray[np.bool_]) -> Fingerprint:
    """Return ``fingerprint`` with those of its hashes where ``keep`` (n,) is true."""
    return replace(
        fingerprint,
        codes=fingerprint.codes[keep],
        pts_ms=fingerprint.pts_ms[keep],
        views=fingerprint.views[keep],
        quality=fingerprint.quality[keep],
        boxes=fingerprint.boxes[keep] if len(fingerprint.boxes) else fingerprint.boxes,
    )


class Multiplied:
    """Copy n is original n modulo their number; the first of each is the original itself."""

    def __init__(self, videos: Sequence[Original]) -> None:
        self.videos = videos

    def of(self, number: int) -> Original:
        """Return the original of copy ``number``."""
        return self.videos[number % len(self.videos)]

    def mask(self, number: int, code_bytes: int) -> npt.NDArray[np.uint8]:
        """Return what copy ``number`` is turned over by, uint8 (bytes,)."""
        if number < len(self.videos):
            return np.zeros(code_bytes, np.uint8)
        drawn = np.random.default_rng(number).integers(0, 256, code_bytes)
        return drawn.astype(np.uint8)

    def copies_for(self, wanted: int, sizes: Sequence[int]) -> int:
        """Return how many copies have ``wanted`` of what the originals have ``sizes`` of."""
        rounds, rest = divmod(wanted, max(1, sum(sizes)))
        more = int(np.searchsorted(np.cumsum(sizes), rest)) + 1 if rest else 0
        return rounds * len(sizes) + more

    def source(self, count: int, after: int) -> Iterator[tuple[int, VideoId, Fingerprint]]:
        """Yield the copies ``after`` to ``count`` as a database would; rows are counted from 1."""
        for number in range(after, count):
            yield number + 1, name(number), self.of(number).fingerprint

    def hashes(self, video: VideoId, fingerprint: Fingerprint) -> ShardRows:
        """Return what the index of hashes takes of a copy."""
        del fingerprint  # turning over moves no distance: what is taken is the original's
        return self._turned(number_of(video), self.of(number_of(video)).hashes, video)

    def features(self, video: VideoId, fingerprint: Fingerprint) -> ShardRows:
        """Return what the index of feature codes takes of a copy."""
        del fingerprint
        return self._turned(number_of(video), self.of(number_of(video)).features, video)

    def _turned(self, number: int, rows: ShardRows, video: VideoId) -> ShardRows:
        mask = self.mask(number, rows.codes.shape[1])
        return replace(rows, codes=rows.codes ^ mask, videos=(video,))

    def query(self, number: int, frames: int) -> Fingerprint:
        """Return the first ``frames`` frames of copy ``number``, 0 to 60 bits off in each hash."""
        held = self.of(number).fingerprint
        times = np.unique(held.pts_ms)[:frames]
        part = rows_of(held, np.isin(held.pts_ms, times))
        rng = np.random.default_rng(number)
        order = np.argsort(rng.random((len(part.codes), part.codes.shape[1] * 8)), axis=1)
        flips = rng.integers(0, MOST_FLIPS + 1, (len(part.codes), 1))
        noise = np.packbits(np.argsort(order, axis=1) < flips, axis=1)
        return replace(part, codes=part.codes ^ self.mask(number, part.codes.shape[1]) ^ noise)


def name(number: int) -> VideoId:
    """Return what copy ``number`` is called."""
    return VideoId(f"{number:064x}")


def number_of(video: VideoId) -> int:
    """Return the number of the copy that is called ``video``."""
    return int(video, 16)
