"""The quick check before anything is recorded: is this file a video at all?"""

from __future__ import annotations

from pathlib import Path

from tracker.media.frames import FrameReader, Sampling
from tracker.media.probe import MediaLimits, probe
from tracker.model.video import MediaInfo


def playable(path: Path, limits: MediaLimits | None = None) -> MediaInfo:
    """Return what the header says, after two frames were decoded.

    Costs milliseconds however long the video is. Raises ``NotAVideo``, ``DamagedVideo``,
    ``MediaLimitExceeded`` or ``UsageError`` (no such file).
    """
    info = probe(path, limits)
    frames = iter(FrameReader(path, Sampling(interval_ms=1), limits or MediaLimits()))
    next(frames, None)
    next(frames, None)  # a file of one frame is refused here, by the reader itself
    return info
