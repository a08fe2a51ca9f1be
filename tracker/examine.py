"""From a file to its fingerprint, keyframes and facts, in one decode."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from tracker.errors import DamagedVideo
from tracker.fingerprint.algorithm import (
    FEATURE_INTERVAL_MS,
    FEATURE_SIDE,
    GRAY_SIDE,
    SAMPLE_INTERVAL_MS,
    current_algorithm,
)
from tracker.fingerprint.builder import FingerprintBuilder
from tracker.media.frames import Frame, FrameReader, Sampling
from tracker.media.keyframes import KEYFRAME_SIDE, jpeg
from tracker.media.probe import MediaLimits as ExamineLimits
from tracker.media.sound import children_cpu_ms, sound_print
from tracker.model.fingerprint import Examined
from tracker.model.keyframe import Keyframe

__all__ = ["ExamineLimits", "examine"]

KEYFRAME_INTERVAL_MS = 1500
KEYFRAME_BYTES_PER_HOUR = 40_000_000
"""Keyframes are thinned out until they take no more than this share of their video's length."""

LEAST_KEYFRAMES = 3

SAMPLING = Sampling(
    interval_ms=SAMPLE_INTERVAL_MS,
    gray_side=GRAY_SIDE,
    picture_side=KEYFRAME_SIDE,
    picture_interval_ms=KEYFRAME_INTERVAL_MS,
    detail_side=FEATURE_SIDE,
    detail_interval_ms=FEATURE_INTERVAL_MS,
)
"""What is taken from every video."""

current_algorithm()  # reads packages' files: once where this is preloaded, not in every child


def examine(path: Path, limits: ExamineLimits | None = None) -> Examined:
    """Return all that one decode of the file at ``path`` yields.

    Raises ``NotAVideo``, ``DamagedVideo``, ``MediaLimitExceeded`` or ``UsageError`` (no such
    file). Uses nothing but the file and its arguments, and the result can be pickled, so it may
    run in a worker process.
    """
    started_ms = _cpu_ms()
    reader = FrameReader(path, SAMPLING, limits or ExamineLimits())
    builder = FingerprintBuilder()
    keyframes = _Keyframes()
    for frame in reader:
        builder.add(frame.pts_ms, frame.gray)
        if frame.detail is not None:
            builder.add_detail(frame.pts_ms, frame.detail)
        keyframes.add(frame)
    if reader.info is None:
        raise DamagedVideo(f"{path.name} is damaged: not one frame of it decodes")
    sound = sound_print(path) if reader.info.has_audio else None
    return Examined(
        info=reader.info,
        fingerprint=replace(builder.finish(reader.info.duration_ms), sound=sound),
        keyframes=keyframes.kept(reader.info.duration_ms),
        decode_cpu_ms=round(_cpu_ms() - started_ms),
    )


def _cpu_ms() -> float:
    """Return the CPU milliseconds of this process and of the one that reads the sound."""
    return time.process_time() * 1000 + children_cpu_ms()


class _Keyframes:
    """Collects pictures, at least three a video, within the budget of bytes."""

    def __init__(self) -> None:
        self._kept: list[Keyframe] = []
        self._spare: list[Frame] = []

    def add(self, frame: Frame) -> None:
        if frame.picture is not None:
            self._kept.append(Keyframe(frame.pts_ms, jpeg(frame.picture)))
        elif len(self._kept) < LEAST_KEYFRAMES:
            self._spare.append(frame)

    def kept(self, duration_ms: int) -> tuple[Keyframe, ...]:
        """Return the keyframes in order of time."""
        frames = self._kept + self._fill_in()
        frames.sort(key=lambda keyframe: keyframe.pts_ms)
        budget = KEYFRAME_BYTES_PER_HOUR * duration_ms // 3_600_000
        while len(frames) >= 2 * LEAST_KEYFRAMES and _size(frames) > budget:
            frames = frames[::2]
        return tuple(frames)

    def _fill_in(self) -> list[Keyframe]:
        """Return grey pictures from between, where a short video gave fewer than three."""
        missing = LEAST_KEYFRAMES - len(self._kept)
        if missing <= 0 or not self._spare:
            return []
        step = max(1, len(self._spare) // missing)
        chosen = self._spare[step - 1 :: step][:missing]
        return [Keyframe(frame.pts_ms, jpeg(frame.gray)) for frame in chosen]


def _size(frames: list[Keyframe]) -> int:
    return sum(len(frame.jpeg) for frame in frames)
