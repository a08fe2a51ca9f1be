"""Short views of what the archive holds and what it still has to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from tracker.model.anchor import Anchor, TokenKind
from tracker.model.chain import Coverage
from tracker.model.clip import PostSummary
from tracker.model.daemon import DaemonState
from tracker.model.fixity import FixityCoverage
from tracker.model.ids import ClipId
from tracker.model.ledger import Broken


@dataclass(frozen=True, slots=True)
class ClipSummary:
    """One clip on one line.

    ``root`` is the post of its earliest known appearance; ``None`` when that is a local file,
    which ``files`` then names.
    """

    clip: ClipId
    appearances: int
    root: PostSummary | None
    files: tuple[str, ...]
    duration_ms: int


@dataclass(frozen=True, slots=True)
class Verified:
    """What a check of the whole archive found: how much was checked and what is broken.

    ``notes`` are sentences about what is not wrong but worth knowing.
    """

    entries: int
    files: int
    anchors: int
    broken: tuple[Broken, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether everything checked is what was recorded."""
        return not self.broken


@dataclass(frozen=True, slots=True)
class PendingWork:
    """How many items wait for one stage (``collect``, ``capture``, ``fingerprint`` …)."""

    stage: str
    count: int


@dataclass(frozen=True, slots=True)
class FailingWork:
    """An item that failed at a stage.

    ``retry_at`` is ``None`` when it is not tried again; one that is ``parked`` waits for a person
    (``tracker retry``).
    """

    stage: str
    subject: str
    attempts: int
    error: str
    retry_at: datetime | None = None
    parked: bool = False


@dataclass(frozen=True, slots=True)
class AuthorityTokens:
    """How many anchors an authority vouches for, by the state of its newest word on each.

    ``error`` says why it cannot be asked at present.
    """

    authority: str
    kind: TokenKind
    verified: int = 0
    held: int = 0
    pending: int = 0
    attested: int = 0
    error: str | None = None


@dataclass(frozen=True, slots=True)
class AnchorSummary:
    """The newest anchor, how many entries came in since, and who vouches for the time."""

    last: Anchor | None = None
    new_entries: int = 0
    authorities: tuple[AuthorityTokens, ...] = ()


@dataclass(frozen=True, slots=True)
class StatusSummary:
    """What is held, pending and failing at ``at``.

    ``without_original`` counts videos whose original was deleted; ``never_again`` those of them
    that have no fingerprint of the present algorithm either, and can get none. ``failing`` names
    the first two hundred of ``failing_items``, and platforms that allow nothing more this month.
    """

    at: datetime
    pending: tuple[PendingWork, ...] = ()
    failing: tuple[FailingWork, ...] = ()
    failing_items: int = 0
    held: Coverage = field(default_factory=Coverage)
    clips: int = 0
    watches: int = 0
    ledger_entries: int = 0
    last_run_at: datetime | None = None
    anchors: AnchorSummary = field(default_factory=AnchorSummary)
    fixity: FixityCoverage | None = None
    without_original: int = 0
    never_again: int = 0
    holds: int = 0
    daemon: DaemonState = field(default_factory=DaemonState)
