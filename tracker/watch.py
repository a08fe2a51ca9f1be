"""Use case: standing orders."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session

from storage import ledger
from storage import watches as watch_rows
from tracker.clock import Clock
from tracker.errors import UnknownSubject
from tracker.ingest.collect import Collect
from tracker.ingest.stage import Archive
from tracker.model.ledger import LedgerKind
from tracker.model.watch import Watch
from tracker.net.urls import canonical_url


class Watches:
    """Adds, lists, pauses, removes and polls watches.

    ``configured`` are the watches of the config file; they are adopted at each start and cannot
    be removed by command, only paused.
    """

    def __init__(
        self, archive: Archive, collect: Collect, configured: Sequence[Watch], clock: Clock
    ) -> None:
        self._archive = archive
        self._collect = collect
        self._configured = configured
        self._clock = clock

    def add(self, watch: Watch) -> Watch:
        """Record a watch (again: its settings are replaced, what was polled is kept)."""
        wanted = _canonical(watch)
        with self._archive.database.write() as session:
            watch_rows.save_watch(session, wanted)
            self._note(session, "add", wanted.target)
        return wanted

    def listed(self) -> list[Watch]:
        """Return all watches, those of the config that were never run included."""
        if not self._archive.database.exists():
            return [_canonical(watch) for watch in self._configured]
        with self._archive.database.read() as session:
            stored = {watch.target: watch for watch in watch_rows.watches(session)}
        for watch in map(_canonical, self._configured):
            stored.setdefault(watch.target, watch)
        return [stored[target] for target in sorted(stored)]

    def remove(self, target: str) -> None:
        """Forget a watch; what it brought in stays. Raises ``UnknownSubject``."""
        key = canonical_url(target)
        with self._archive.database.write() as session:
            if not watch_rows.remove_watch(session, key):
                raise UnknownSubject(f"no watch on {target}")
            self._note(session, "remove", key)

    def pause(self, target: str, *, paused: bool = True) -> None:
        """Pause a watch, or let it run again. Raises ``UnknownSubject``."""
        key = canonical_url(target)
        with self._archive.database.write() as session:
            watch_rows.set_paused(session, key, paused)
            self._note(session, "pause" if paused else "resume", key)

    def adopt_configured(self) -> None:
        """Bring the watches of the config file into the database, keeping what was polled."""
        with self._archive.database.write() as session:
            held = {watch.target: watch for watch in watch_rows.watches(session)}
            for watch in map(_canonical, self._configured):
                if watch.target not in held:
                    watch_rows.save_watch(session, watch)
                    self._note(session, "add", watch.target)

    def poll(self, watch: Watch) -> int:
        """Poll one watch; return how many addresses are new."""
        return self._collect.poll(watch)

    def _note(self, session: Session, action: str, target: str) -> None:
        body = {"action": action, "target": target}
        ledger.append(session, LedgerKind.WATCH, body, at=self._clock.now())


def _canonical(watch: Watch) -> Watch:
    return Watch(
        target=canonical_url(watch.target),
        interval_s=watch.interval_s,
        depth=watch.depth,
        budget=watch.budget,
        paused=watch.paused,
        from_config=watch.from_config,
    )
