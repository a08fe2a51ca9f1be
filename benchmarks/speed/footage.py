"""Made footage in the codecs and sizes that platforms hand out."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg

RATE = 30


@dataclass(frozen=True, slots=True)
class Kind:
    """One file to be made: ``codec`` names an entry of ``ENCODERS``; ``height`` in pixels."""

    codec: str
    height: int
    seconds: int

    @property
    def name(self) -> str:
        """The file's name: codec, height and length."""
        suffix = "webm" if self.codec == "vp9" else "mp4"
        return f"{self.codec}-{self.height}p-{self.seconds}s.{suffix}"


ENCODERS = {
    "h264": ("libx264 -preset medium -crf 23", "libx264 -preset fast -crf 23"),
    "hevc": ("libx265 -preset fast -crf 26", "libx265 -preset superfast -crf 26"),
    "vp9": (
        "libvpx-vp9 -crf 34 -b:v 0 -deadline good -cpu-used 5",
        "libvpx-vp9 -crf 34 -b:v 0 -deadline realtime -cpu-used 7 -row-mt 1",
    ),
    "av1": ("libsvtav1 -preset 8 -crf 35", "libsvtav1 -preset 10 -crf 35"),
    "light": ("libx264 -preset veryfast -tune fastdecode -crf 32",) * 2,
}
"""Settings of each encoder up to 720 lines, and above that, where making must be faster; ``light``
is quick to decode, for files of hours."""

CODECS = ("h264", "hevc", "vp9", "av1")

KINDS = tuple(
    Kind(codec, height, seconds)
    for codec in CODECS
    for height, seconds in ((360, 20), (720, 8), (1080, 5), (2160, 3))
)


def ffmpeg() -> str:
    """Return the ffmpeg that everything is made with and compared to."""
    return str(imageio_ffmpeg.get_ffmpeg_exe())


def make(kind: Kind, folder: Path) -> Path:
    """Return the file of ``kind`` in ``folder``, made when it is not there yet.

    The picture holds a zoom into fine detail, objects that move, a hard cut every five seconds
    and the noise of a camera; nothing of it stands still.
    """
    path = folder / kind.name
    if path.exists():
        return path
    part = path.with_name(f"part-{path.name}")
    width = kind.height * 16 // 9
    line = [ffmpeg(), "-hide_banner", "-loglevel", "error", "-y", *_source(width, kind.height)]
    settings = ENCODERS[kind.codec][kind.height > 720]
    line += ["-t", str(kind.seconds), "-c:v", *settings.split(), "-g", str(5 * RATE)]
    sound = "libopus" if kind.codec == "vp9" else "aac"
    line += ["-pix_fmt", "yuv420p", "-c:a", sound, "-b:a", "96k", str(part)]
    subprocess.run(line, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    part.rename(path)
    return path


def _source(width: int, height: int) -> list[str]:
    """Return the inputs and the filter that mixes them."""
    zoom = f"mandelbrot=size=640x360:rate={RATE}:end_scale=0.02:end_pts=900"
    moving = f"testsrc2=size=640x360:rate={RATE}"
    graph = (
        f"[0]scale={width}:{height}:flags=bicubic[a];"
        f"[1]scale={width // 3}:{height // 3}:flags=bicubic[b];"
        "[a][b]overlay=x='(W-w)*(0.5+0.45*sin(t*0.9))':y='(H-h)*(0.5+0.45*cos(t*0.7))',"
        "hue=h='120*floor(t/5)':b='0.6*mod(floor(t/5),2)',noise=alls=3:allf=t"
    )
    sound = "anoisesrc=amplitude=0.2:color=pink:sample_rate=48000"
    inputs = [part for text in (zoom, moving, sound) for part in ("-f", "lavfi", "-i", text)]
    return [*inputs, "-filter_complex", f"{graph}[v]", "-map", "[v]", "-map", "2:a"]
