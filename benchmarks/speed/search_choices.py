"""What other run widths and cell distances would give: the choices behind the indexes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from benchmarks.speed.feature_search import Asked
from benchmarks.speed.multiplied import Original
from storage.index.feature_shard import CELL_BITS, CELL_FLIPS, cells
from storage.index.runs import leaders, widest
from storage.index.scan import near
from tracker.fingerprint.algorithm import CODE_BYTES
from tracker.matching.candidates import FEATURE_SEARCH_BITS, SEARCH_RADIUS_BITS

SAMPLE = 2000


def choices(videos: Sequence[Original], asked: Sequence[Asked]) -> list[str]:
    """Return both tables as Markdown lines; what is in use is marked."""
    return [*_runs(videos), "", *_cells(videos, asked)]


def _runs(videos: Sequence[Original]) -> list[str]:
    apart = _unrelated(videos)
    lines = ["| run width, bits | hashes a run | unrelated leaders to look into |", "|---|---|---|"]
    for bits in (0, 16, 24, 32, 40, 48):
        share = float((apart <= SEARCH_RADIUS_BITS + bits).mean())
        mark = " (in use)" if bits == widest(CODE_BYTES) else ""
        lines.append(f"| {bits}{mark} | {_hashes_a_run(videos, bits):.2f} | {share:.1e} |")
    return lines


def _hashes_a_run(videos: Sequence[Original], bits: int) -> float:
    hashes, runs = 0, 0
    for video in videos:
        codes = video.hashes.codes
        hashes += len(codes)
        runs += int((leaders(codes, bits) == np.arange(len(codes))).sum())
    return hashes / max(1, runs)


def _unrelated(videos: Sequence[Original]) -> npt.NDArray[np.uint16]:
    """Return the distances of a sample of hashes to those of other videos."""
    codes = np.concatenate([video.hashes.codes for video in videos])
    owners = np.repeat(np.arange(len(videos)), [len(video.hashes.codes) for video in videos])
    sample = np.random.default_rng(0).permutation(len(codes))[:SAMPLE]
    found = [
        np.bitwise_count(codes[row] ^ codes[owners != owners[row]]).sum(axis=1, dtype=np.uint16)
        for row in sample
    ]
    return np.concatenate(found)


def _cells(videos: Sequence[Original], asked: Sequence[Asked]) -> list[str]:
    kept = np.zeros(CELL_BITS + 1, np.int64)
    compared = np.zeros(CELL_BITS + 1, np.int64)
    every = cells(np.concatenate([video.features.codes for video in videos]))
    for query in asked:
        codes = np.concatenate(query.codes)
        stored = np.ascontiguousarray(videos[query.video].features.codes)
        close = near(codes, stored, FEATURE_SEARCH_BITS)
        kept += _flips(cells(codes)[close.queries] ^ cells(stored)[close.rows])
        for cell in cells(codes)[:: max(1, len(codes) // SAMPLE)]:
            compared += _flips(every ^ cell)
    recall = kept.cumsum() / max(1, kept.sum())
    share = compared.cumsum() / max(1, compared.sum())
    lines = ["| cells differ in bits | recall of codes | codes compared |", "|---|---|---|"]
    for flips in range(6):
        mark = " (in use)" if flips == CELL_FLIPS else ""
        lines.append(f"| {flips}{mark} | {recall[flips]:.3f} | {share[flips]:.4f} |")
    return lines


def _flips(differences: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.bincount(np.bitwise_count(differences), minlength=CELL_BITS + 1)
