"""Sequential frame reading with real presentation times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Literal

import av
import av.container
import av.error
import av.video.frame
import av.video.stream
import numpy as np
import numpy.typing as npt
from av.video.reformatter import VideoReformatter

from tracker.errors import DamagedVideo, MediaLimitExceeded, NotAVideo
from tracker.media.probe import MediaLimits, header_info, opened, video_stream
from tracker.model.still import Still
from tracker.model.video import Damage, MediaInfo

Gray = npt.NDArray[np.uint8]
Picture = npt.NDArray[np.uint8]
_MIN_DAMAGED_MS = 1000
_MAX_DAMAGED_PACKETS = 5000
_LEAST_DECODED = 0.9
"""Of the length that the header states; a last picture that stands long is no damage."""

_WORTH_SEEKING_MS = 10_000
"""What comes sooner is decoded from the beginning: most clips have a key picture or two."""

_CLOSEST_MS = 12
"""Frames near a moment are handed out no closer than this: a file may claim a thousand a second."""

_DECODER_OPTIONS = {"export_side_data": "film_grain"}
"""Film grain that a decoder would make up (AV1, HEVC) is handed over instead of drawn: it costs
time, is no part of the footage, and differs from copy to copy."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """Which frames are handed out, and how small.

    One frame every ``interval_ms`` of presentation time, scaled so that its longer side is at
    most ``gray_side`` pixels; a colour picture of at most ``picture_side`` pixels goes with it
    every ``picture_interval_ms``, and a grey one of at most ``detail_side`` every
    ``detail_interval_ms``.
    """

    interval_ms: int = 250
    gray_side: int = 320
    picture_side: int = 512
    picture_interval_ms: int = 1500
    detail_side: int = 288
    detail_interval_ms: int = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One sampled frame, upright: ``gray`` uint8 (h, w); ``picture`` uint8 (h, w, 3) BGR;
    ``detail`` uint8 (h, w).

    ``pts_ms`` counts from the first frame shown.
    """

    pts_ms: int
    gray: Gray
    picture: Picture | None
    detail: Gray | None = None


def frames_near(
    path: Path, moments_ms: Sequence[int], reach_ms: int, side: int, limits: MediaLimits
) -> tuple[Still, ...]:
    """Return every frame shown within ``reach_ms`` of one of the moments, no longer than ``side``.

    ``moments_ms`` are at least one; of more than about 80 frames a second some are left out. Raises
    what :class:`FrameReader` raises for a file that it cannot read; moments that the video does not
    reach are no error. Uses nothing but the file and its arguments, so it may run in a worker
    process.
    """
    reader = FrameReader(path, Sampling(gray_side=side), limits)
    return tuple(Still(pts_ms, gray) for pts_ms, gray in reader.near(moments_ms, reach_ms, "gray"))


def pictures_at(
    path: Path, moments_ms: Sequence[int], reach_ms: int, side: int, limits: MediaLimits
) -> dict[int, Picture]:
    """Return the frame nearest to each moment as a BGR picture, no longer than ``side``, by time.

    Moments within ``reach_ms`` of which the video shows none are left out. Raises what
    :class:`FrameReader` raises.
    """
    best: dict[int, tuple[int, Picture]] = {}
    reader = FrameReader(path, Sampling(picture_side=side), limits)
    for pts_ms, shown in reader.near(moments_ms, reach_ms, "bgr24"):
        for moment in moments_ms:
            held = best.get(moment)
            apart = abs(pts_ms - moment)
            if apart <= reach_ms and (held is None or apart < abs(held[0] - moment)):
                best[moment] = pts_ms, shown
    return dict(sorted(best.values(), key=lambda one: one[0]))


class FrameReader:
    """Iterates once over the sampled frames of a file; then ``info`` tells what was measured.

    Only frames that others depend on are decoded (``skip_frame=NONREF``): at four samples a
    second nothing is lost and a third of the work is saved. Raises what
    :func:`tracker.media.probe.opened` raises, ``NotAVideo`` for a single frame and
    ``DamagedVideo`` when less than a second of a broken file decodes.
    """

    def __init__(self, path: Path, sampling: Sampling, limits: MediaLimits) -> None:
        self.info: MediaInfo | None = None
        self.broken_packets = 0
        self._path = path
        self._sampling = sampling
        self._limits = limits
        self._scaler = _Scaler()

    def __iter__(self) -> Iterator[Frame]:
        with opened(self._path) as container:
            stream = video_stream(container, self._path, self._limits)
            header = header_info(container, stream)
            stream.codec_context.thread_count = self._limits.decode_threads
            stream.codec_context.skip_frame = "NONREF"
            stream.codec_context.options = _DECODER_OPTIONS
            clock = _Clock(stream)
            first_size: tuple[int, int] | None = None
            due = _Due(self._sampling)
            for frame in self._decoded(container, stream):
                pts_ms = clock.tick(frame)
                first_size = first_size or self._upright_size(frame, header)
                self._check(frame, pts_ms, clock.frames)
                if due.frame(pts_ms):
                    yield self._sampled(frame, pts_ms, header, due)
            self._finish(header, clock, first_size)

    def near(
        self, moments_ms: Sequence[int], reach_ms: int, pixel_format: Literal["gray", "bgr24"]
    ) -> Iterator[tuple[int, Picture]]:
        """Yield every frame shown within ``reach_ms`` of one of the moments, and when.

        What lies long before the first of them is passed over undecoded. Grey pictures are as
        large as ``gray_side``, those in colour as ``picture_side`` of the sampling says.
        """
        sides = {"gray": self._sampling.gray_side, "bgr24": self._sampling.picture_side}
        first_ms, last_ms = min(moments_ms) - reach_ms, max(moments_ms) + reach_ms
        with opened(self._path) as container:
            stream = video_stream(container, self._path, self._limits)
            header = header_info(container, stream)
            stream.codec_context.thread_count = self._limits.decode_threads
            stream.codec_context.options = _DECODER_OPTIONS
            clock, due_ms = _Clock(stream), 0
            for frame in self._decoded(container, stream):
                pts_ms = clock.tick(frame)
                self._check(frame, pts_ms, clock.frames)
                if pts_ms > last_ms:
                    return
                near = any(abs(pts_ms - moment) <= reach_ms for moment in moments_ms)
                if near and pts_ms >= due_ms:
                    due_ms = pts_ms + _CLOSEST_MS
                    yield pts_ms, self._upright(frame, header, sides[pixel_format], pixel_format)
                elif clock.frames == 1 and first_ms > _WORTH_SEEKING_MS:
                    container.seek(clock.stamp(first_ms), stream=stream)

    def _decoded(
        self, container: av.container.InputContainer, stream: av.video.stream.VideoStream
    ) -> Iterator[av.video.frame.VideoFrame]:
        """Yield every frame that decodes; a packet that does not is passed over, and counted."""
        undecoded = 0
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                frames = packet.decode()
                self.broken_packets += packet.is_corrupt
            except av.error.EOFError:
                return
            except IndexError:
                # A packet of a stream that began after the file was opened: not the one we read.
                packets = container.demux(stream)
                continue
            except av.error.InvalidDataError:
                self.broken_packets += 1
                undecoded += 1
                if undecoded > _MAX_DAMAGED_PACKETS:
                    return
                continue
            for frame in frames:
                if isinstance(frame, av.video.frame.VideoFrame):
                    self.broken_packets += frame.is_corrupt
                    yield frame

    def _check(self, frame: av.video.frame.VideoFrame, pts_ms: int, frames: int) -> None:
        name, limits = self._path.name, self._limits
        if frame.width * frame.height > limits.max_pixels:
            raise MediaLimitExceeded(f"{name}: a frame exceeds {limits.max_pixels} pixels")
        if pts_ms > limits.max_duration_ms:
            raise MediaLimitExceeded(f"{name} is longer than {limits.max_duration_ms // 1000} s")
        if frames > limits.max_frames:
            raise MediaLimitExceeded(f"{name} has more than {limits.max_frames} frames")

    def _sampled(
        self, frame: av.video.frame.VideoFrame, pts_ms: int, header: MediaInfo, due: _Due
    ) -> Frame:
        sides, upright = self._sampling, partial(self._upright, frame, header)
        return Frame(
            pts_ms,
            upright(sides.gray_side, "gray"),
            upright(sides.picture_side, "bgr24") if due.picture(pts_ms) else None,
            upright(sides.detail_side, "gray") if due.detail(pts_ms) else None,
        )

    def _upright(
        self,
        frame: av.video.frame.VideoFrame,
        header: MediaInfo,
        side: int,
        pixel_format: Literal["gray", "bgr24"],
    ) -> Picture:
        scaled = self._scaler.scaled(frame, (header.width, header.height), side, pixel_format)
        return np.ascontiguousarray(np.rot90(scaled, _quarter_turns(frame)))

    def _upright_size(self, frame: av.video.frame.VideoFrame, header: MediaInfo) -> tuple[int, int]:
        size = (header.width, header.height)
        return size[::-1] if _quarter_turns(frame) % 2 else size

    def _finish(self, header: MediaInfo, clock: _Clock, size: tuple[int, int] | None) -> None:
        name = self._path.name
        if size is None:
            raise DamagedVideo(f"{name} is damaged: not one frame of it decodes")
        if clock.frames == 1:
            if self.broken_packets or header.duration_ms >= _MIN_DAMAGED_MS:
                raise DamagedVideo(f"{name} is damaged: only one frame of it decodes")
            raise NotAVideo(f"{name} is not a video: it holds a single frame")
        damage = self._damage(header.duration_ms, clock.end_ms)
        if damage and clock.end_ms < _MIN_DAMAGED_MS:
            raise DamagedVideo(f"{name} is damaged: less than a second of it decodes")
        width, height = size
        self.info = replace(
            header, width=width, height=height, duration_ms=clock.end_ms, damage=damage
        )

    def _damage(self, stated_ms: int, decoded_ms: int) -> Damage | None:
        missing = decoded_ms < _LEAST_DECODED * stated_ms
        if not self.broken_packets and not missing:
            return None
        return Damage(self.broken_packets, stated_ms if missing else None)


class _Clock:
    """Turns stream times into milliseconds since the first frame, never running backwards."""

    def __init__(self, stream: av.video.stream.VideoStream) -> None:
        rate = stream.average_rate or stream.base_rate or Fraction(25)
        self._step_ms = min(1000.0, max(1.0, float(1000 / rate))) if rate > 0 else 40.0
        self._time_base = stream.time_base or Fraction(1, 1000)
        self._origin_ms: float | None = None
        self._last_ms = 0.0
        self.frames = 0

    def tick(self, frame: av.video.frame.VideoFrame) -> int:
        """Return the frame's time in ms; times that are missing or fall back are made up."""
        next_ms = self._last_ms + self._step_ms if self.frames else 0.0
        at_ms = float(frame.time * 1000) if frame.time is not None else None
        if at_ms is not None and self._origin_ms is None:
            self._origin_ms = at_ms - next_ms
        elapsed = next_ms if at_ms is None else at_ms - (self._origin_ms or 0.0)
        if self.frames and elapsed <= self._last_ms:
            # A joined or wrapped stream starts its clock again: carry on where we were.
            self._origin_ms = (at_ms or 0.0) - next_ms
            elapsed = next_ms
        self._last_ms = elapsed
        self.frames += 1
        return round(elapsed)

    def stamp(self, elapsed_ms: float) -> int:
        """Return the stream's own time ``elapsed_ms`` after the first frame."""
        return int(Fraction((self._origin_ms or 0.0) + elapsed_ms) / 1000 / self._time_base)

    @property
    def end_ms(self) -> int:
        """When the last frame ends."""
        return round(self._last_ms + self._step_ms) if self.frames else 0


class _Due:
    """Says which frames are sampled."""

    def __init__(self, sampling: Sampling) -> None:
        self._sampling = sampling
        self._next_frame_ms = 0
        self._next_picture_ms = 0
        self._next_detail_ms = 0

    def frame(self, pts_ms: int) -> bool:
        """Tell whether a sample is due at ``pts_ms``."""
        if pts_ms < self._next_frame_ms:
            return False
        step = self._sampling.interval_ms
        self._next_frame_ms = (pts_ms // step + 1) * step
        return True

    def picture(self, pts_ms: int) -> bool:
        """Tell whether a colour picture is due at ``pts_ms``."""
        if pts_ms < self._next_picture_ms:
            return False
        step = self._sampling.picture_interval_ms
        self._next_picture_ms = (pts_ms // step + 1) * step
        return True

    def detail(self, pts_ms: int) -> bool:
        """Tell whether a detailed grey picture is due at ``pts_ms``."""
        if pts_ms < self._next_detail_ms:
            return False
        step = self._sampling.detail_interval_ms
        self._next_detail_ms = (pts_ms // step + 1) * step
        return True


class _Scaler:
    """Scales frames down, keeping one conversion context a format and size."""

    def __init__(self) -> None:
        self._reformatters: dict[tuple[str, int], VideoReformatter] = {}

    def scaled(
        self,
        frame: av.video.frame.VideoFrame,
        stored: tuple[int, int],
        max_side: int,
        pixel_format: Literal["gray", "bgr24"],
    ) -> npt.NDArray[np.uint8]:
        scale = min(1.0, max_side / max(stored))
        width, height = (max(2, round(side * scale)) for side in stored)
        reformatter = self._reformatters.setdefault((pixel_format, max_side), VideoReformatter())
        small = reformatter.reformat(
            frame, width=width, height=height, format=pixel_format, interpolation="AREA"
        )
        return np.asarray(small.to_ndarray(), dtype=np.uint8)


def _quarter_turns(frame: av.video.frame.VideoFrame) -> int:
    """Return how many counter-clockwise quarter turns set the frame upright."""
    return round(frame.rotation / 90) % 4
