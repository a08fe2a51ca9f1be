"""A clip's appearances in order, each with its most likely parent."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from tracker.model.clip import Appearance
from tracker.model.discovery import Discovery
from tracker.model.ids import AppearanceId, ClipId, Platform
from tracker.model.post import Lead
from tracker.model.time_claim import TimeClaim
from tracker.model.verdict import Verdict


class Relation(StrEnum):
    """How an appearance relates to its parent."""

    ROOT = "root"
    NATIVE_SHARE = "native_share"
    SAME_MEDIA = "same_media"  # the platform's media ids are equal
    SAME_FILE = "same_file"  # the bytes are equal
    COPY = "copy"
    PARTIAL_COPY = "partial_copy"
    CITES = "cites"


@dataclass(frozen=True, slots=True)
class ChainLink:
    """One appearance's place in the chain; ``why`` is a sentence for a reader."""

    appearance: Appearance
    parent: AppearanceId | None
    relation: Relation
    confidence: float
    why: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """Claims of one appearance (by index) or appearances that contradict each other."""

    claims: tuple[int, ...]
    text: str
    appearance: AppearanceId | None = None


@dataclass(frozen=True, slots=True)
class Revision:
    """A former or present answer to "who was first", and why it was given."""

    revision: int
    at: datetime
    root: AppearanceId
    reason: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was searched, so that "not found" can be read for what it is worth."""

    videos: int = 0
    posts: int = 0
    frames: int = 0
    platforms: tuple[Platform, ...] = ()
    oldest_post_at: datetime | None = None
    newest_post_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the earliest known appearance rests on.

    ``supported_by`` are its claims that give the interval it is ordered by, ``contradicted_by``
    sentences about claims that cannot be true together with them, ``overturned_by`` half-sentences
    that name what, once known, would make another appearance the earliest.
    """

    supported_by: tuple[TimeClaim, ...] = ()
    contradicted_by: tuple[str, ...] = ()
    overturned_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chain:
    """The provenance chain of one clip, as known at ``as_of``."""

    clip: ClipId
    revision: int
    as_of: datetime
    duration_ms: int
    root: AppearanceId
    links: tuple[ChainLink, ...]  # in order of time, root first
    conflicts: tuple[Conflict, ...] = ()
    leads: tuple[Lead, ...] = ()
    history: tuple[Revision, ...] = field(default=())
    searched: Coverage = field(default_factory=Coverage)
    discovery: tuple[Discovery, ...] = ()  # searches for earlier uploads, the latest last
    answer: Answer = field(default_factory=Answer)
    verdicts: tuple[Verdict, ...] = ()  # by persons; the latest on a video is obeyed
