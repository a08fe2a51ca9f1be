"""Use case: take up again what failed and was parked, or waits for its next try."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlmodel import Session

from storage import attempts
from storage import daemon as daemon_rows
from storage.attempts import Failure
from tracker.clock import Clock
from tracker.errors import TrackerError, UnknownSubject
from tracker.ingest.stage import Archive
from tracker.model.summary import FailingWork
from tracker.net.urls import canonical_url
from tracker.status import failure_as_work, failure_name, is_finding


class Retry:
    """Forgets failed tries, so that the daemon takes the items up at its next look."""

    def __init__(self, archive: Archive, clock: Clock) -> None:
        self._archive = archive
        self._clock = clock

    def release(self, words: Sequence[str] = ()) -> list[FailingWork]:
        """Release what the words name and return it as it was; without any, all that fails.

        The first word may be a stage as ``tracker status`` names it; the others are items: post,
        media or watch addresses, digests. What a platform said about a post (deleted, private)
        is a finding and no failure: it is looked at again only when named itself. Raises
        ``UnknownSubject`` when nothing of that name failed, and then releases nothing.
        """
        with self._archive.database.write() as session:
            failures = attempts.failing(session)
            stage, items = _split(words, {failure.stage for failure in failures})
            of_stage = [f for f in failures if stage is None or f.stage == stage]
            if items:
                chosen = [f for item in items for f in _named(session, of_stage, item, stage)]
            else:
                chosen = [f for f in of_stage if not is_finding(session, f)]
            if not chosen:
                raise UnknownSubject(_nothing(stage, failures))
            released = {(f.stage, f.item): failure_as_work(session, f) for f in chosen}
            for released_stage, item in released:
                attempts.clear(session, released_stage, item)
        return list(released.values())

    def daemon_is_at_work(self) -> bool:
        """Tell whether somebody takes up what was released."""
        with self._archive.database.read() as session:
            leader = daemon_rows.leader(session)
        return leader is not None and leader.heard(self._clock.now())


def _split(words: Sequence[str], failing: set[str]) -> tuple[str | None, Sequence[str]]:
    """Return the stage and the items; a first word that could be a stage's name is one."""
    if words and (words[0] in failing or words[0].isalpha()):
        return words[0], words[1:]
    return None, words


def _named(
    session: Session, failures: Sequence[Failure], item: str, stage: str | None
) -> Iterator[Failure]:
    wanted = {item, _canonical(item)}
    found = [f for f in failures if wanted & {f.item, failure_name(session, f)}]
    if not found:
        at = f" at {stage}" if stage else ""
        raise UnknownSubject(f"nothing failed{at} under this name: {item} (see `tracker status`)")
    yield from found


def _canonical(item: str) -> str:
    try:
        return canonical_url(item)
    except TrackerError:
        return item


def _nothing(stage: str | None, failures: Sequence[Failure]) -> str:
    if stage is None:
        return "nothing is parked and nothing waits for another try"
    stages = ", ".join(sorted({f.stage for f in failures})) or "no stage"
    return f"nothing is parked or waits at {stage}; items fail at: {stages}"
