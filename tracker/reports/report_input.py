"""Everything a report is made from, gathered beforehand: rendering asks nobody anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tracker.model.anchor import Anchor, Token
from tracker.model.capture import Exchange
from tracker.model.chain import Chain
from tracker.model.clip import PostSummary
from tracker.model.credentials import VideoCredentials
from tracker.model.ids import AppearanceId, PostKey, VideoId
from tracker.model.match import Match, SoundAgreement, SoundMatch
from tracker.model.post import Post
from tracker.model.status import StatusChange
from tracker.model.video import Video


@dataclass(frozen=True, slots=True)
class SideBySide:
    """A frame of an appearance's video beside the frame of the reference it was matched to.

    Times are presentation times in each video. Pictures are JPEG bytes. ``reference`` says
    which video the left picture is from; ``None`` means the clip's reference video.
    """

    appearance: AppearanceId
    reference_pts_ms: int
    appearance_pts_ms: int
    reference_jpeg: bytes
    appearance_jpeg: bytes
    mirrored: bool
    reference: VideoId | None = None


@dataclass(frozen=True, slots=True)
class SoundBeside:
    """How the sound of an appearance agrees with that of ``reference``, whose picture it shows."""

    appearance: AppearanceId
    reference: VideoId
    agreement: SoundAgreement


@dataclass(frozen=True, slots=True)
class SameSound:
    """A video outside the chain with the sound of an appearance, and where it was seen."""

    appearance: AppearanceId
    match: SoundMatch
    posts: tuple[PostSummary, ...] = ()
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CaptureRecord:
    """One request with its answer; ``body_sha256`` names the answer's bytes, where there are any.

    ``held`` tells whether they are still kept.
    """

    post: PostKey | None
    exchange: Exchange
    body_sha256: str | None
    video: VideoId | None
    held: bool = True


@dataclass(frozen=True, slots=True)
class Compared:
    """What an appearance's video shares with that of another one: its parent, or the root."""

    appearance: AppearanceId
    other: AppearanceId
    match: Match


@dataclass(frozen=True, slots=True)
class Held:
    """What the archive still has of a video, and by which algorithm it was fingerprinted."""

    video: VideoId
    original: bool
    keyframes: bool
    algorithm: str | None


@dataclass(frozen=True, slots=True)
class ArchiveFacts:
    """What a reader needs to check the report against the archive it came from.

    ``ledger_head`` is the entry hash of the last ledger entry. ``watched`` are the standing
    orders, ``algorithms`` the fingerprint algorithms behind the matches, ``tokens`` what outside
    parties said of the last anchor.
    """

    ledger_entries: int = 0
    ledger_head: str | None = None
    anchors: int = 0
    last_anchor: Anchor | None = None
    tokens: tuple[Token, ...] = ()
    watched: tuple[str, ...] = ()
    algorithms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportInput:
    """One chain with all that a report shows around it.

    ``subject`` is what the reader asked for, as typed. ``posts`` and ``videos`` are those of the
    chain's appearances, as far as held; ``versions`` are (name, version) of the tools used.
    ``sounds`` and ``same_sounds`` are what is known of the appearances' sound, ``credentials``
    what the videos' own manifests say, as far as they were looked for. ``captures`` are
    the requests behind posts and videos, ``held`` what is kept of each video, ``statuses`` how each
    post was found over time, oldest first.

    ``generated_at`` is the time of the state reported, not of the writing: equal states give equal
    reports, and when one was written is in the ledger.
    """

    chain: Chain
    pictures: tuple[SideBySide, ...]
    generated_at: datetime
    subject: str
    tool_version: str
    archive: ArchiveFacts = field(default_factory=ArchiveFacts)
    posts: tuple[Post, ...] = ()
    videos: tuple[Video, ...] = ()
    versions: tuple[tuple[str, str], ...] = ()
    sounds: tuple[SoundBeside, ...] = ()
    same_sounds: tuple[SameSound, ...] = ()
    credentials: tuple[VideoCredentials, ...] = ()
    compared: tuple[Compared, ...] = ()
    captures: tuple[CaptureRecord, ...] = ()
    held: tuple[Held, ...] = ()
    statuses: Mapping[PostKey, tuple[StatusChange, ...]] = field(default_factory=dict)
