"""What a person decided about a clip and a video, kept beside what the machine found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tracker.model.ids import ClipId, VideoId


class VerdictKind(StrEnum):
    """Whether the video shows the clip, in a person's judgement."""

    SAME = "same"
    DIFFERENT = "different"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One judgement: by whom, why and when; the latest on a clip and a video is obeyed.

    ``clip`` is the name that was judged; the clip may have merged into another since.
    ``algorithm`` names how the videos were compared at that time.
    """

    clip: ClipId
    video: VideoId
    kind: VerdictKind
    by: str
    why: str
    at: datetime
    algorithm: str
