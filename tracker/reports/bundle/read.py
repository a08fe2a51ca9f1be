"""Reading a bundle from a stranger: a directory or a zip file, within bounds, nothing unpacked."""

from __future__ import annotations

import hashlib
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from tracker.errors import IntegrityError, OutsideError, UnknownSubject

MAX_FILES = 2_000_000
MAX_READ_BYTES = 1 << 30
"""The largest file that is read as a whole; larger ones are only digested."""

_CHUNK = 1 << 20


class Bundle:
    """The files of a bundle by their paths in it."""

    def paths(self) -> frozenset[str]:
        """Return the path of every file."""
        raise NotImplementedError

    def _open(self, path: str) -> IO[bytes]:
        raise NotImplementedError

    def sha256(self, path: str) -> tuple[str, int]:
        """Return the digest and size of a file; raises ``IntegrityError`` if it cannot be read."""
        digest, size_bytes = hashlib.sha256(), 0
        with self._opened(path) as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
                size_bytes += len(chunk)
        return digest.hexdigest(), size_bytes

    def read(self, path: str) -> bytes:
        """Return a file's bytes; raises ``IntegrityError`` if it is missing or much too large."""
        if path not in self.paths():
            raise IntegrityError(f"{path} is missing")
        with self._opened(path) as stream:
            body = stream.read(MAX_READ_BYTES + 1)
        if len(body) > MAX_READ_BYTES:
            raise IntegrityError(f"{path} is too large to be read")
        return body

    def text(self, path: str) -> str:
        """Return a text file; raises ``IntegrityError`` if it is missing or not UTF-8."""
        try:
            return self.read(path).decode()
        except UnicodeDecodeError as exc:
            raise IntegrityError(f"{path} is not UTF-8") from exc

    @contextmanager
    def _opened(self, path: str) -> Iterator[IO[bytes]]:
        try:
            with self._open(path) as stream:
                yield stream
        except (
            OSError,
            EOFError,
            zipfile.BadZipFile,
            zlib.error,
            NotImplementedError,
            RuntimeError,  # a member that is encrypted
        ) as exc:
            raise IntegrityError(f"{path} cannot be read: {exc}") from exc


class _DirectoryBundle(Bundle):
    def __init__(self, root: Path) -> None:
        self._root = root
        self._paths = frozenset(_listed(root))

    def paths(self) -> frozenset[str]:
        return self._paths

    def _open(self, path: str) -> IO[bytes]:
        target = self._root / path
        if not stat.S_ISREG(target.lstat().st_mode):  # a link or a device says nothing
            raise OSError("it is no ordinary file")
        return target.open("rb")


class _ZipBundle(Bundle):
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._members: dict[str, zipfile.ZipInfo] = {}
        for info in archive.infolist():
            if not info.is_dir():
                self._take(info)

    def _take(self, info: zipfile.ZipInfo) -> None:
        parts = PurePosixPath(info.filename).parts
        path = "/".join(parts[1:])
        if not path or ".." in parts or parts[0] == "/":
            raise IntegrityError(f"{info.filename} lies outside the bundle's directory")
        if path in self._members:
            raise IntegrityError(f"{path} is in the zip file twice")
        self._members[path] = info

    def paths(self) -> frozenset[str]:
        return frozenset(self._members)

    def _open(self, path: str) -> IO[bytes]:
        return self._archive.open(self._members[path])


@contextmanager
def open_bundle(path: Path) -> Iterator[Bundle]:
    """Open a bundle; raises ``UnknownSubject`` when there is none of that name."""
    if path.is_dir():
        yield _DirectoryBundle(path)
        return
    if not path.is_file():
        raise UnknownSubject(f"there is no bundle {path}")
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as exc:
        raise IntegrityError(f"{path} is no bundle that can be opened: {exc}") from exc
    with archive:
        if len(archive.infolist()) > MAX_FILES:
            raise IntegrityError(f"{path} holds more than {MAX_FILES} files")
        yield _ZipBundle(archive)


def _listed(root: Path) -> Iterator[str]:
    try:
        for count, path in enumerate(root.rglob("*")):
            if count > MAX_FILES:
                raise IntegrityError(f"{root} holds more than {MAX_FILES} files")
            if path.is_symlink() or not path.is_dir():
                yield path.relative_to(root).as_posix()
    except OSError as exc:
        raise OutsideError(f"cannot read {root}: {exc.strerror}") from exc
