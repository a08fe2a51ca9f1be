"""Use case: take up again what failed and was parked, or waits for its next try."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlmodel import Session

from storage import attempts, post_media
from storage import daemon as daemon_rows
from storage.attempts import Failure
from tracker.clock import Clock
from tracker.errors import TrackerError, UnknownSubject
from tracker.ingest.stage import Archive
from tracker.model.summary import FailingWork
from tracker.net.urls import canonical_url
from tracker.status import failures_as_work


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
        stage, items = _split(words)
        with self._archive.database.write() as session:
            if items:
                chosen = [f for item in items for f in _named(session, item, stage)]
            else:
                chosen = [f for f in attempts.failing(session) if stage in (None, f.stage)]
            if not chosen:
                raise UnknownSubject(_nothing(stage, attempts.count_failing(session)))
            chosen = list(dict.fromkeys(chosen))
            released = failures_as_work(session, chosen)
            for failure in chosen:
                attempts.clear(session, failure.stage, failure.item)
        return released

    def daemon_is_at_work(self) -> bool:
        """Tell whether somebody takes up what was released."""
        with self._archive.database.read() as session:
            leader = daemon_rows.leader(session)
        return leader is not None and leader.heard(self._clock.now())


def _split(words: Sequence[str]) -> tuple[str | None, Sequence[str]]:
    """Return the stage and the items: a stage is one plain word, which no item is."""
    if words and words[0].isalpha():
        return words[0], words[1:]
    return None, words


def _named(session: Session, item: str, stage: str | None) -> list[Failure]:
    names = {item, _canonical(item), *post_media.media_at(session, item)}
    found = [f for f in attempts.of_items(session, names) if stage in (None, f.stage)]
    if not found:
        at = f" at {stage}" if stage else ""
        raise UnknownSubject(f"nothing failed{at} under this name: {item} (see `tracker status`)")
    return found


def _canonical(item: str) -> str:
    try:
        return canonical_url(item)
    except TrackerError:
        return item


def _nothing(stage: str | None, failing: Mapping[tuple[str, bool], int]) -> str:
    if stage is None:
        return "nothing is parked and nothing waits for another try"
    stages = ", ".join(sorted({name for name, _ in failing})) or "no stage"
    return f"nothing is parked or waits at {stage}; items fail at: {stages}"
