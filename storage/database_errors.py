"""The one place where the database's exceptions become ours."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from tracker.errors import DatabaseError

SENTENCES = {
    sqlite3.SQLITE_BUSY: "is locked by another process; try again when that one has finished",
    sqlite3.SQLITE_LOCKED: "is locked by another process; try again when that one has finished",
    sqlite3.SQLITE_READONLY: "is read-only here; check the permissions of its file and directory",
    sqlite3.SQLITE_PERM: "is read-only here; check the permissions of its file and directory",
    sqlite3.SQLITE_FULL: "cannot grow because the disk is full",
    sqlite3.SQLITE_CORRUPT: "is damaged: its file is not what SQLite wrote; restore a copy",
    sqlite3.SQLITE_NOTADB: "is damaged: its file is not an SQLite database",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened; check its path and permissions",
    sqlite3.SQLITE_IOERR: "cannot be read or written: the disk reported an error",
}
"""By primary result code. Source: https://www.sqlite.org/rescode.html"""

MAX_CAUSE_CHARS = 200


@contextmanager
def database_errors(name: str) -> Iterator[None]:
    """Turn what SQLAlchemy and sqlite3 raise inside into ``DatabaseError``.

    ``name`` is the database as the user knows it (a path, or an address without password).
    """
    try:
        yield
    except DBAPIError as exc:
        raise DatabaseError(_sentence(name, exc.orig)) from exc
    except sqlite3.Error as exc:
        raise DatabaseError(_sentence(name, exc)) from exc
    except SQLAlchemyError as exc:
        raise DatabaseError(f"the database {name} failed: {_first_line(exc)}") from exc


def _sentence(name: str, cause: BaseException | None) -> str:
    code = getattr(cause, "sqlite_errorcode", None)
    # The low byte is the primary code, the rest says more than a user needs.
    text = SENTENCES.get(code & 0xFF) if isinstance(code, int) else None
    return f"the database {name} {text or f'refused: {_first_line(cause)}'}"


def _first_line(cause: BaseException | None) -> str:
    lines = str(cause).splitlines()
    return lines[0][:MAX_CAUSE_CHARS] if lines else type(cause).__name__
