"""Where a process keeps what it is still fetching, and what killed processes left there."""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from storage.files import outside_errors, temporary_name
from tracker.errors import OutsideError


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


def keep_temporary_files_together() -> None:
    """Have this process make its temporary files in a folder of its own that goes when it ends.

    What killed processes left goes when the next one calls this. Nothing changes where the
    system's temporary directory cannot be written to, is called by too long a name for sockets,
    or somebody else has our place in it.
    """
    with suppress(OSError, OutsideError):
        root = Path(tempfile.gettempdir()) / f"tracker-{os.getuid()}"
        if tempfile.tempdir in _TOGETHER or len(str(root)) > MAX_ROOT_CHARS:
            return
        root.mkdir(mode=0o700, exist_ok=True)
        found = root.lstat()
        if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid():
            held = ExitStack()
            tempfile.tempdir = str(held.enter_context(own_folder(root)))
            _at_the_end(held.close)
            _TOGETHER.add(tempfile.tempdir)


AFTER_MULTIPROCESSING = -200
"""Source: Python's multiprocessing.util, which ends with the exit priority -100."""

MAX_ROOT_CHARS = 40
"""107 bytes name a socket; 34 of them are multiprocessing's, the rest the folder's own name."""

_TOGETHER: set[str] = set()
"""The folder that this process has, once it has one."""


def _at_the_end(close: Callable[[], None]) -> None:
    """Have ``close`` called at the end of the process, after multiprocessing's own end.

    That removes a folder of its own within ours, and calls it an error if it is gone. What was
    registered first is called last, so if it is not loaded yet nothing needs to be loaded now.
    """
    loaded = sys.modules.get("multiprocessing.util")
    if loaded is None:
        atexit.register(close)
    else:
        loaded.Finalize(None, close, exitpriority=AFTER_MULTIPROCESSING)


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
