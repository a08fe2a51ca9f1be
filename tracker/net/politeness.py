"""Whose turn it is to ask a host: one pace for all threads and processes of an archive.

Every door to the network takes a turn before it sends a request and gives it back once the answer
was read. A host gets so many requests at a time, each a pause after the one before, and none while
it has asked us to wait, whoever was told so. Connections are counted by file locks, which the
system releases when a process dies; pauses and waits are rows of a small SQLite file beside them.
Both are a cache: the files may be deleted at any time, and a damaged one is begun anew.

This machine itself (``localhost`` and loopback addresses by number) is not paced; what it asks for
is obeyed all the same.
"""

from __future__ import annotations

import fcntl
import hashlib
import ipaddress
import os
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from tracker.clock import Clock
from tracker.errors import NetworkError, OutsideError, RateLimited
from tracker.net.http_headers import named_wait
from tracker.net.url_syntax import DEFAULT_PORTS, shown

UNNAMED_WAIT = timedelta(minutes=1)
"""How long a host is left alone that asks us to wait and does not say how long."""
LONGEST_PAUSE_S = 30.0
"""The most that a host's own ``Crawl-delay`` can slow us down."""

_TOO_MANY, _UNAVAILABLE = 429, 503
_LOOK_AGAIN_S = 0.05
_NO_FILE = -1
_FILE = "hosts.db"
_KEPT_S = 2 * 86400
_MOST_IN_A_ROW = 200  # turns that may be waiting; a later one shows that the clock was set back
_SCHEMA = """
CREATE TABLE IF NOT EXISTS host (
    name TEXT PRIMARY KEY,
    next_at REAL NOT NULL DEFAULT 0,       -- when the next request may begin, epoch seconds
    pause_s REAL NOT NULL DEFAULT 0,       -- the host's own wish, where it is above ours
    closed_at REAL NOT NULL DEFAULT 0,     -- when it asked us to wait
    closed_until REAL NOT NULL DEFAULT 0,
    why TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class Pace:
    """How a host is treated: the pause between two requests, and how many run at a time.

    ``patience_s`` is how long to wait for a connection before the item is put off.
    """

    pause_s: float = 0.5
    connections: int = 2
    patience_s: float = 900.0


@dataclass(frozen=True, slots=True)
class ClosedHost:
    """A host that asked us to wait, until when, and in which words of ours."""

    host: str
    until: datetime
    why: str


class HostTurns:
    """Hands out turns. Safe to use from several threads, and beside other processes.

    ``folder`` is made on first use. With ``private=True`` it is only read, once: what was asked
    of the archive is heeded, and turns are counted within this object alone (a look-up, which
    writes nothing).
    """

    def __init__(self, folder: Path, pace: Pace, clock: Clock, *, private: bool = False) -> None:
        self._folder = folder
        self._pace = pace
        self._clock = clock
        self._private = private
        self._lock = threading.Lock()
        self._rows: sqlite3.Connection | None = None
        self._busy: Counter[str] = Counter()  # our own turns, by host
        self._stopped = threading.Event()

    @contextmanager
    def turn(self, url: str) -> Iterator[None]:
        """Hold a turn at the host of ``url`` for the enclosed call; raises as ``take`` does."""
        release = self.take(host_of(url))
        try:
            yield
        finally:
            release()

    def take(self, host: str) -> Callable[[], None]:
        """Wait for a turn at ``host`` and return what gives it back; both may be called anywhere.

        Raises ``RateLimited`` while the host wants to be left alone, or has been busy for longer
        than our patience; ``NetworkError`` when stopped; ``OutsideError`` for an unusable folder.
        """
        if is_this_machine(host):
            self._begin(host, 0.0)
            return _nothing
        release = self._connection(host)
        try:
            self._pause(self._begin(host, self._pace.pause_s))
        except BaseException:
            release()
            raise
        return release

    def heed(self, host: str, status_code: int, headers: Mapping[str, str]) -> None:
        """Note what an answer says about waiting; ``headers`` have lower-case names."""
        now = self._clock.now()
        until, used_up = named_wait(headers, now)
        refused = status_code == _TOO_MANY or (status_code == _UNAVAILABLE and until is not None)
        if refused:
            self.close_host(host, until or now + UNNAMED_WAIT, f"it answered {status_code}")
        elif used_up and until is not None:
            self.close_host(host, until, "its limit is used up")

    def close_host(self, host: str, until: datetime, why: str) -> None:
        """Ask nothing more of ``host`` before ``until``, whoever wants to."""
        now = self._clock.now()
        if until <= now:
            return
        with self._transaction() as rows:
            rows.execute(
                "INSERT INTO host (name, closed_at, closed_until, why) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (name) DO UPDATE SET closed_at = excluded.closed_at, "
                "closed_until = max(closed_until, excluded.closed_until), why = excluded.why",
                (host, now.timestamp(), until.timestamp(), why),
            )

    def slow_down(self, host: str, pause_s: float) -> None:
        """Obey a host's wish for longer pauses, as far as it is reasonable."""
        with self._transaction() as rows:
            rows.execute(
                "INSERT INTO host (name, pause_s) VALUES (?, ?) "
                "ON CONFLICT (name) DO UPDATE SET pause_s = excluded.pause_s",
                (host, min(max(pause_s, 0.0), LONGEST_PAUSE_S)),
            )

    def pause_s(self, host: str) -> float:
        """Return the pause between two requests to ``host``, for whoever keeps it himself."""
        if is_this_machine(host):
            return 0.0
        with self._transaction() as rows:
            row = rows.execute("SELECT pause_s FROM host WHERE name = ?", (host,)).fetchone()
        return max(self._pace.pause_s, float(row[0]) if row else 0.0)

    def closed(self) -> list[ClosedHost]:
        """Return the hosts that want to be left alone now, the longest wait first."""
        now = self._clock.now().timestamp()
        with self._transaction() as rows:
            found = rows.execute(
                "SELECT name, closed_until, why FROM host "
                "WHERE closed_until > ? AND closed_at <= ? ORDER BY closed_until DESC, name",
                (now, now),
            ).fetchall()
        return [ClosedHost(n, datetime.fromtimestamp(at, UTC), why) for n, at, why in found]

    def lift(self, host: str) -> datetime | None:
        """Ask ``host`` again from now on; return until when it was closed, ``None`` if it was not.

        For a wait that was a mistake; the operator's own word.
        """
        former = {closed.host: closed.until for closed in self.closed()}.get(host)
        with self._transaction() as rows:
            rows.execute("UPDATE host SET closed_until = 0 WHERE name = ?", (host,))
        return former

    def stop(self) -> None:
        """End all waiting at once: it fails with ``NetworkError``."""
        self._stopped.set()

    def close(self) -> None:
        """Close the file; the object may be used again afterwards."""
        with self._lock:
            if self._rows is not None:
                self._rows.close()
                self._rows = None

    def _begin(self, host: str, pause_s: float) -> float:
        """Reserve the next free moment and return how many seconds away it is."""
        asked_at, now = self._clock.now().timestamp(), time.time()
        with self._transaction() as rows:
            row = rows.execute(
                "SELECT next_at, pause_s, closed_at, closed_until, why FROM host WHERE name = ?",
                (host,),
            ).fetchone()
            next_at, own_pause_s, closed_at, closed_until, why = row or (0.0, 0.0, 0.0, 0.0, "")
            if closed_at <= asked_at < closed_until:
                until = datetime.fromtimestamp(closed_until, UTC)
                raise RateLimited(f"{shown(host)} asked us to wait ({why})", retry_at=until)
            pause_s = max(pause_s, own_pause_s) if pause_s else 0.0
            if not pause_s:
                return 0.0
            believable = next_at <= now + _MOST_IN_A_ROW * pause_s
            begins_at = max(now, next_at) if believable else now
            rows.execute(
                "INSERT INTO host (name, next_at) VALUES (?, ?) "
                "ON CONFLICT (name) DO UPDATE SET next_at = excluded.next_at",
                (host, begins_at + pause_s),
            )
        return begins_at - now

    def _pause(self, seconds: float) -> None:
        if seconds > 0 and self._stopped.wait(seconds):
            raise NetworkError("stopped while waiting for a turn")

    def _connection(self, host: str) -> Callable[[], None]:
        """Take one of the host's connections; wait while all are in use, here or elsewhere."""
        ends_at = time.monotonic() + self._pace.patience_s
        while time.monotonic() < ends_at:
            if self._counted(host):
                descriptor = self._locked(host)
                if descriptor is not None:
                    return partial(self._give_back, host, descriptor)
            self._pause(_LOOK_AGAIN_S)
        retry_at = self._clock.now() + UNNAMED_WAIT
        raise RateLimited(f"{shown(host)} is busy with our other requests", retry_at=retry_at)

    def _counted(self, host: str) -> bool:
        with self._lock:
            free = self._busy[host] < self._pace.connections
            self._busy[host] += free
        return free

    def _locked(self, host: str) -> int | None:
        """Lock one of the host's files; ``None``, and the count undone, where others hold all."""
        try:
            descriptor = _NO_FILE if self._private else self._file_lock(host)
        except OSError as exc:
            self._give_back(host, _NO_FILE)
            raise self._unusable(exc) from exc
        if descriptor is None:
            self._give_back(host, _NO_FILE)
        return descriptor

    def _give_back(self, host: str, descriptor: int) -> None:
        if descriptor != _NO_FILE:
            os.close(descriptor)  # and with it the lock
        with self._lock:
            self._busy[host] -= 1
            if not self._busy[host]:
                del self._busy[host]

    def _file_lock(self, host: str) -> int | None:
        bucket = int(hashlib.sha256(host.encode()).hexdigest()[:3], 16)
        self._folder.mkdir(parents=True, exist_ok=True)
        for number in range(self._pace.connections):
            path = self._folder / f"turn-{bucket:03x}-{number}"
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
            except BaseException:
                os.close(descriptor)
                raise
            else:
                return descriptor
        return None

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                rows = self._rows = self._rows or self._opened()
                rows.execute("BEGIN IMMEDIATE")
                try:
                    yield rows
                    rows.execute("COMMIT")
                finally:
                    if rows.in_transaction:
                        rows.execute("ROLLBACK")
            except sqlite3.Error as exc:
                if not isinstance(exc, sqlite3.OperationalError):
                    self._begin_anew()
                raise self._unusable(exc) from exc

    def _begin_anew(self) -> None:
        """The file is damaged: nothing in it is worth more than a few pauses."""
        if self._rows is not None:
            self._rows.close()
            self._rows = None
        with suppress(OSError):
            (self._folder / _FILE).unlink(missing_ok=True)

    def _opened(self) -> sqlite3.Connection:
        path = self._folder / _FILE
        if self._private:
            return _copied(path)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise self._unusable(exc) from exc
        try:
            return _open(str(path))
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            self._begin_anew()
            return _open(str(path))

    def _unusable(self, error: Exception) -> OutsideError:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        return OutsideError(f"cannot keep whose turn it is to ask ({self._folder}): {reason}")


def host_of(url: str) -> str:
    """Return what turns at the host of an http(s) ``url`` are counted under; never raises."""
    scheme, _, rest = url.partition("://")
    authority = rest.partition("/")[0].partition("?")[0].rpartition("@")[2].lower()
    name, _, port = authority.rpartition(":")
    if name and port == str(DEFAULT_PORTS.get(scheme.lower())):
        authority = name
    return authority.removesuffix(".")[:260]


def is_this_machine(host: str) -> bool:
    """Tell whether ``host`` (as ``host_of`` gives it) is loopback by its very name."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
    name = (name or host).removeprefix("[").removesuffix("]")
    if name == "localhost":
        return True
    with suppress(ValueError):
        return ipaddress.ip_address(name).is_loopback
    return False


def _open(path: str) -> sqlite3.Connection:
    # Commits one by one; what a loss of power takes is a few pauses.
    rows = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
    try:
        rows.execute("PRAGMA journal_mode = TRUNCATE")
        rows.execute("PRAGMA synchronous = OFF")
        rows.execute(_SCHEMA)
        rows.execute(
            "DELETE FROM host WHERE max(next_at, closed_until) < ?", (time.time() - _KEPT_S,)
        )
    except BaseException:
        rows.close()
        raise
    return rows


def _copied(path: Path) -> sqlite3.Connection:
    """A copy in memory; an empty one where there is nothing that can be read."""
    rows = _open(":memory:")
    if path.exists():
        with (
            suppress(sqlite3.Error),
            closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as kept,
        ):
            kept.backup(rows)
    return rows


def _nothing() -> None:
    pass
