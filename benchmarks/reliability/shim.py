"""The operating system and SQLite, with a say in every call that touches one folder.

``install(directory, ask)`` puts itself between Python and the system for the rest of the process
(to be called in a child process that does nothing else): before each call that opens, writes,
syncs, renames, links, removes or makes something below ``directory``, and before each statement
and commit on a database, ``ask`` is told of it and may return the error that the call is to end
with. Nothing of the program is replaced: it meets the errors where the system would raise them.
"""

from __future__ import annotations

import _io
import builtins
import io
import os
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).parents[2]
PRODUCT = tuple(str(ROOT / name) + os.sep for name in ("tracker", "storage", "jobs"))


@dataclass(frozen=True, slots=True)
class Call:
    """One call: ``site`` is the line of the program that made it, ``subject`` what it is about.

    ``source`` is what a file that is given the name ``subject`` was called before.
    """

    operation: str
    subject: str
    site: str
    source: str = ""


Ask = Callable[[Call], Exception | None]


def install(directory: Path, ask: Ask) -> None:
    """Ask before every call from now on; there is no way back."""
    _Seam(directory, ask).put()


class _Seam:
    def __init__(self, directory: Path, ask: Ask) -> None:
        self._below = str(directory.resolve()) + os.sep
        self._ask = ask
        self._asking = False

    def check(
        self, operation: str, subject: object, base: int | None = None, source: object = ""
    ) -> None:
        """Raise what the call is to end with, if it is one of ours and is to end so."""
        path = _path(subject, base)
        if path is None or self._asking or not (path + os.sep).startswith(self._below):
            return
        self.ask(operation, path, _path(source) or "")

    def ask(self, operation: str, subject: str, source: str = "") -> None:
        site = _site()
        if site is None or self._asking:
            return
        self._asking = True
        try:
            error = self._ask(Call(operation, subject, site, source))
        finally:
            self._asking = False
        if error is not None:
            raise error

    def put(self) -> None:
        for name, operation in (
            ("mkdir", "mkdir"), ("rmdir", "rmdir"), ("unlink", "unlink"), ("remove", "unlink"),
            ("chmod", "chmod"), ("open", "open"),
        ):  # fmt: skip
            self._replace_one_path(name, operation)
        for name in ("replace", "rename", "link"):
            self._replace_two_paths(name)
        real_fsync = os.fsync

        def fsync(descriptor: int) -> None:
            self.check("fsync", _of_descriptor(descriptor))
            real_fsync(descriptor)

        os.fsync = fsync  # type: ignore[assignment]  # that of the system, asked before
        opened = self._opened(io.open)
        builtins.open = io.open = _io.open = opened
        self._replace_sqlite()

    def _replace_one_path(self, name: str, operation: str) -> None:
        real = getattr(os, name)

        def call(path: Any, *args: Any, **options: Any) -> Any:
            self.check(operation, path, options.get("dir_fd"))
            return real(path, *args, **options)

        setattr(os, name, call)

    def _replace_two_paths(self, name: str) -> None:
        real = getattr(os, name)

        def call(source: Any, target: Any, *args: Any, **options: Any) -> Any:
            self.check(name, target, source=source)
            return real(source, target, *args, **options)

        setattr(os, name, call)

    def _opened(self, real: Any) -> Any:
        def opened(
            file: Any, mode: str = "r", buffering: int = -1, encoding: str | None = None,
            errors: str | None = None, newline: str | None = None, closefd: bool = True,
            opener: Any = None,
        ) -> Any:  # fmt: skip
            if isinstance(file, int) or not _path(file):
                return real(file, mode, buffering, encoding, errors, newline, closefd, opener)
            self.check("open", file)
            if not set(mode) & set("wax+"):
                return real(file, mode, buffering, encoding, errors, newline, closefd, opener)
            raw = _Raw(file, mode.replace("b", "").replace("t", ""), closefd, opener)
            raw.seam = self
            if buffering == 0:
                return raw
            buffer = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
            return buffer if "b" in mode else io.TextIOWrapper(buffer, encoding, errors, newline)

        return opened

    def _replace_sqlite(self) -> None:
        seam, real = self, sqlite3.connect

        class Cursor(sqlite3.Cursor):
            def execute(self, sql: str, *args: Any) -> Any:
                seam.ask("statement", sql)
                return super().execute(sql, *args)

            def executemany(self, sql: str, rows: Any, /) -> Any:
                seam.ask("statement", sql)
                return super().executemany(sql, rows)

        class Connection(sqlite3.Connection):
            def cursor(self, factory: Any = Cursor) -> Any:
                return super().cursor(factory)

            def execute(self, sql: str, *args: Any) -> Any:
                return Cursor(self).execute(sql, *args)

            def commit(self) -> None:
                if self.in_transaction:
                    seam.ask("commit", "COMMIT")
                super().commit()

        def connect(*args: Any, **options: Any) -> Any:
            seam.ask("connect", str(args[0]))
            return real(*args, **{**options, "factory": Connection})

        sqlite3.connect = connect  # that of the library, asked before


class _Raw(io.FileIO):
    seam: _Seam

    def write(self, data: Any, /) -> int:
        path = self.name if isinstance(self.name, str | os.PathLike) else None
        self.seam.check("write", path if path is not None else _of_descriptor(self.fileno()))
        return super().write(data)


def _path(subject: object, base: int | None = None) -> str | None:
    if not isinstance(subject, str | os.PathLike):
        return None
    text = os.fspath(subject)
    if not isinstance(text, str):
        return None
    if base is not None:
        text = os.path.join(_of_descriptor(base) or "", text)  # noqa: PTH118 - no pathlib here
    return os.path.abspath(text)  # noqa: PTH100 - pathlib would call what is replaced


def _of_descriptor(descriptor: int) -> str | None:
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115 - as above
    except OSError:
        return None


def _site() -> str | None:
    """Return the innermost line of the program's own code on the stack."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - what a debugger would do
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(PRODUCT):
            place = name[len(str(ROOT)) + 1 :]
            return f"{place}:{frame.f_lineno} {frame.f_code.co_qualname}"
        frame = frame.f_back
    return None
