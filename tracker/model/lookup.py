"""The answer to "have we seen this footage before, and where first?"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tracker.model.chain import Coverage
from tracker.model.clip import PostSummary
from tracker.model.credentials import ContentCredentials
from tracker.model.ids import ClipId, VideoId
from tracker.model.match import Match, SoundMatch
from tracker.model.time_claim import Published
from tracker.model.verdict import Verdict
from tracker.model.video import Damage


@dataclass(frozen=True, slots=True)
class LookupSubject:
    """What was asked about: the target as given and the video it turned out to hold.

    ``width`` and ``height`` are as displayed, in pixels.
    """

    target: str
    sha256: VideoId | None
    duration_ms: int
    width: int
    height: int
    damage: Damage | None = None


@dataclass(frozen=True, slots=True)
class LookupMatch:
    """A stored video that shares footage with the subject, and where it was seen.

    ``files`` are the paths (or names) of local files with these bytes that no post is known for.
    """

    match: Match
    clip: ClipId | None
    posts: tuple[PostSummary, ...] = ()
    files: tuple[str, ...] = ()
    credentials: ContentCredentials | None = None
    verdicts: tuple[Verdict, ...] = ()  # on the subject or this video showing the clip


@dataclass(frozen=True, slots=True)
class LookupSoundMatch:
    """A stored video with the same sound in which none of the footage was found."""

    match: SoundMatch
    posts: tuple[PostSummary, ...] = ()
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Earliest:
    """The earliest appearance of the subject's footage that this archive knows.

    ``why`` is a sentence for a reader; ``contradicted_by`` are sentences about time claims that
    cannot be true together with it.
    """

    video: VideoId
    post: PostSummary | None
    files: tuple[str, ...]
    published: Published | None
    why: str
    contradicted_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LookupResult:
    """One lookup's answer. ``matches`` are asserted, best first; ``candidates`` are not.

    ``sound_matches`` have the same sound under another picture: they say nothing about the footage
    and take no part in ``earliest``. ``credentials`` are those of the subject's own file.

    ``elapsed_ms`` holds whole milliseconds by phase: ``fetch``, ``decode``, ``search``,
    ``align``, ``verify``, ``total``; a phase that is missing took no time.
    """

    subject: LookupSubject
    matches: tuple[LookupMatch, ...]
    candidates: tuple[LookupMatch, ...]
    earliest: Earliest | None
    searched: Coverage
    elapsed_ms: Mapping[str, int] = field(default_factory=dict)
    sound_matches: tuple[LookupSoundMatch, ...] = ()
    credentials: ContentCredentials | None = None
