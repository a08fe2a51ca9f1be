"""Legal holds, and what was deleted on purpose."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tracker.model.ids import VideoId


class HeldKind(StrEnum):
    """What a hold is on."""

    CLIP = "clip"
    VIDEO = "video"
    POST = "post"


@dataclass(frozen=True, slots=True)
class Hold:
    """An order that nothing of ``subject`` may be deleted; in force while ``removed_at`` is None.

    ``subject`` is a clip id, a video's SHA-256 or a post's key.
    """

    id: int
    kind: HeldKind
    subject: str
    by: str
    why: str
    added_at: datetime
    removed_at: datetime | None = None
    removed_by: str | None = None
    removed_why: str | None = None


@dataclass(frozen=True, slots=True)
class Deletion:
    """The decision to delete a video's original, ``removed_at`` when its files were gone.

    ``rule`` is the rule of the config or ``forget``. ``with_keyframes``: its pictures go as well.
    """

    id: int
    video: VideoId
    rule: str
    by: str
    why: str
    size_bytes: int
    with_keyframes: bool
    decided_at: datetime
    removed_at: datetime | None = None
