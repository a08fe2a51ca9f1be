"""Media files and their technical facts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tracker.model.ids import VideoId


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What the container and its first video stream say about themselves.

    ``width`` and ``height`` are as displayed (after rotation), in pixels. ``duration_ms`` is
    measured from the decoded frames where they disagree with the header.
    """

    container: str
    codec: str
    width: int
    height: int
    duration_ms: int
    has_audio: bool
    creation_at: datetime | None = None  # container metadata: forgeable, often absent


@dataclass(frozen=True, slots=True)
class Video:
    """One media file, named by the SHA-256 of its original bytes."""

    id: VideoId
    size_bytes: int
    info: MediaInfo | None = None  # None until it was examined
