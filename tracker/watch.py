"""Use case: standing orders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlmodel import Session

from storage import attempts, ledger
from storage import watches as watch_rows
from tracker.clock import Clock
from tracker.errors import UnknownSubject, UnsupportedSource, UsageError
from tracker.ingest.stage import Archive, tried
from tracker.model.ledger import LedgerKind
from tracker.model.watch import Watch
from tracker.net.urls import canonical_url

POLL = "watch"
"""Polls in the attempt ledger and in ``tracker status``."""


class Watches:
    """Adds, lists, pauses, removes and polls watches.

    ``configured`` are the watches of the config file; they are adopted at each start and cannot
    be removed by command, only paused.
    """

    def __init__(
        self,
        archive: Archive,
        poll: Callable[[Watch], int],
        configured: Sequence[Watch],
        clock: Clock,
    ) -> None:
        self._archive = archive
        self._poll = poll
        self._configured = configured
        self._clock = clock

    def add(self, watch: Watch) -> Watch:
        """Record a watch (again: its settings are replaced, what was polled is kept).

        Raises ``UsageError`` for a target that is no address.
        """
        try:
            wanted = _canonical(watch)
        except UnsupportedSource as exc:
            raise UsageError(str(exc)) from exc
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
        """Forget a watch; what it brought in stays.

        Raises ``UnknownSubject``, and ``UsageError`` for a watch of the config file.
        """
        key = canonical_url(target)
        if any(key == watch.target for watch in map(_canonical, self._configured)):
            raise UsageError(f"the watch on {target} is in the config file: take it out there")
        with self._archive.database.write() as session:
            if not watch_rows.remove_watch(session, key):
                raise UnknownSubject(f"no watch on {target}")
            attempts.clear(session, POLL, key)
            self._note(session, "remove", key)

    def pause(self, target: str, *, paused: bool = True) -> None:
        """Pause a watch, or let it run again. Raises ``UnknownSubject``."""
        self.adopt_configured()
        key = canonical_url(target)
        with self._archive.database.write() as session:
            watch_rows.set_paused(session, key, paused)
            self._note(session, "pause" if paused else "resume", key)

    def adopt_configured(self) -> None:
        """Bring the watches in the database into line with those of the config file.

        What was polled is kept, and so is a pause by command. A watch that was taken out of the
        file ends.
        """
        configured = {watch.target: watch for watch in map(_canonical, self._configured)}
        with self._archive.database.write() as session:
            held = {watch.target: watch for watch in watch_rows.watches(session)}
            for target, watch in configured.items():
                wanted = _on_new_terms(held[target], watch) if target in held else watch
                if wanted != held.get(target):
                    watch_rows.save_watch(session, wanted)
                    self._note(session, "change" if target in held else "add", target)
            for target, watch in held.items():
                if watch.from_config and target not in configured:
                    watch_rows.remove_watch(session, target)
                    attempts.clear(session, POLL, target)
                    self._note(session, "remove", target)

    def due(self) -> list[Watch]:
        """Return the watches whose interval has passed, without those held back by a failure."""
        now = self._clock.now()
        with self._archive.database.read() as session:
            held_back = attempts.held_back(session, POLL, now)
            watches = watch_rows.watches(session)
        return [w for w in watches if _is_due(w, now) and w.target not in held_back]

    def poll(self, watch: Watch, stopping: Callable[[], bool] = lambda: False) -> int:
        """Poll one watch; return how many addresses are new.

        A failure is raised, and holds the next poll back for a minute to a day.
        """
        with tried(
            POLL, watch.target, self._archive, self._clock, stopping=stopping, gives_up=False
        ):
            return self._poll(watch)

    def _note(self, session: Session, action: str, target: str) -> None:
        body = {"action": action, "target": target}
        ledger.append(session, LedgerKind.WATCH, body, at=self._clock.now())


def _canonical(watch: Watch) -> Watch:
    return replace(watch, target=canonical_url(watch.target))


def _on_new_terms(held: Watch, configured: Watch) -> Watch:
    return replace(
        held,
        interval_s=configured.interval_s,
        depth=configured.depth,
        budget=configured.budget,
        paused=held.paused or configured.paused,
        from_config=True,
        back_to=configured.back_to,
    )


def _is_due(watch: Watch, now: datetime) -> bool:
    if watch.paused:
        return False
    last = watch.last_polled_at
    if last is None or last > now:  # polled tomorrow: the clock was set back since
        return True
    return last + timedelta(seconds=watch.interval_s) <= now
