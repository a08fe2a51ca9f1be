"""Runs the product's own steps over a corpus folder and keeps every answer."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import imageio_ffmpeg

from storage.index import FaissHashIndex, feature_rows, features_key
from storage.index.sound_index import SoundIndex
from tracker.benchmark.corpus import Corpus, Query, Reference, read_corpus
from tracker.benchmark.metrics import Answer, Outcome
from tracker.benchmark.result import BenchResult, Cost
from tracker.errors import MediaError, ToolError, UsageError
from tracker.examine import examine
from tracker.fingerprint.algorithm import CODE_BYTES, current_algorithm
from tracker.identify import Identifier
from tracker.matching.sound_search import SoundSearch
from tracker.model.features import CODE_BYTES as FEATURE_CODE_BYTES
from tracker.model.fingerprint import Examined, Fingerprint
from tracker.model.ids import VideoId, video_id
from tracker.model.keyframe import Keyframe
from tracker.model.match import Match
from tracker.model.sound import SoundPrint

Progress = Callable[[int, int, str], None]
"""Called with (steps done, steps in all, what was just finished)."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A file examined, and the CPU seconds ffmpeg takes to decode it on one thread."""

    examined: Examined
    ffmpeg_cpu_s: float


Measure = Callable[[Sequence[Path], int], Iterable[Measured]]
"""Called with files and a number of processes; yields what was measured, in order."""


def run_bench(
    directory: Path,
    *,
    workers: int = 1,
    progress: Progress | None = None,
    measure: Measure | None = None,
) -> BenchResult:
    """Return accuracy and cost on the corpus folder ``directory``.

    Everything is made anew from the files: fingerprints (in ``workers`` processes; ``measure``
    may bring them from elsewhere), an index in a temporary directory, one lookup a query. A
    lookup's time is that from fingerprint to answer. Raises ``UsageError`` for a folder that is
    no corpus.
    """
    corpus = read_corpus(directory)
    steps = _Steps(len(corpus.references) + 2 * len(corpus.queries), progress)
    files = _Files(corpus, (measure or measure_files), workers, steps)
    with tempfile.TemporaryDirectory(prefix="tracker-bench-") as temporary:
        key = current_algorithm().key
        index = FaissHashIndex(Path(temporary), key, CODE_BYTES)
        index.refresh(files.references_after)
        features = FaissHashIndex(
            Path(temporary), features_key(key), FEATURE_CODE_BYTES, feature_rows
        )
        features.refresh(files.references_after)
        sounds = SoundIndex(Path(temporary), key)
        sounds.refresh(files.sounds_after)
        identifier = Identifier(index, files, features, SoundSearch(sounds, files.sound))
        outcomes = tuple(_outcome(query, files, identifier, steps) for query in corpus.queries)
        cost = Cost(
            video_ms=sum(one.info.duration_ms for one in files.examined.values()),
            examine_cpu_s=sum(one.decode_cpu_ms for one in files.examined.values()) / 1000,
            ffmpeg_cpu_s=files.ffmpeg_cpu_s,
            indexed_ms=sum(files.of(r).info.duration_ms for r in corpus.references),
            index_bytes=index.size_bytes + features.size_bytes,
            sound_bytes=sounds.size_bytes,
            keyframe_bytes=sum(
                len(picture.jpeg) for r in corpus.references for picture in files.of(r).keyframes
            ),
        )
    return BenchResult(current_algorithm().key, len(corpus.references), outcomes, cost)


class _Steps:
    """Counts finished steps for whoever watches."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self._done, self._total, self._progress = 0, total, progress

    def finished(self, label: str) -> None:
        self._done += 1
        if self._progress:
            self._progress(self._done, self._total, label)


class _Files:
    """The corpus's videos, examined; also the archive the identifier reads from."""

    def __init__(self, corpus: Corpus, measure: Measure, workers: int, steps: _Steps) -> None:
        entries: list[Reference | Query] = [*corpus.references, *corpus.queries]
        paths = [corpus.path(entry) for entry in entries]
        self.examined: dict[str, Examined] = {}
        self.ffmpeg_cpu_s = 0.0
        for entry, measured in zip(entries, measure(paths, workers), strict=True):
            self.examined[entry.id] = measured.examined
            self.ffmpeg_cpu_s += measured.ffmpeg_cpu_s
            steps.finished(f"fingerprint {entry.id}")
        self._videos = {entry.id: _sha256(corpus.path(entry)) for entry in entries}
        self._references = {self._videos[r.id]: r.id for r in corpus.references}

    def of(self, entry: Reference | Query) -> Examined:
        return self.examined[entry.id]

    def video(self, entry: Reference | Query) -> VideoId:
        return self._videos[entry.id]

    def reference_name(self, video: VideoId) -> str:
        return self._references[video]

    def references_after(self, row: int) -> Iterable[tuple[int, VideoId, Fingerprint]]:
        for number, (video, name) in enumerate(self._references.items(), start=1):
            if number > row:
                yield number, video, self.examined[name].fingerprint

    def sounds_after(self, row: int) -> Iterable[tuple[int, VideoId, SoundPrint | None]]:
        for number, video, fingerprint in self.references_after(row):
            yield number, video, fingerprint.sound

    def get(self, video: VideoId) -> Fingerprint:
        return self.examined[self._references[video]].fingerprint

    def sound(self, video: VideoId) -> SoundPrint | None:
        return self.get(video).sound

    def keyframes(self, video: VideoId) -> Sequence[Keyframe]:
        return self.examined[self._references[video]].keyframes

    def size(self, video: VideoId) -> tuple[int, int]:
        return self.examined[self._references[video]].info.size


def measure_files(paths: Sequence[Path], workers: int = 1) -> Iterable[Measured]:
    """Yield each file examined and, right after it, decoded by ffmpeg."""
    with ExitStack() as stack:
        if workers > 1:
            pool = stack.enter_context(ProcessPoolExecutor(workers, get_context("spawn")))
            results: Iterable[Measured] = pool.map(_measure_one, paths)
        else:
            results = map(_measure_one, paths)
        yield from results


def _measure_one(path: Path) -> Measured:
    try:
        return Measured(examine(path), _ffmpeg_cpu_s(path))
    except MediaError as exc:
        raise UsageError(f"the corpus cannot be used: {exc}") from exc


def _outcome(query: Query, files: _Files, identifier: Identifier, steps: _Steps) -> Outcome:
    started, started_cpu = time.perf_counter(), time.process_time()
    identified = identifier.identify(files.video(query), files.of(query))
    lookup_ms = (time.perf_counter() - started) * 1000
    lookup_cpu_ms = (time.process_time() - started_cpu) * 1000
    steps.finished(f"lookup {query.id}")
    named = [*identified.matches, *identified.candidates]
    return Outcome(query, tuple(_answer(match, files) for match in named), lookup_ms, lookup_cpu_ms)


def _answer(match: Match, files: _Files) -> Answer:
    name = files.reference_name(match.reference)
    labels = tuple(transformation.kind for transformation in match.transformations)
    return Answer(name, match.score, match.asserted, match.segments, labels)


def _ffmpeg_cpu_s(path: Path) -> float:
    """Return the CPU seconds ffmpeg takes to decode the file on one thread."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-threads", "1"]
    command += ["-i", str(path), "-f", "null", "-"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise ToolError(f"ffmpeg cannot decode {path.name}")
    return usage.ru_utime + usage.ru_stime


def _sha256(path: Path) -> VideoId:
    with path.open("rb") as file:
        return video_id(hashlib.file_digest(file, "sha256").hexdigest())
