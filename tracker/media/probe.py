"""Opens media files safely and reads what their header says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import av
import av.container
import av.error
import av.video.stream

from tracker.errors import (
    DamagedVideo,
    MediaError,
    MediaLimitExceeded,
    NotAVideo,
    ToolError,
    UsageError,
)
from tracker.model.video import MediaInfo

# Containers that carry footage. Playlists (hls, concat, dash) are left out on purpose: a hostile
# file could name other files or addresses in them, and the demuxer would fetch those.
CONTAINERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,flv,live_flv,mpegts,mpegtsraw,mpeg,mpegvideo,ogg,"
    "asf,asf_o,mxf,nut,gif,apng,ivf,h264,hevc,av1,obu,m4v,mjpeg,wav,mp3,aac,flac,w64,aiff,amr"
)
OPEN_OPTIONS = {"protocol_whitelist": "fd", "format_whitelist": CONTAINERS}
"""Only what is already open (``fd:``) can be read: no address and no path that a file names."""

_HEADER_BYTES = 400


@dataclass(frozen=True, slots=True)
class MediaLimits:
    """What is refused as too large; ``decode_threads`` 0 lets the decoder choose.

    ``max_pixels`` is width times height of one frame as stored.
    """

    max_duration_ms: int = 6 * 3600 * 1000
    max_pixels: int = 8192 * 4352
    max_frames: int = 3_000_000
    decode_threads: int = 1


def probe(path: Path, limits: MediaLimits | None = None) -> MediaInfo:
    """Return what the header of the file at ``path`` says, without decoding it.

    Raises ``NotAVideo``, ``DamagedVideo``, ``MediaLimitExceeded`` or ``UsageError`` (no such
    file).
    """
    with opened(path) as container:
        return header_info(container, video_stream(container, path, limits or MediaLimits()))


@contextmanager
def opened(path: Path) -> Iterator[av.container.InputContainer]:
    """Yield the open container of the file at ``path``; the library's errors become ours."""
    with _readable(path) as file:
        head = _head(file, path)
        options = {**OPEN_OPTIONS, "fd": str(file.fileno())}
        try:
            with av.open("fd:", options=options, metadata_errors="replace") as container:
                yield container
        except (av.error.FFmpegError, ValueError) as exc:
            raise media_error(path, head, exc) from exc


def media_error(path: Path, head: bytes, exc: Exception) -> MediaError | ToolError:
    """Return our error for what the library said about the file that begins with ``head``."""
    if isinstance(exc, av.error.MemoryError):
        # What the library says of more than a thousand tracks as well.
        return MediaLimitExceeded(f"{path.name} needs more memory than allowed: too many tracks?")
    if isinstance(exc, av.error.DecoderNotFoundError):
        return ToolError(f"{path.name}: no decoder for its codec is built in")
    if _is_still_image(head):
        return NotAVideo(f"{path.name} is a still image, not a video")
    if _is_footage(head):
        return DamagedVideo(f"{path.name} is damaged or cut off and cannot be decoded")
    return NotAVideo(f"{path.name} is not a video file")


def video_stream(
    container: av.container.InputContainer, path: Path, limits: MediaLimits
) -> av.video.stream.VideoStream:
    """Return the stream to decode: the first that is footage and not a cover picture."""
    pictures = av.stream.Disposition.attached_pic | av.stream.Disposition.timed_thumbnails
    streams = [s for s in container.streams.video if not s.disposition & pictures]
    if not streams:
        kind = "audio only, with no picture" if container.streams.audio else "not a video file"
        raise NotAVideo(f"{path.name} is {kind}")
    stream = streams[0]
    if stream.codec_context is None:
        raise DamagedVideo(f"{path.name} is damaged, or of a codec that is not known here")
    pixels = stream.codec_context.width * stream.codec_context.height
    if pixels == 0:
        raise DamagedVideo(f"{path.name} is damaged: its picture size cannot be read")
    if pixels > limits.max_pixels:
        raise MediaLimitExceeded(f"{path.name}: {pixels} pixels a frame exceed the limit")
    if _header_duration_ms(container, stream) > limits.max_duration_ms:
        raise MediaLimitExceeded(f"{path.name} is longer than {limits.max_duration_ms // 1000} s")
    return stream


def header_info(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream
) -> MediaInfo:
    """Return what the header says; ``width`` and ``height`` before any rotation."""
    context = stream.codec_context
    return MediaInfo(
        container=container.format.name.split(",")[0],
        codec=context.name,
        width=_displayed_width(stream),
        height=context.height,
        duration_ms=_header_duration_ms(container, stream),
        has_audio=bool(container.streams.audio),
        creation_at=_creation_at(container, stream),
    )


def _displayed_width(stream: av.video.stream.VideoStream) -> int:
    aspect = stream.sample_aspect_ratio
    width = stream.codec_context.width
    if not aspect or not 0.1 <= aspect <= 10:
        return width
    return max(1, round(width * float(aspect)))


def _header_duration_ms(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream
) -> int:
    if stream.duration and stream.time_base and stream.duration > 0:
        return int(stream.duration * stream.time_base * 1000)
    return max(0, (container.duration or 0) // 1000)


def _creation_at(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream
) -> datetime | None:
    """Return the container's creation time; ``None`` if absent, unreadable or a zero date."""
    text = container.metadata.get("creation_time") or stream.metadata.get("creation_time")
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text.strip()[:40])
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    # Zero of the QuickTime (1904) and Unix (1970) clocks means "not set".
    return at.astimezone(UTC) if 1971 <= at.year <= 2100 else None


@contextmanager
def _readable(path: Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb", buffering=0)
    except FileNotFoundError as exc:
        raise UsageError(f"{path} does not exist") from exc
    except IsADirectoryError as exc:
        raise UsageError(f"{path} is a directory, not a video file") from exc
    except OSError as exc:
        raise UsageError(f"{path} cannot be read: {exc.strerror}") from exc
    with file:
        yield file


def _head(file: BinaryIO, path: Path) -> bytes:
    try:
        head = file.read(_HEADER_BYTES)
        file.seek(0)
    except OSError as exc:
        raise UsageError(f"{path} cannot be read: {exc.strerror}") from exc
    if not head:
        raise NotAVideo(f"{path.name} is empty (0 bytes)")
    return head


def _is_still_image(head: bytes) -> bool:
    return (
        head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM", b"II*\0", b"MM\0*"))
        or (head.startswith(b"RIFF") and head[8:12] == b"WEBP")
        or (head[4:8] == b"ftyp" and head[8:12] in {b"heic", b"heix", b"mif1", b"avif"})
    )


_FOOTAGE_STARTS = (
    b"\x1aE\xdf\xa3",  # Matroska, WebM
    b"FLV\x01",
    b"OggS",
    b"\0\0\1\xba",  # MPEG programme stream
    b"GIF8",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",  # ASF, WMV
)
_MP4_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"wide", b"skip"})


def _is_footage(head: bytes) -> bool:
    transport_stream = head[:1] == b"G" and head[188:189] == b"G"
    avi = head.startswith(b"RIFF") and head[8:11] == b"AVI"
    mp4 = head[4:8] in _MP4_BOXES
    return transport_stream or avi or mp4 or head.startswith(_FOOTAGE_STARTS)
