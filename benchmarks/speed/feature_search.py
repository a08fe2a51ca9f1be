"""Search among local features: its time, and what of brute force it finds."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.speed.multiplied import Multiplied, Original
from storage.index import FEATURES, FaissHashIndex
from storage.index.layouts import Layout
from tests.support.footage import Edit, duration_s, make_copy
from tracker.examine import examine
from tracker.matching.candidates import FEATURE_SEARCH_BITS, LEAST_FEATURES
from tracker.matching.feature_pairs import mirrored_features
from tracker.model.features import CODE_BYTES
from tracker.model.search_rows import search_features

EDITS = {
    "small and poor": Edit(height=180, crf=40),
    "cropped": Edit(crop=0.1, crf=30),
    "mirrored, captioned": Edit(mirror=True, caption=0.12, crf=30),
    "turned": Edit(turn_degrees=10, crf=30),
    "faster, pillarboxed": Edit(speed=1.25, pillarbox=0.2, crf=30),
}
LONGEST_COPY_S = 60.0

Pairs = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class FeatureTimes:
    """One size of archive: seconds and shares are means over the queries."""

    keyframes: int
    codes: int
    size_bytes: int
    exact_wall_s: float
    exact_cpu_s: float
    cells_wall_s: float
    cells_cpu_s: float
    pair_recall: float
    frame_recall: float
    found_videos: int
    videos: int


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """An edited copy's searched codes, both ways, with the feature frame of each."""

    codes: tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]
    frames: npt.NDArray[np.int64]
    video: int


def edited_copies(videos: Sequence[Original], directory: Path) -> list[Asked]:
    """Return queries: each of the first originals, edited in one of the ways of ``EDITS``."""
    asked = []
    for number, (video, edit) in enumerate(zip(videos, EDITS.values(), strict=False)):
        end_s = min(duration_s(video.path), LONGEST_COPY_S)
        path = directory / f"copy{number}.mp4"
        make_copy(video.path, path, replace(edit, end_s=end_s))
        features = examine(path).fingerprint.features
        rows = search_features(features)
        codes = np.ascontiguousarray(features.codes[rows])
        asked.append(Asked((codes, mirrored_features(codes)), features.frames[rows], number))
    return asked


def measure(
    archive: Multiplied, keyframes: int, asked: Sequence[Asked], directory: Path
) -> FeatureTimes:
    """Return how the queries fare among ``keyframes`` keyframes."""
    exact = _built(archive, keyframes, directory / "exact", None)
    cells = _built(archive, keyframes, directory / "exact", 0)
    sums = np.zeros(4)
    found, all_frames, found_frames, all_pairs, videos = 0, 0, 0, 0, 0
    for query in asked:
        wanted, wall, cpu = _timed(exact, query)
        got, cells_wall, cells_cpu = _timed(cells, query)
        sums += (wall, cpu, cells_wall, cells_cpu)
        all_pairs, found = all_pairs + len(wanted), found + len(got)
        frames, frames_got = _frames(wanted), _frames(got)
        all_frames, found_frames = all_frames + len(frames), found_frames + len(frames_got)
        videos += int((frames_got[:, 0] == query.video).any())
    means = (sums / max(1, len(asked))).tolist()
    return FeatureTimes(
        keyframes=sum(archive.of(n).keyframes for n in range(exact.videos)),
        codes=exact.rows,
        size_bytes=exact.size_bytes,
        exact_wall_s=means[0],
        exact_cpu_s=means[1],
        cells_wall_s=means[2],
        cells_cpu_s=means[3],
        pair_recall=found / max(1, all_pairs),
        frame_recall=found_frames / max(1, all_frames),
        found_videos=videos,
        videos=len(asked),
    )


def _built(
    archive: Multiplied, keyframes: int, directory: Path, most_exact_rows: int | None
) -> FaissHashIndex:
    layout = Layout(archive.features, FEATURES.open, FEATURES.write, most_exact_rows)
    index = FaissHashIndex(directory, f"features of {keyframes}", CODE_BYTES, layout)
    count = archive.copies_for(keyframes, [video.keyframes for video in archive.videos])
    index.refresh(lambda after: archive.source(count, after))
    index.check()  # from here on its bytes are in memory, and checked
    return index


def _timed(index: FaissHashIndex, query: Asked) -> tuple[Pairs, float, float]:
    """Return the pairs (video, frame time, query frame, way), and wall and CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    hits = index.search(np.concatenate(query.codes), FEATURE_SEARCH_BITS)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    way, row = np.divmod(hits.query_rows, max(1, len(query.frames)))
    pairs = np.stack([hits.references, hits.pts_ms, query.frames[row], way])
    return pairs.T.astype(np.int64), wall, cpu


def _frames(pairs: Pairs) -> Pairs:
    """Return the pairs of frames that share enough features to be worth a look."""
    frames, counts = np.unique(pairs, axis=0, return_counts=True)
    kept: Pairs = frames[counts >= LEAST_FEATURES]
    return kept
