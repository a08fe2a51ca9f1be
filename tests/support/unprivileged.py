"""Run a check without the rights of root, which no permission holds back."""

from __future__ import annotations

import os
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534


def as_nobody(check: Callable[[], None]) -> str:
    """Run ``check`` in a child process without privileges; return its traceback, or ""."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os._exit(_in_child(check, writer))
    os.close(writer)
    with os.fdopen(reader) as stream:
        report = stream.read()
    _, status = os.waitpid(child, 0)
    return report or ("" if status == 0 else f"the child ended with {status}")


def _in_child(check: Callable[[], None], writer: int) -> int:
    try:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        check()
    except BaseException:  # noqa: BLE001 - a child has nobody above it to tell
        os.write(writer, traceback.format_exc().encode())
        return 1
    return 0


@contextmanager
def open_directory() -> Iterator[Path]:
    """Yield a directory that everybody can enter (pytest's own are closed to others)."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        directory.chmod(0o755)
        yield directory
