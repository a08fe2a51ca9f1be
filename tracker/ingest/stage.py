"""What all stages have in common: pending work is a query, and a failure is remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from storage import attempts
from storage.anchor_store import AnchorStore
from storage.database import Database
from storage.keyframe_store import KeyframeStore
from storage.media_store import MediaStore
from tracker.clock import Clock
from tracker.errors import TrackerError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Archive:
    """Where everything is kept.

    ``staging`` is this process's own folder for downloads, on the media store's file system.
    """

    database: Database
    media: MediaStore
    keyframes: KeyframeStore
    staging: Path
    index_directory: Path
    anchors: AnchorStore


class Stage(Protocol[T]):
    """One kind of work: what waits for it, and how one item is done."""

    @property
    def name(self) -> str:
        """The stage's name in the attempt ledger and in ``tracker status``."""
        ...

    def pending(self, limit: int) -> Sequence[T]:
        """Return up to ``limit`` items that may be tried now."""
        ...

    def key(self, item: T) -> str:
        """Return what the item is called in the attempt ledger."""
        ...

    def process(self, item: T) -> None:
        """Do the item and record the result; raises ``TrackerError``."""
        ...


def attempt(
    stage: Stage[T],
    item: T,
    archive: Archive,
    clock: Clock,
    stopping: Callable[[], bool] = lambda: False,
) -> TrackerError | None:
    """Do one item; on failure remember it for back-off and return the error.

    A failure while ``stopping`` is our own doing: the item is released, not counted.
    """
    try:
        with tried(stage.name, stage.key(item), archive, clock, stopping=stopping):
            stage.process(item)
    except TrackerError as exc:
        return exc
    return None


@contextmanager
def tried(
    stage: str,
    key: str,
    archive: Archive,
    clock: Clock,
    *,
    stopping: Callable[[], bool] = lambda: False,
    gives_up: bool = True,
) -> Iterator[None]:
    """Keep the attempt ledger about what is done inside: failures count, a success clears them.

    With ``gives_up=False`` the item is never parked, only tried ever more seldom.
    """
    try:
        yield
    except TrackerError as exc:
        if not stopping():
            remember_failure(stage, key, exc, archive, clock, gives_up=gives_up)
        raise
    with archive.database.read() as session:  # nearly always: and whoever reads waits for nobody
        if not attempts.has_failed(session, stage, key):
            return
    with archive.database.write() as session:
        attempts.clear(session, stage, key)


def remember_failure(
    stage: str,
    key: str,
    error: TrackerError,
    archive: Archive,
    clock: Clock,
    *,
    gives_up: bool = True,
) -> None:
    """Count a failed try; one that cannot succeed later is parked at once (if it ``gives_up``)."""
    with archive.database.write() as session:
        attempts.record_failure(
            session,
            stage,
            key,
            error=str(error),
            retryable=error.retryable,
            retry_at=error.retry_at,
            unreached=error.unreached,
            now=clock.now(),
            gives_up=gives_up,
        )
