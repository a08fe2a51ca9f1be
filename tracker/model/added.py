"""What one target brought into the archive."""

from __future__ import annotations

from dataclasses import dataclass

from tracker.model.clip import PostSummary
from tracker.model.ids import ClipId, VideoId
from tracker.model.post import Lead


@dataclass(frozen=True, slots=True)
class AddedVideo:
    """A video the target led to; ``new`` is False when its bytes were already held."""

    sha256: VideoId
    clip: ClipId | None
    new: bool


@dataclass(frozen=True, slots=True)
class AddedError:
    """One address under the target that could not be taken in, and the sentence that says why.

    ``exit_code`` is that of the error behind it (see ``tracker.errors``).
    """

    url: str
    error: str
    exit_code: int


@dataclass(frozen=True, slots=True)
class Left:
    """How many addresses were found and not read: over the budget of posts, or too many links away.

    Addresses that the archive had read before are not counted.
    """

    over_budget: int = 0
    beyond_depth: int = 0
    budget: int = 0
    depth: int = 0


@dataclass(frozen=True, slots=True)
class AddedResult:
    """Everything one target yielded, errors included."""

    target: str
    posts: tuple[PostSummary, ...] = ()
    videos: tuple[AddedVideo, ...] = ()
    leads: tuple[Lead, ...] = ()
    errors: tuple[AddedError, ...] = ()
    left: Left = Left()
