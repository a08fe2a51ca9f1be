"""What cannot be saved: decode, hash and search of the same files, called directly."""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from storage.index import FaissHashIndex, feature_rows, features_key
from storage.index.sound_index import SoundIndex
from tracker.examine import examine
from tracker.fingerprint.algorithm import CODE_BYTES, current_algorithm
from tracker.identify import Identifier
from tracker.matching.sound_search import SoundSearch
from tracker.media.digest import sha256_of
from tracker.model.features import CODE_BYTES as FEATURE_CODE_BYTES
from tracker.model.fingerprint import Examined, Fingerprint
from tracker.model.ids import VideoId
from tracker.model.keyframe import Keyframe
from tracker.model.sound import SoundPrint


@dataclass(slots=True)
class Cost:
    """CPU and wall seconds."""

    cpu_s: float = 0.0
    wall_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Bare:
    """What the two stages cost, and how many matches were found."""

    fingerprint: Cost
    search: Cost
    matches: int


def run_bare(files: Sequence[Path]) -> Bare:
    """Decode, hash and search the files one after the other, each against those before it.

    Nothing is stored but the search indexes; all in this process, on one thread.
    """
    with tempfile.TemporaryDirectory() as temporary:
        held = _Held(Path(temporary))
        fingerprint, search, matches = Cost(), Cost(), 0
        for path in files:
            with _measured(fingerprint):
                examined = examine(path)
            video = sha256_of(path)
            with _measured(search):
                matches += held.search(video, examined)
    return Bare(fingerprint, search, matches)


@contextmanager
def _measured(cost: Cost) -> Iterator[None]:
    cpu_s, wall_s = _cpu_s(), time.monotonic()
    yield
    cost.cpu_s += _cpu_s() - cpu_s
    cost.wall_s += time.monotonic() - wall_s


def _cpu_s() -> float:
    """Of this process and of its children that ended (the one that reads the sound)."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


class _Held:
    """What was examined so far, in memory, and the indexes of it."""

    def __init__(self, folder: Path) -> None:
        key = current_algorithm().key
        self._rows: list[tuple[VideoId, Examined]] = []
        self._examined: dict[VideoId, Examined] = {}
        self._index = FaissHashIndex(folder, key, CODE_BYTES)
        self._features = FaissHashIndex(folder, features_key(key), FEATURE_CODE_BYTES, feature_rows)
        self._sounds = SoundIndex(folder, key)
        sound_search = SoundSearch(self._sounds, self.sound)
        self._identifier = Identifier(self._index, self, self._features, sound_search)

    def search(self, video: VideoId, examined: Examined) -> int:
        """Add the video and return with how many of those before it it shares footage."""
        if video in self._examined:
            return 0
        self._examined[video] = examined
        self._rows.append((video, examined))
        self._index.refresh(self._after, self._video_of)
        self._features.refresh(self._after, self._video_of)
        self._sounds.refresh(self._sounds_after, self._video_of)
        found = self._identifier.identify(video, examined, exclude={video}, both_directions=True)
        return len(found.matches)

    def get(self, video: VideoId) -> Fingerprint:
        return self._examined[video].fingerprint

    def sound(self, video: VideoId) -> SoundPrint | None:
        return self.get(video).sound

    def keyframes(self, video: VideoId) -> Sequence[Keyframe]:
        return self._examined[video].keyframes

    def size(self, video: VideoId) -> tuple[int, int]:
        return self._examined[video].info.size

    def _after(self, row: int) -> Iterable[tuple[int, VideoId, Fingerprint]]:
        for number, (video, examined) in enumerate(self._rows[row:], start=row + 1):
            yield number, video, examined.fingerprint

    def _sounds_after(self, row: int) -> Iterable[tuple[int, VideoId, SoundPrint | None]]:
        for number, video, fingerprint in self._after(row):
            yield number, video, fingerprint.sound

    def _video_of(self, row: int) -> VideoId | None:
        return self._rows[row - 1][0] if 0 < row <= len(self._rows) else None
