"""Chromaprint: what the sound alone finds."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.peers.peer import (
    Features,
    Judged,
    PeerResult,
    entries,
    measured_peer,
    of_entries,
)
from tracker.benchmark.corpus import Corpus
from tracker.model.match import Segment

Words = npt.NDArray[np.uint32]

ITEM_S = 4096 / 3 / 11025
"""Seconds from one item to the next: a third of a frame of 4096 samples at 11 025 Hz.

Source: L. Lalinský, "How does Chromaprint work?", 2011.
"""

EQUAL_BITS = 2
"""Items that differ in no more bits than this are taken for the same sound.

Source: pyacoustid, ``MAX_BIT_ERROR``.
"""


def chromaprint(corpus: Corpus) -> PeerResult:
    """Return what aligning Chromaprints finds: the share of items equal at the best offset."""
    found = of_entries(corpus, (_features(corpus.path(entry)) for entry in entries(corpus)))
    name = "Chromaprint, items equal at the best offset"
    return measured_peer(name, f"ffmpeg {_ffmpeg_version()}", None, corpus, found, _aligned)


def _features(path: Path) -> Features[Words]:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-threads", "1"]
    command += ["-i", str(path), "-vn", "-f", "chromaprint", "-fp_format", "raw", "-"]
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        data = output.read()
    # A video without sound has no print; ffmpeg says so by failing.
    words = np.frombuffer(data[: len(data) // 4 * 4], "<u4") if not process.returncode else _NONE
    return Features(words, words.nbytes, usage.ru_utime + usage.ru_stime)


_NONE: Words = np.zeros(0, np.uint32)


def _aligned(query: Words, reference: Words) -> Judged:
    if not len(query) or not len(reference):
        return Judged(0.0)
    equal = np.bitwise_count(query[:, None] ^ reference[None, :]) <= EQUAL_BITS
    # Silence and held tones repeat one item and would equal every other silence.
    equal &= _changing(query)[:, None] & _changing(reference)[None, :]
    at, of = np.nonzero(equal)
    if not len(at):
        return Judged(0.0)
    offsets, counts = np.unique(of - at, return_counts=True)
    best = int(offsets[np.argmax(counts)])
    score = float(counts.max() / min(len(query), len(reference)))
    return Judged(score, _segment(at[of - at == best], best, score))


def _changing(words: Words) -> npt.NDArray[np.bool_]:
    """Tell of each item whether it differs from the one before."""
    return np.concatenate([[True], words[1:] != words[:-1]])


def _segment(at: npt.NDArray[np.intp], offset: int, score: float) -> tuple[Segment, ...]:
    start, end = int(at.min()), int(at.max()) + 1
    query_ms = _ms(start), _ms(end)
    reference_ms = _ms(start + offset), _ms(end + offset)
    if query_ms[1] <= query_ms[0] or reference_ms[1] <= reference_ms[0]:
        return ()
    return (Segment(*query_ms, *reference_ms, 1.0, False, score),)


def _ms(item: int) -> int:
    return round(1000 * ITEM_S * item)


def _ffmpeg_version() -> str:
    return str(imageio_ffmpeg.get_ffmpeg_version()).split("-")[0]
