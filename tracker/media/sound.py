"""The fingerprint of a file's sound, made by an ffmpeg process with limits."""

from __future__ import annotations

import resource
import subprocess
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO

import imageio_ffmpeg
import numpy as np

from tracker.errors import ToolError
from tracker.media.probe import OPEN_OPTIONS
from tracker.model.sound import SoundPrint

SAMPLE_RATE = 11025
HOP_SAMPLES = 1365
WINDOW_SAMPLES = 4096 + 19 * HOP_SAMPLES
"""What one item is about: 20 spectra of 4096 samples (5 are smoothed over, 16 make an item).

Source: Chromaprint, ``fingerprinter_configuration.cpp`` (frame of 4096 samples, overlap
4096 - 4096/3), ``chroma_filter.cpp`` (5 coefficients), classifiers 16 wide; measured: 2.72 s of
sound give no item, 2.73 s give one, 100 s give 786.
"""

ITEM_PERIOD_MS = 1000 * HOP_SAMPLES / SAMPLE_RATE
"""123.81 ms: 8.08 items a second."""

ITEM_WINDOW_MS = 1000 * WINDOW_SAMPLES / SAMPLE_RATE
"""2723.9 ms."""

ALGORITHM = "chromaprint|algorithm=1|rate=11025"
"""The second of Chromaprint's algorithms, its default; its bits are the same in all releases."""


@dataclass(frozen=True, slots=True)
class SoundLimits:
    """What one sound track may cost; what is longer than ``max_duration_s`` is cut off there."""

    wall_time_s: int = 600
    cpu_time_s: int = 300
    memory_bytes: int = 1024**3
    max_duration_s: int = 6 * 3600


def sound_print(path: Path, limits: SoundLimits | None = None) -> SoundPrint | None:
    """Return the fingerprint of the first sound track of the file at ``path``.

    ``None`` where there is no sound track, or none that can be decoded within the limits: the
    picture may be whole all the same. Times count from the start of the file; gaps in the track
    are silence. Raises ``ToolError`` when ffmpeg is missing.
    """
    allowed = limits or SoundLimits()
    try:
        with path.open("rb") as file:
            heard = _chromaprint(file, allowed)
    except OSError:
        return None
    if heard is None:
        return None
    items = np.frombuffer(heard[: len(heard) // 4 * 4], "<u4").astype(np.uint32)
    return SoundPrint(ALGORITHM, _version(), items, ITEM_PERIOD_MS, ITEM_WINDOW_MS)


def _chromaprint(file: BinaryIO, limits: SoundLimits) -> bytes | None:
    """Return what ffmpeg hears in ``file``, its standard input: it opens no path, no address."""
    try:
        return subprocess.run(
            [*_limited(limits), _ffmpeg(), *_arguments(limits)],
            stdin=file,
            capture_output=True,  # it is quiet; without Landlock no /dev/null may be opened
            timeout=limits.wall_time_s,
            check=True,
        ).stdout
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return None
    except PermissionError:  # too slow, and not to be ended: nobody reads it, which ends it as well
        return None
    except OSError as exc:
        raise ToolError(f"ffmpeg cannot be started: {exc.strerror}") from exc


def children_cpu_ms() -> float:
    """Return the CPU milliseconds of all ended children of this process."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (usage.ru_utime + usage.ru_stime) * 1000


def _limited(limits: SoundLimits) -> list[str]:
    """Return the start of a command line whose program runs within ``limits``.

    The shell sets them before the program starts; Python's own way of running code in between
    is unsafe in a process with threads. Nothing of the command is read as shell text.
    """
    script = 'ulimit -c 0; ulimit -t "$1"; ulimit -v "$2"; shift 2; exec "$@"'
    memory_kb = str(limits.memory_bytes // 1024)
    return ["/bin/sh", "-c", script, "sh", str(limits.cpu_time_s), memory_kb]


def _arguments(limits: SoundLimits) -> list[str]:
    options = [word for name, value in OPEN_OPTIONS.items() for word in (f"-{name}", value)]
    # Padding makes the times those of the file: a track may begin late and have gaps.
    resample = f"aresample={SAMPLE_RATE}:async=1:first_pts=0"
    return [
        *("-v", "quiet", "-nostdin", "-threads", "1", "-filter_threads", "1"),
        *("-vn", "-sn", "-dn", *options, "-i", "fd:"),
        *("-map", "0:a:0", "-t", str(limits.max_duration_s), "-ac", "1", "-af", resample),
        *("-f", "chromaprint", "-fp_format", "raw", "-algorithm", "1", "pipe:1"),
    ]


@cache
def _ffmpeg() -> str:
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as exc:
        raise ToolError("ffmpeg is missing: reinstall imageio-ffmpeg") from exc


def _version() -> str:
    return f"imageio-ffmpeg={version('imageio-ffmpeg')}"
