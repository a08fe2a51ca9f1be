"""Media files and their technical facts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tracker.model.ids import VideoId


@dataclass(frozen=True, slots=True)
class Damage:
    """What of a file did not decode, or only with errors: it may be cut off.

    ``broken_packets`` counts packets and frames. ``stated_duration_ms`` is what the header states,
    where pictures for less than nine tenths of it decoded; otherwise ``None``.
    """

    broken_packets: int = 0
    stated_duration_ms: int | None = None


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
    damage: Damage | None = None  # None: all of it decodes

    @property
    def size(self) -> tuple[int, int]:
        """Width and height as displayed, in pixels."""
        return self.width, self.height


@dataclass(frozen=True, slots=True)
class Video:
    """One media file, named by the SHA-256 of its original bytes."""

    id: VideoId
    size_bytes: int
    info: MediaInfo | None = None  # None until it was examined
