"""Transactions on the database, and its schema kept up to date."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlmodel import Session

from storage import row_changes, write_memory
from storage.columns import READ_AS_IS
from storage.database_errors import database_errors
from storage.files import make_private, outside_errors
from storage.migrations import REVISIONS
from tracker.errors import ConfigError, DatabaseError

BUSY_TIMEOUT_S = 30.0
IMMEDIATE, DEFERRED = "BEGIN IMMEDIATE", "BEGIN"
WRITE_LOCK = 0x7472_6163  # any number, the same in every process that writes
SERVER_LIMITS = {
    "connect_timeout": 10,  # seconds
    "tcp_user_timeout": 60_000,  # milliseconds until an unanswered packet ends the connection
    "keepalives_idle": 30,
}
"""Source: PostgreSQL's manual, "Parameter Key Words" of libpq."""

NEVER_MIGRATED = "nothing was taken in yet"


class Database:
    """Short transactions on one database: many readers, one writer at a time.

    ``url`` is an SQLAlchemy address: ``sqlite:////absolute/path`` or ``postgresql+psycopg://…``.
    Nothing is opened or created before the first call. Raises ``ConfigError`` for an address
    that names no database we know. ``busy_timeout_s``: how long to wait for another writer;
    ``now`` tells the time of the ledger's entries about changed rows.
    """

    def __init__(
        self,
        url: str,
        *,
        busy_timeout_s: float = BUSY_TIMEOUT_S,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._url = _parsed(url)
        self._timeout_s = busy_timeout_s
        self._now = now
        self._path = Path(self._url.database or "") if self._is_sqlite else None
        # Without its query, where a password may stand as well.
        self.name = str(self._path or self._url.set(query={}).render_as_string())
        self._writer: Engine | None = None
        self._reader: Engine | None = None
        self._checked = False
        self._fence: Callable[[Session], None] | None = None

    @property
    def _is_sqlite(self) -> bool:
        return self._url.get_backend_name() == "sqlite"

    @property
    def path(self) -> Path | None:
        """The file of an SQLite database; ``None`` for a server."""
        return self._path

    def exists(self) -> bool:
        """Tell whether there is a database to read from; creates nothing."""
        if self._path is not None and not _has_content(self._path):
            return False
        with database_errors(self.name), self._reader_engine().connect() as connection:
            return _revision(connection) is not None

    def is_current(self) -> bool:
        """Tell whether the schema is this release's; raises ``DatabaseError`` for a newer one."""
        with database_errors(self.name), self._reader_engine().connect() as connection:
            revision = _revision(connection)
            self._refuse_newer(revision)
        return revision == REVISIONS[-1]

    def migrate(self) -> None:
        """Bring the schema up to date, creating the database if there is none.

        Holds the write lock, so that two processes starting at once do not collide. Raises
        ``DatabaseError`` when a newer release has already changed the schema.
        """
        if self._path is not None:
            make_private(self._path.parent)
        with database_errors(self.name), self._writer_engine().begin() as connection:
            self._lock(connection)
            revision = _revision(connection)
            self._refuse_newer(revision)
            if revision != REVISIONS[-1]:
                _upgrade(connection)
        self._checked = True

    def fence(self, check: Callable[[Session], None]) -> None:
        """Have ``check`` called at the start of every write transaction; what it raises ends it."""
        self._fence = check

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Open the one write transaction; commits at the end, rolls back on an exception.

        What it changes of posts, videos and captures is recorded in the ledger before the commit.
        Keep it short: every other writer waits for it, and in the end gets ``DatabaseError``.
        """
        with (
            database_errors(self.name),
            Session(self._writer_engine(), expire_on_commit=False) as session,
            session.begin(),
        ):
            self._lock(session.connection())
            self._check(session.connection())
            if self._fence is not None:
                self._fence(session)
            row_changes.watch(session)
            write_memory.begin(session)
            yield session
            row_changes.record(session, self._now())

    @contextmanager
    def read(self, *, as_is: bool = False) -> Iterator[Session]:
        """Open a snapshot that cannot be written to; waits for nobody.

        ``as_is`` is for who checks the rows: text that is no UTF-8 and times that are none, which
        end any other reading, are read as U+FFFD and ``NO_TIME``. Raises ``DatabaseError`` when
        there is no database yet (ask ``exists`` first).
        """
        if self._path is not None and not _has_content(self._path):
            raise DatabaseError(f"there is no database at {self.name} yet: {NEVER_MIGRATED}")
        with (
            database_errors(self.name),
            Session(self._reader_engine(), expire_on_commit=False) as session,
            session.begin(),
            _read_as_is(session.connection()) if as_is else nullcontext(),
        ):
            self._check(session.connection())
            yield session

    def close(self) -> None:
        """Close every connection; the object may be used again afterwards."""
        for engine in (self._writer, self._reader):
            if engine is not None:
                engine.dispose()
        self._writer = self._reader = None

    def _check(self, connection: Connection) -> None:
        if self._checked:
            return
        revision = _revision(connection)
        self._refuse_newer(revision)
        if revision is None:
            raise DatabaseError(f"there is no database at {self.name} yet: {NEVER_MIGRATED}")
        if revision != REVISIONS[-1]:
            raise DatabaseError(
                f"the database {self.name} was made by an older release; "
                "run any command that writes (such as `tracker run --once`) to upgrade it"
            )
        self._checked = True

    def _refuse_newer(self, revision: str | None) -> None:
        if revision is not None and revision not in REVISIONS:
            raise DatabaseError(
                f"the database {self.name} was written by a newer release of this program "
                f"(schema {revision}); install that release to use it"
            )

    def _lock(self, connection: Connection) -> None:
        # SQLite took its lock with BEGIN IMMEDIATE; PostgreSQL is given the same rule here.
        if not self._is_sqlite:
            connection.execute(text(f"SET LOCAL lock_timeout = {round(self._timeout_s * 1000)}"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": WRITE_LOCK})

    def _writer_engine(self) -> Engine:
        if self._writer is None:
            self._writer = (
                _sqlite_engine(partial(_open_for_writing, self._path, self._timeout_s), IMMEDIATE)
                if self._path
                else _server_engine(self._url)
            )
        return self._writer

    def _reader_engine(self) -> Engine:
        if self._reader is None:
            self._reader = (
                _sqlite_engine(partial(_open_for_reading, self._path, self._timeout_s), DEFERRED)
                if self._path
                else _server_engine(self._url).execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            )
        return self._reader


@contextmanager
def _read_as_is(connection: Connection) -> Iterator[None]:
    """Have values read that SQLite kept though they are none of their column's."""
    raw = connection.connection.driver_connection
    mark = READ_AS_IS.set(True)
    if isinstance(raw, sqlite3.Connection):
        raw.text_factory = partial(str, encoding="utf-8", errors="replace")
    try:
        yield
    finally:
        READ_AS_IS.reset(mark)
        if isinstance(raw, sqlite3.Connection):
            raw.text_factory = str


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
        parsed.get_dialect()
    except (ArgumentError, NoSuchModuleError, ValueError) as exc:  # ValueError: of its port
        raise ConfigError(
            "database.url is no database address; expected sqlite:////absolute/path"
        ) from exc
    if backend not in {"sqlite", "postgresql"}:
        raise ConfigError(f"database.url names {backend}; use sqlite or postgresql")
    if backend == "sqlite" and (parsed.database or ":memory:") == ":memory:":
        raise ConfigError("database.url must name a file: sqlite:////absolute/path")
    return parsed


def _has_content(path: Path) -> bool:
    # A process killed while it created the database leaves a file of zero bytes.
    with outside_errors(path, "look at the database"):
        return path.exists() and path.stat().st_size > 0


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return None if found is None else str(found)


def _upgrade(connection: Connection) -> None:
    from storage.migrations.runner import upgrade  # loaded late: see REVISIONS

    upgrade(connection)


def _server_engine(url: URL) -> Engine:
    try:
        # A server that went away must not hold a thread for ever, nor a lock another writer.
        limits = {name: n for name, n in SERVER_LIMITS.items() if name not in url.query}
        return create_engine(url, pool_pre_ping=True, connect_args=limits)
    except ModuleNotFoundError as exc:
        raise ConfigError(f"database.url needs the package {exc.name}, which is missing") from exc


def _sqlite_engine(connect: Callable[[], sqlite3.Connection], begin: str) -> Engine:
    engine = create_engine("sqlite:///file", creator=connect)  # the path is in ``connect``
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def _open(path: Path, timeout_s: float, options: str) -> sqlite3.Connection:
    # SQLAlchemy's pool hands a connection to one thread at a time, but not always the same one.
    return sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?{options}",
        uri=True,
        timeout=timeout_s,
        isolation_level=None,
        check_same_thread=False,
    )


def _open_for_writing(path: Path, timeout_s: float) -> sqlite3.Connection:
    connection = _open(path, timeout_s, "mode=rwc")
    try:
        _use_write_ahead_log(connection, timeout_s)
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _open_for_reading(path: Path, timeout_s: float) -> sqlite3.Connection:
    """Open without creating anything; in a read-only place too, as far as SQLite permits.

    A database in WAL mode needs its two side files even to be read. Where they neither exist
    nor can be made, nobody can be writing, and ``immutable`` is true to its word.
    """
    log = path.with_name(path.name + "-wal")
    if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
        mode = "mode=rw"
    else:
        mode = "mode=ro" if log.exists() else "mode=ro&immutable=1"
    connection = _open(path, timeout_s, mode)
    connection.execute("PRAGMA query_only=ON")
    return connection


def _use_write_ahead_log(connection: sqlite3.Connection, timeout_s: float) -> None:
    # Changing the journal mode needs the file alone, and SQLite does not wait for that.
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as exc:
            if exc.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
