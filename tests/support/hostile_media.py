"""Media files that are odd, broken or built to harm, each made in a moment from one clip.

``FILES`` names them with what must come of each: facts of what is examined, or the sentence of its
refusal. Sizes are of the upright picture; times are those of the clip.
"""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg

from benchmarks.reliability.media_edits import boxes
from tests.support.footage import Footage, make_footage
from tracker.errors import DamagedVideo, MediaLimitExceeded, NotAVideo, TrackerError
from tracker.examine import examine
from tracker.media.playable import playable
from tracker.model.fingerprint import Examined as Found

CLIP_S = 4
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-threads", "1")


@dataclass(frozen=True, slots=True)
class Examined:
    """The file is a video: so long, of this size, with so many samples; ``alike``: as the clip."""

    duration_ms: int = CLIP_S * 1000
    size: tuple[int, int] | None = None
    samples: int = CLIP_S * 4
    alike: bool = True
    tolerance_ms: int = 120


@dataclass(frozen=True, slots=True)
class Refused:
    """The file is refused with a sentence that has these words in it."""

    error: type[TrackerError]
    words: str


@dataclass(frozen=True, slots=True)
class Made:
    """How a file is made: ``make`` gets the clip and the path to write."""

    make: Callable[[Footage, Path], None]
    suffix: str
    due: Examined | Refused


def clip_for(folder: Path) -> Footage:
    """Return the clip that all files are made from."""
    return make_footage(folder / "clip.mp4", seed=7, seconds=CLIP_S)


def run(*arguments: str | Path) -> None:
    """Run ffmpeg."""
    line = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y", *map(str, arguments)]
    subprocess.run(line, check=True, timeout=60)


def encoded(*options: str) -> Callable[[Footage, Path], None]:
    """Make a file by encoding the clip with these options."""

    def make(clip: Footage, path: Path) -> None:
        run("-i", clip.path, *options, path)

    return make


def remuxed(*options: str, before: tuple[str, ...] = ()) -> Callable[[Footage, Path], None]:
    """Make a file from the clip's own packets."""

    def make(clip: Footage, path: Path) -> None:
        run(*before, "-i", clip.path, "-c", "copy", *options, path)

    return make


def _turned_twice(clip: Footage, path: Path) -> None:
    """Pixels turned one way, the display told to turn them back."""
    turned = path.with_name("turned-pixels.mp4")
    run("-i", clip.path, "-vf", "transpose=1", *H264, turned)
    run("-display_rotation", "90", "-i", turned, "-c", "copy", path)


def _in_parts(*filters: str) -> Callable[[Footage, Path], None]:
    """The clip in several encodings, one behind the other in one transport stream."""

    def make(clip: Footage, path: Path) -> None:
        length = CLIP_S / len(filters)
        body = b""
        for number, scale in enumerate(filters):
            part = path.with_name(f"part{number}.ts")
            times = ("-ss", f"{number * length}", "-t", f"{length}")
            run(*times, "-i", clip.path, "-vf", scale, *H264, "-bf", "0", part)
            body += part.read_bytes()
        path.write_bytes(body)

    return make


def _with_field(kind: bytes, at: int, value: int) -> Callable[[Footage, Path], None]:
    """The clip with one 32-bit number of its boxes changed."""

    def make(clip: Footage, path: Path) -> None:
        data = bytearray(clip.path.read_bytes())
        for box in boxes(bytes(data)):
            if box.kind == kind:
                struct.pack_into(">I", data, box.start + at, value)
        path.write_bytes(data)

    return make


def _duration(seconds: float) -> Callable[[Footage, Path], None]:
    """The clip, every header of which says that it lasts so long."""

    def make(clip: Footage, path: Path) -> None:
        data = bytearray(clip.path.read_bytes())
        for box in boxes(bytes(data)):
            if box.kind in {b"mvhd", b"mdhd"}:
                scale = struct.unpack_from(">I", data, box.start + 20)[0]
                struct.pack_into(">I", data, box.start + 24, round(scale * seconds) & 0xFFFFFFFF)
            if box.kind == b"tkhd":
                struct.pack_into(">I", data, box.start + 28, round(1000 * seconds) & 0xFFFFFFFF)
        path.write_bytes(data)

    return make


def _tracks(copies: int) -> Callable[[Footage, Path], None]:
    """A movie whose one track is there again and again."""

    def make(clip: Footage, path: Path) -> None:
        data = clip.path.read_bytes()
        found = boxes(data)
        movie = next(box for box in found if box.kind == b"moov")
        track = next(box for box in found if box.kind == b"trak")
        more = data[track.start : track.end] * copies
        whole = bytearray(data[: track.end] + more + data[track.end :])
        struct.pack_into(">I", whole, movie.start, movie.end - movie.start + len(more))
        path.write_bytes(whole)

    return make


def _canvas(side: int) -> Callable[[Footage, Path], None]:
    """A picture sequence of some kilobytes that says its canvas is so many pixels a side."""

    def make(clip: Footage, path: Path) -> None:
        run("-i", clip.path, "-t", "1", "-r", "4", "-vf", "scale=64:36", path)
        data = bytearray(path.read_bytes())
        struct.pack_into("<HH", data, 6, side, side)
        path.write_bytes(data)

    return make


def _cover_only(clip: Footage, path: Path) -> None:
    cover = path.with_name("cover.png")
    run("-i", clip.path, "-frames:v", "1", cover)
    picture = ("-map", "0", "-map", "1", "-c:v", "png", "-disposition:v:0", "attached_pic")
    run("-f", "lavfi", "-i", "sine=d=1", "-i", cover, *picture, path)


def _unknown_codec(clip: Footage, path: Path) -> None:
    path.write_bytes(clip.path.read_bytes().replace(b"avc1", b"zzzz").replace(b"avcC", b"zzzC"))


def _cut_inside(clip: Footage, path: Path) -> None:
    path.write_bytes(clip.path.read_bytes()[:3000])


def text_file(text: str) -> Callable[[Footage, Path], None]:
    """Write a playlist or another text under a video's name."""

    def make(clip: Footage, path: Path) -> None:
        path.write_text(text.replace("CLIP", str(clip.path)))

    return make


SMALL = "scale=160:90"
FILES: dict[str, Made] = {
    "variable frame rate": Made(
        encoded("-vf", "select='gt(mod(n,9),2)'", "-fps_mode", "vfr", *H264),
        ".mp4",
        Examined(tolerance_ms=200),
    ),
    "rotation metadata": Made(_turned_twice, ".mp4", Examined(size=(320, 180))),
    "4:4:4": Made(encoded("-pix_fmt", "yuv444p", *H264), ".mp4", Examined(size=(320, 180))),
    "10 bit": Made(encoded("-pix_fmt", "yuv420p10le", *H264), ".mkv", Examined()),
    "odd size": Made(
        encoded("-vf", "scale=319:179", "-pix_fmt", "yuv444p", *H264),
        ".mp4",
        Examined(size=(319, 179)),
    ),
    "interlaced": Made(
        encoded("-vf", "tinterlace=interleave_top", "-flags", "+ilme+ildct", *H264),
        ".ts",
        Examined(),
    ),
    "one pixel": Made(
        encoded("-vf", "scale=1:1", "-pix_fmt", "gray", "-c:v", "ffv1"),
        ".mkv",
        Examined(size=(1, 1), alike=False),
    ),
    "8192 a side": Made(_canvas(8192), ".gif", Refused(MediaLimitExceeded, "pixels a frame")),
    "16384 a side": Made(_canvas(16384), ".gif", Refused(DamagedVideo, "picture size")),
    "changing size": Made(_in_parts(SMALL, "scale=320:180"), ".ts", Examined(size=(160, 90))),
    "clock falls back": Made(_in_parts(SMALL, SMALL, SMALL, SMALL), ".ts", Examined()),
    "negative times": Made(
        encoded(*H264, "-bf", "3", "-movflags", "+negative_cts_offsets"), ".mp4", Examined()
    ),
    "clock wraps": Made(remuxed("-output_ts_offset", "95441"), ".ts", Examined()),
    "starts at noon": Made(remuxed("-output_ts_offset", "43200"), ".ts", Examined()),
    "time in nanoseconds": Made(
        remuxed("-video_track_timescale", "1000000000"), ".mov", Examined()
    ),
    "says ten hours": Made(_duration(36000), ".mp4", Examined()),
    "says five hours": Made(_duration(18000), ".mp4", Examined()),
    "says nothing": Made(_duration(0), ".mp4", Examined()),
    "says a negative time": Made(_duration(-1), ".mp4", Examined()),
    "no length told": Made(
        encoded("-an", "-bsf:v", "h264_mp4toannexb", "-c:v", "copy"), ".h264", Examined(alike=False)
    ),
    "loops for ever": Made(
        encoded("-r", "10", "-vf", "scale=160:-2", "-loop", "0"),
        ".gif",
        Examined(tolerance_ms=250),
    ),
    "thousands of tracks": Made(
        _tracks(3000), ".mp4", Refused(MediaLimitExceeded, "too many tracks")
    ),
    "hundreds of tracks": Made(_tracks(200), ".mp4", Examined()),
    "index of nothing": Made(
        _with_field(b"stts", 12, 0), ".mp4", Refused(DamagedVideo, "not one frame")
    ),
    "edit list shows nothing": Made(
        _with_field(b"elst", 16, 0), ".mp4", Refused(DamagedVideo, "not one frame")
    ),
    "samples of four gigabytes": Made(
        _with_field(b"stsz", 12, 0xFFFFFFFF), ".mp4", Refused(DamagedVideo, "damaged")
    ),
    "chunks beyond the end": Made(
        _with_field(b"stco", 16, 0x7FFFFFFF), ".mp4", Refused(DamagedVideo, "damaged")
    ),
    "sound only": Made(
        lambda _, path: run("-f", "lavfi", "-i", "sine=d=1", path),
        ".mp4",
        Refused(NotAVideo, "audio only"),
    ),
    "cover picture only": Made(_cover_only, ".m4a", Refused(NotAVideo, "audio only")),
    "unknown codec": Made(_unknown_codec, ".mp4", Refused(DamagedVideo, "codec that is not known")),
    "cut off": Made(_cut_inside, ".mp4", Refused(DamagedVideo, "damaged")),
    "HLS list": Made(
        text_file("#EXTM3U\n#EXTINF:5,\nCLIP\n#EXT-X-ENDLIST\n"),
        ".mp4",
        Refused(NotAVideo, "not a video file"),
    ),
    "list of parts": Made(
        text_file("ffconcat version 1.0\nfile 'CLIP'\n"), ".mp4", Refused(NotAVideo, "not a video")
    ),
    "description of a session": Made(
        text_file("v=0\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\na=rtpmap:96 H264/90000\n"),
        ".mp4",
        Refused(NotAVideo, "not a video"),
    ),
}


def looked_at(path: Path) -> Found:
    """Return what the daemon finds in a file that was fetched; raises what refuses it."""
    playable(path)
    return examine(path)
