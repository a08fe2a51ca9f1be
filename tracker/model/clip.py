"""Stretches of footage and where they were seen."""

from __future__ import annotations

from dataclasses import dataclass, field

from tracker.model.credentials import ContentCredentials
from tracker.model.ids import AppearanceId, ClipId, Platform, PostKey, VideoId
from tracker.model.match import Transformation
from tracker.model.status import PostStatus, Visibility
from tracker.model.time_claim import Published, TimeClaim


@dataclass(frozen=True, slots=True)
class Clip:
    """One stretch of footage, shown in full by ``[start_ms, end_ms)`` of ``reference``."""

    id: ClipId
    reference: VideoId
    start_ms: int
    end_ms: int

    @property
    def duration_ms(self) -> int:
        """How long the stretch is."""
        return self.end_ms - self.start_ms


@dataclass(frozen=True, slots=True)
class PostSummary:
    """As much of a post as an appearance or a match shows; ``visibility`` in chains only."""

    key: PostKey
    platform: Platform
    account: str | None
    published: Published | None
    status: PostStatus = PostStatus.UNKNOWN
    visibility: Visibility | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Appearance:
    """A clip seen in a post (or in a local file that no post is known for).

    ``cites`` is True when the post only shows another post's video (an article with an embed).
    """

    id: AppearanceId
    clip: ClipId
    video: VideoId
    start_ms: int
    end_ms: int
    post: PostSummary | None
    files: tuple[str, ...] = ()
    claims: tuple[TimeClaim, ...] = ()
    published: Published | None = None
    transformations: tuple[Transformation, ...] = ()
    cites: bool = False
    credentials: ContentCredentials | None = None  # of the video; None: not looked for
