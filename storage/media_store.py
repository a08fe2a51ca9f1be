"""Original bytes, each file named by its own SHA-256 and never written to again."""

from __future__ import annotations

import errno
import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from storage.files import (
    outside_errors,
    put_in_place,
    remove_leftovers,
    settle,
    sync_directory,
    temporary_name,
    write_in_place,
)
from tracker.errors import IntegrityError
from tracker.model.ids import SHA256_HEX


class MediaStore:
    """Files under ``root``, found by their digest: ``sha256/ab/cd/abcd…``.

    A file is there in full or not at all, whenever the process is killed; it is read-only, and
    its name says what its content must be. Directories are made when first needed. What the
    disk refuses raises ``OutsideError``.
    """

    def __init__(self, root: Path) -> None:
        self._files = root / "sha256"
        self._temporary = root / "tmp"

    def path(self, sha256: str) -> Path:
        """Return where the file of that digest is, or would be; ``ValueError`` for no digest."""
        if not SHA256_HEX.match(sha256):
            raise ValueError(f"not a SHA-256 in lower-case hex: {sha256!r}")
        return self._files / sha256[:2] / sha256[2:4] / sha256

    def contains(self, sha256: str) -> bool:
        """Tell whether the file is there (not whether it is still what it was)."""
        return self.path(sha256).is_file()

    def add_file(self, path: Path, sha256: str) -> None:
        """Move a file in; afterwards ``path`` is gone and the stored file safe on disk.

        Raises ``IntegrityError``, and leaves ``path`` alone, when its digest is another one.
        """
        final = self.path(sha256)
        with outside_errors(final, "store"):
            found = _digest(path)
            if found != sha256:
                raise IntegrityError(f"{path} is not {sha256}: its digest is {found}")
            if _same_size(final, path):
                settle(final)
            else:
                self._move_in(path, final)
            path.unlink(missing_ok=True)

    def add_bytes(self, body: bytes) -> str:
        """Store ``body`` (a page, an API answer) and return its digest."""
        sha256 = hashlib.sha256(body).hexdigest()
        final = self.path(sha256)
        with outside_errors(final, "store"):
            if final.is_file() and final.stat().st_size == len(body):
                settle(final)
            else:
                write_in_place(final, body, self._temporary)
        return sha256

    def read(self, sha256: str) -> bytes:
        """Return the whole content; raises ``IntegrityError`` if it is not what was stored."""
        path = self._existing(sha256)
        with outside_errors(path, "read"):
            body = path.read_bytes()
        _compare(path, hashlib.sha256(body).hexdigest(), sha256)
        return body

    def verify(self, sha256: str) -> None:
        """Raise ``IntegrityError``, naming the path, if the file is missing or was changed."""
        path = self._existing(sha256)
        with outside_errors(path, "read"):
            found = _digest(path)
        _compare(path, found, sha256)

    def remove(self, sha256: str) -> bool:
        """Delete a file (retention); return ``False`` when there was none."""
        path = self.path(sha256)
        with outside_errors(path, "delete"):
            if not path.exists():
                return False
            path.unlink()
            sync_directory(path.parent)
        return True

    def digests(self) -> Iterator[str]:
        """Yield the digest of every stored file, sorted."""
        if not self._files.is_dir():
            return
        with outside_errors(self._files, "list"):
            for path in sorted(self._files.glob("??/??/*")):
                if SHA256_HEX.match(path.name):
                    yield path.name

    def strangers(self) -> Iterator[Path]:
        """Yield files below the store whose names are no digests, or in the wrong place."""
        if not self._files.is_dir():
            return
        with outside_errors(self._files, "list"):
            for path in sorted(self._files.rglob("*")):
                if path.is_file() and not self._is_in_place(path):
                    yield path

    def clean(self) -> int:
        """Delete what killed processes left half-written; return how many files."""
        with outside_errors(self._temporary, "clean"):
            return remove_leftovers(self._temporary)

    def _is_in_place(self, path: Path) -> bool:
        return bool(SHA256_HEX.match(path.name)) and self.path(path.name) == path

    def _existing(self, sha256: str) -> Path:
        path = self.path(sha256)
        if not path.is_file():
            raise IntegrityError(f"{path} is missing")
        return path

    def _move_in(self, source: Path, final: Path) -> None:
        self._temporary.mkdir(parents=True, exist_ok=True)
        temporary = temporary_name(self._temporary)
        try:
            _move(source, temporary)
            put_in_place(temporary, final)
        finally:
            temporary.unlink(missing_ok=True)


def _move(source: Path, target: Path) -> None:
    try:
        source.replace(target)
    except OSError as exc:
        if exc.errno != errno.EXDEV:
            raise
        shutil.copyfile(source, target)  # another file system


def _same_size(stored: Path, new: Path) -> bool:
    # A stored file of another size was damaged: the good copy takes its place.
    return stored.is_file() and stored.stat().st_size == new.stat().st_size


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _compare(path: Path, found: str, expected: str) -> None:
    if found != expected:
        raise IntegrityError(f"{path} was changed: its SHA-256 is {found}")
