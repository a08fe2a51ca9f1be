"""Where a process keeps what it is still fetching, and what killed processes left there."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from storage.files import outside_errors, temporary_name


@contextmanager
def own_folder(root: Path) -> Iterator[Path]:
    """Give a folder below ``root`` for this process alone; it is removed at the end.

    Folders whose process has ended are removed first. A process holds its folder by a lock that
    the system gives back however the process ends, so no number or clock can mislead anybody.
    Raises ``OutsideError``.
    """
    with outside_errors(root, "write to"):
        root.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(root)
        folder, descriptor = _made_and_locked(root)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def _made_and_locked(root: Path) -> tuple[Path, int]:
    while True:
        folder = temporary_name(root)
        folder.mkdir()
        descriptor = _locked(folder)
        if descriptor is not None:
            return folder, descriptor


def _remove_abandoned(root: Path) -> None:
    for folder in root.iterdir():
        descriptor = _locked(folder) if folder.is_dir() else None
        if descriptor is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(descriptor)


def _locked(folder: Path) -> int | None:
    """Return a descriptor that holds the folder; ``None`` if another process has or removed it."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        return None
    with suppress(BlockingIOError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if folder.is_dir():  # else it was removed between its making and its locking
            return descriptor
    os.close(descriptor)
    return None
