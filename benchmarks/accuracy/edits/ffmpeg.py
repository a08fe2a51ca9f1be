"""Runs ffmpeg so that the same arguments give the same file."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import imageio_ffmpeg

from tracker.errors import ToolError, UsageError

TIMEOUT_S = 600
FPS = 30
_REPEATABLE = (
    "-threads",
    "1",
    "-fflags",
    "+bitexact",
    "-flags",
    "+bitexact",
    "-map_metadata",
    "-1",
)
_ENCODE = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "26", "-pix_fmt", "yuv420p")


@dataclass(frozen=True, slots=True)
class Source:
    """A video to take footage from; ``width`` and ``height`` are what it is worked on at."""

    id: str
    path: Path
    seconds: float
    width: int
    height: int
    has_sound: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a source."""

    source: Source
    start_s: float
    length_s: float

    @property
    def arguments(self) -> tuple[str, ...]:
        """The stretch as an input of ffmpeg, exact to the frame."""
        times = ("-ss", f"{self.start_s:.3f}", "-t", f"{self.length_s:.3f}")
        return (*times, "-i", str(self.source.path))


def read_source(path: Path, side: int) -> Source:
    """Return the video at ``path``, its shorter side scaled to ``side`` pixels at most."""
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            seconds = float(container.duration or 0) / 1_000_000
            width, height = stream.width, stream.height
            has_sound = bool(container.streams.audio)
    except (av.FFmpegError, IndexError, OSError) as exc:
        raise UsageError(f"{path.name} is no video that can be read") from exc
    if not seconds or not width or not height:
        raise UsageError(f"{path.name} does not say how long or how large it is")
    scale = min(1.0, side / min(width, height))
    return Source(path.stem, path, seconds, even(width * scale), even(height * scale), has_sound)


def even(value: float) -> int:
    """Return the even number next to ``value``, at least 2."""
    return max(2, round(value / 2) * 2)


def render(
    inputs: Sequence[Sequence[str]],
    graph: str,
    maps: Sequence[str],
    to: Path,
    encode: Sequence[str] = (),
) -> None:
    """Write what ``graph`` makes of ``inputs`` to ``to``; raise ``ToolError`` if ffmpeg cannot."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y"]
    command += ["-filter_threads", "1", "-filter_complex_threads", "1"]
    for arguments in inputs:
        command += ["-threads", "1", *arguments]
    command += ["-filter_complex", graph]
    for label in maps:
        command += ["-map", label]
    command += [*(encode or _ENCODE), "-c:a", "aac", "-b:a", "64k", *_REPEATABLE, str(to)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired as exc:
        raise ToolError(f"ffmpeg did not finish {to.name} in {TIMEOUT_S} s") from exc
    if done.returncode:
        reason = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise ToolError(f"ffmpeg cannot make {to.name}: {reason[-1] if reason else 'no reason'}")


def fitted(width: int, height: int) -> str:
    """Return filters that put a picture into ``width`` × ``height``, black around it."""
    return (
        f"scale={width}:{height}:force_original_aspect_ratio=decrease,"
        f"pad={width}:{height}:-1:-1,setsar=1,fps={FPS},format=yuv420p"
    )


def covering(width: int, height: int) -> str:
    """Return filters that fill ``width`` × ``height`` with a picture, its edges cut off."""
    return (
        f"scale={width}:{height}:force_original_aspect_ratio=increase,"
        f"crop={width}:{height},setsar=1,fps={FPS},format=yuv420p"
    )
