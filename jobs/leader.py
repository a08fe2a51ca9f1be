"""One daemon leads; others stand by until it is gone.

The lease is a row of the database (``storage.daemon``). The leader renews it three times within
``lease_s``; whoever stands by takes it over when

- it was given back, as at every orderly end;
- its holder is dead for certain: it held a lock of this machine which is free now (``lock``);
- no renewal came for ``lease_s``, by the waiting process's own monotonic clock.

No clock decides who may write. A leader that was suspended or starved for longer than its lease may
believe that it still leads, but each of its write transactions first looks whose lease it is, so
it cannot commit anything after the take-over; at the first such look it ends itself. Clocks that
step change nothing either: the times in the row are shown to people and compared by nobody.
"""

from __future__ import annotations

import os
import platform
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import structlog
from sqlmodel import Session

from jobs.lock import DaemonLock
from storage import daemon as lease
from storage.database import Database
from tracker.clock import Clock
from tracker.errors import DatabaseError, LeaseLost, OutsideError
from tracker.model.daemon import DaemonProcess, JobState

RENEWALS_A_LEASE = 3
LOOKS_A_LEASE = 30

log = structlog.get_logger()


class Leadership:
    """This process's claim to be the daemon of one database.

    ``win`` first, then ``kept``, which renews the lease until its block ends; ``close`` gives it
    back.
    """

    def __init__(self, database: Database, data_dir: Path, lease_s: float, clock: Clock) -> None:
        self._database = database
        self._data_dir = data_dir
        self._lease_s = lease_s
        self._clock = clock
        self._lock = DaemonLock(data_dir)
        self._holder = uuid.uuid4().hex
        self._started_at = clock.now()
        self._seen: lease.Sighting | None = None
        self._seen_s = time.monotonic()
        self._heard = False
        self._noted_s: float | None = None
        self._ended = threading.Event()
        self._losing = threading.Lock()
        self._on_lost: Callable[[], None] = lambda: None
        self.lost: LeaseLost | None = None

    def win(self, stop: threading.Event, *, waits: bool) -> bool:
        """Become the leader; stand by until that is possible, if it ``waits``.

        Returns ``False`` when ``stop`` was set before. Without ``waits`` it raises
        ``OutsideError`` as soon as it is clear that another daemon lives.
        """
        self._database.migrate()
        if self._try(waits=waits):
            return True
        log.warning("standing_by", lease_s=self._lease_s)
        while not stop.wait(self._lease_s / LOOKS_A_LEASE):
            try:
                if self._try(waits=waits):
                    return True
            except DatabaseError as exc:  # who waits for years outlives a database that is away
                log.warning("standby_failed", error=str(exc))
        return False

    @contextmanager
    def kept(
        self, jobs: Callable[[], tuple[JobState, ...]], on_lost: Callable[[], None]
    ) -> Iterator[None]:
        """Renew the lease, with what the ``jobs`` are doing, as long as the block lasts.

        ``on_lost`` is called once when another daemon has taken over; the block's end raises
        ``LeaseLost`` then.
        """
        self._on_lost = on_lost
        renewing = threading.Thread(target=self._keep, args=(jobs,), name="lease", daemon=True)
        renewing.start()
        try:
            yield
        finally:
            self._ended.set()
            renewing.join(self._lease_s)
        self._renew(jobs)
        if self.lost is not None:
            raise self.lost

    def require(self, session: Session) -> None:
        """Raise ``LeaseLost`` when another daemon has taken over; made for ``Database.fence``."""
        try:
            lease.require(session, self._holder)
        except LeaseLost as exc:
            self._lose(exc)
            raise

    def close(self) -> None:
        """Give back the lease or the place among those who wait, and the lock."""
        if self._noted_s is not None:
            with suppress(DatabaseError), self._database.write() as session:
                lease.release(session, self._holder)
        self._lock.close()

    # --- becoming the leader -------------------------------------------------------------

    def _try(self, *, waits: bool) -> bool:
        """Take the lease if that is allowed; otherwise leave a note, or raise who never waits."""
        locked = self._lock.acquire()
        with self._database.read() as session:
            other = lease.leader(session)
        if other is None or (locked and other.place == self._lock.place) or self._silent(other):
            return self._take(other)
        if waits:
            self._note_waiting()
        elif not locked or self._heard:
            raise OutsideError(
                f"`tracker run` is already at work on {self._data_dir} (process {other.pid} on "
                f"{other.host}); it needs no second one"
            )
        return False

    def _take(self, other: DaemonProcess | None) -> bool:
        with self._database.write() as session:
            taken = lease.take(session, self._me(self._clock.now()), lease.sighting(other))
        if taken:
            self._noted_s = time.monotonic()
            log.info("leading", after=other and other.pid)
        return taken

    def _silent(self, other: DaemonProcess) -> bool:
        """Tell whether nothing was heard of it for as long as its lease runs."""
        seen = lease.sighting(other)
        if seen != self._seen:
            self._heard = self._seen is not None
            self._seen, self._seen_s = seen, time.monotonic()
        return time.monotonic() - self._seen_s > other.lease_s

    def _note_waiting(self) -> None:
        now_s = time.monotonic()
        if self._noted_s is not None and now_s - self._noted_s < self._lease_s / RENEWALS_A_LEASE:
            return
        with self._database.write() as session:
            lease.stand_by(session, self._me(self._started_at))
        self._noted_s = now_s

    def _me(self, since_at: datetime) -> DaemonProcess:
        return DaemonProcess(
            holder=self._holder,
            host=platform.node(),
            pid=os.getpid(),
            since_at=since_at,
            renewed_at=self._clock.now(),
            lease_s=self._lease_s,
            place=self._place(),
        )

    def _place(self) -> str | None:
        return self._lock.place if self._lock.acquire() else None

    # --- staying the leader --------------------------------------------------------------

    def _keep(self, jobs: Callable[[], tuple[JobState, ...]]) -> None:
        while not self._ended.wait(self._lease_s / RENEWALS_A_LEASE) and self.lost is None:
            self._renew(jobs)

    def _renew(self, jobs: Callable[[], tuple[JobState, ...]]) -> None:
        """Renew once; a database that cannot be written to is no reason to give up."""
        try:
            with self._database.write() as session:
                lease.renew(session, self._holder, place=self._place(), now=self._clock.now())
                lease.save_jobs(session, jobs())
        except LeaseLost as exc:
            self._lose(exc)
        except DatabaseError as exc:
            log.warning("lease_not_renewed", error=str(exc))

    def _lose(self, error: LeaseLost) -> None:
        with self._losing:
            if self.lost is not None:
                return
            self.lost = error
        log.error("lease_lost", error=str(error))
        self._on_lost()
