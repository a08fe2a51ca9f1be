"""Files that are either complete or absent, and the one mapping of the disk's errors."""

from __future__ import annotations

import errno
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tracker.errors import OutsideError

REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.EROFS: "the file system is read-only",
    errno.ENAMETOOLONG: "the name is too long",
    errno.EMFILE: "too many files are open",
    errno.EIO: "the disk reported an error",
    errno.EEXIST: "something else is in its place",
    errno.ENOTDIR: "a part of the path is no directory",
    errno.ENOENT: "it does not exist",
    errno.EISDIR: "it is a directory",
}
READ_ONLY = 0o444
PRIVATE = 0o700
TEMPORARY_SUFFIX = ".tmp"
TEMPORARY_MAX_AGE_S = 24 * 3600
_STARTED_AT = time.time()


@contextmanager
def outside_errors(path: Path, action: str) -> Iterator[None]:
    """Turn an ``OSError`` raised inside into ``OutsideError``: "cannot ACTION PATH: reason"."""
    try:
        yield
    except OSError as exc:
        reason = REASONS.get(exc.errno or 0) or exc.strerror or "the system refused"
        raise OutsideError(f"cannot {action} {path}: {reason}") from exc


def make_private(directory: Path) -> None:
    """Make the directory, for its owner alone, where there is none; raises ``OutsideError``."""
    with outside_errors(directory, "create the directory"):
        directory.mkdir(mode=PRIVATE, parents=True, exist_ok=True)


def temporary_name(directory: Path) -> Path:
    """Return a new path in ``directory`` whose name says which process writes it."""
    return directory / f"{os.getpid()}-{secrets.token_hex(8)}{TEMPORARY_SUFFIX}"


def put_in_place(temporary: Path, final: Path) -> None:
    """Give a complete temporary file its final name, so that a crash leaves all or nothing.

    The file is on disk before it is named and the name is on disk before this returns.
    """
    with temporary.open("rb") as stream:
        os.fsync(stream.fileno())
    temporary.chmod(READ_ONLY)
    _make_directories(final.parent)
    temporary.replace(final)
    sync_directory(final.parent)


def write_in_place(final: Path, body: bytes, temporary_directory: Path) -> None:
    """Write ``body`` under a temporary name, then ``put_in_place``; leaves nothing on failure."""
    temporary_directory.mkdir(parents=True, exist_ok=True)
    temporary = temporary_name(temporary_directory)
    try:
        temporary.write_bytes(body)
        put_in_place(temporary, final)
    finally:
        temporary.unlink(missing_ok=True)


def settle(final: Path) -> None:
    """Make sure of a file found in place: who put it there may have been killed before doing so."""
    sync_directory(final.parent)


def sync_directory(directory: Path) -> None:
    """Make the names in ``directory`` survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_leftovers(directory: Path) -> int:
    """Delete temporary files whose process is gone; return how many."""
    if not directory.is_dir():
        return 0
    leftovers = [path for path in directory.glob(f"*{TEMPORARY_SUFFIX}") if _is_abandoned(path)]
    for path in leftovers:
        path.unlink(missing_ok=True)
    return len(leftovers)


def _make_directories(directory: Path) -> None:
    if directory.is_dir():
        return
    _make_directories(directory.parent)
    directory.mkdir(exist_ok=True)
    sync_directory(directory.parent)


def _is_abandoned(path: Path) -> bool:
    process = path.name.partition("-")[0]
    if not process.isdecimal() or not _is_running(int(process)):
        return True
    try:
        modified_at = path.stat().st_mtime
    except FileNotFoundError:
        return False
    if int(process) == os.getpid():  # in a container every start has the same number
        return modified_at < _STARTED_AT
    # The number may have been given to another process since.
    return time.time() - modified_at > TEMPORARY_MAX_AGE_S


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
