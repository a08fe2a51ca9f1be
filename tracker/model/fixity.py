"""Whether kept files are still what they were, as last looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class KeptKind(StrEnum):
    """Where a kept file lies."""

    MEDIA = "media"  # originals, raw answers, manifests: named by their digest
    KEYFRAMES = "keyframes"  # named by video and algorithm
    TOKEN = "token"  # requests, answers and certificates of timestamps: by their digest  # noqa: S105 - a kind of file


class FixityResult(StrEnum):
    """What a check of one file found."""

    OK = "ok"
    CHANGED = "changed"
    MISSING = "missing"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class KeptFile:
    """One file that must be there. ``name`` is a digest; ``part`` the algorithm of keyframes."""

    kind: KeptKind
    name: str
    part: str = ""


@dataclass(frozen=True, slots=True)
class FixityCheck:
    """What a check found. ``since_at`` is when a check first found the same."""

    file: KeptFile
    result: FixityResult
    reason: str
    size_bytes: int
    checked_at: datetime
    since_at: datetime


@dataclass(frozen=True, slots=True)
class FixityCoverage:
    """How much of what is kept was re-hashed in the last ``days``, and what is not as it was.

    ``never`` counts files that were not checked since they were stored. ``broken`` names at most
    the first hundred, ``broken_files`` counts all.
    """

    files: int
    checked: int
    never: int
    days: float
    oldest_checked_at: datetime | None
    broken_files: int = 0
    broken: tuple[FixityCheck, ...] = ()
