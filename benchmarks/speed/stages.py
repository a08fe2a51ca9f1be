"""One file, one process: fingerprint it, or measure what each step of that costs.

``python -m benchmarks.speed.stages FILE`` runs ``examine`` as a worker does;
``--apart`` runs its steps one after the other and prints a JSON line of CPU milliseconds;
``--only-import`` does nothing after the imports. Run by the other benchmarks of this folder.
"""

from __future__ import annotations

import argparse
import json
import pickle
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from tracker.examine import SAMPLING, examine
from tracker.fingerprint.builder import FingerprintBuilder
from tracker.media.frames import Frame, FrameReader, Sampling
from tracker.media.keyframes import jpeg
from tracker.media.probe import MediaLimits
from tracker.media.sound import children_cpu_ms, sound_print

T = TypeVar("T")

NEVER_MS = 10**9


def apart(path: Path) -> dict[str, float]:
    """Return the CPU milliseconds of each step on the file at ``path``, and of all together."""
    nothing = replace(
        SAMPLING, interval_ms=NEVER_MS, picture_interval_ms=NEVER_MS, detail_interval_ms=NEVER_MS
    )
    _, decode_ms = timed(lambda: read(path, nothing))
    (frames, duration_ms), read_ms = timed(lambda: read(path, SAMPLING))
    _, hashes_ms = timed(lambda: hashed(frames, duration_ms))
    _, features_ms = timed(lambda: described(frames))
    pictures = [frame.picture for frame in frames if frame.picture is not None]
    _, keyframes_ms = timed(lambda: [jpeg(picture) for picture in pictures])
    _, sound_ms = timed(lambda: sound_print(path))
    return {
        "decode": decode_ms,
        "scale": read_ms - decode_ms,
        "hashes": hashes_ms,
        "features": features_ms,
        "keyframes": keyframes_ms,
        "sound": sound_ms,
    }


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """Return what ``work`` returns, and the CPU milliseconds it took, children included."""
    started_ms = cpu_ms()
    result = work()
    return result, cpu_ms() - started_ms


def cpu_ms() -> float:
    """Return the CPU milliseconds of this process and of its ended children."""
    return time.process_time() * 1000 + children_cpu_ms()


def read(path: Path, sampling: Sampling) -> tuple[list[Frame], int]:
    """Return the sampled frames of a file and its duration in ms."""
    reader = FrameReader(path, sampling, MediaLimits())
    frames = list(reader)
    return frames, reader.info.duration_ms if reader.info else 0


def hashed(frames: list[Frame], duration_ms: int) -> None:
    """Hash ``frames`` as ``examine`` does."""
    builder = FingerprintBuilder()
    for frame in frames:
        builder.add(frame.pts_ms, frame.gray)
    builder.finish(duration_ms)


def described(frames: list[Frame]) -> None:
    """Take the local features of ``frames`` as ``examine`` does."""
    builder = FingerprintBuilder()
    for frame in frames:
        if frame.detail is not None:
            builder.add_detail(frame.pts_ms, frame.detail)


def main() -> int:
    """Run one process's share of a measurement; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.stages")
    parser.add_argument("file", type=Path, nargs="?")
    parser.add_argument("--apart", action="store_true", help="measure the steps one by one")
    parser.add_argument("--only-import", action="store_true", help="end after the imports")
    arguments = parser.parse_args()
    if arguments.only_import:
        return 0
    if arguments.file is None:
        parser.error("which FILE?")
    if arguments.apart:
        print(json.dumps(apart(arguments.file)))
    else:
        pickle.dumps(examine(arguments.file))  # as a worker hands it back
    return 0


if __name__ == "__main__":
    sys.exit(main())
