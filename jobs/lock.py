"""A lock that the system gives back when its holder ends, however it ends.

It is no more than a proof of death: a lease whose holder held this lock is free as soon as the lock
is. The lease itself decides who leads (``leader``).
"""

from __future__ import annotations

import fcntl
import os
import platform
from pathlib import Path
from typing import IO

from storage.files import PRIVATE, outside_errors

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class DaemonLock:
    """The lock of one data directory. ``place`` names it so that no other can be meant."""

    def __init__(self, data_dir: Path) -> None:
        with outside_errors(data_dir, "write to the directory"):
            data_dir.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
            self._file: IO[str] = (data_dir / "daemon.lock").open("w")
        seen = os.fstat(self._file.fileno())
        # The same file of the same running machine: after a reboot nothing is known.
        self.place = f"{_machine()}:{seen.st_dev}:{seen.st_ino}"
        self.held = False

    def acquire(self) -> bool:
        """Try to get the lock, without waiting; return whether it is held now."""
        if not self.held:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            self.held = True
        return True

    def close(self) -> None:
        """Give the lock back."""
        self._file.close()
        self.held = False


def _machine() -> str:
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:  # not Linux
        return platform.node()
