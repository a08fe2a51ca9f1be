"""One daemon an archive: two would fetch everything twice."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tracker.errors import OutsideError


@contextmanager
def the_only_daemon(data_dir: Path) -> Iterator[None]:
    """Hold the archive's daemon lock; raises ``OutsideError`` if another process has it.

    The system gives the lock back when its holder ends, however it ends.
    """
    with (data_dir / "daemon.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise OutsideError(
                f"`tracker run` is already at work on {data_dir}; it needs no second one"
            ) from exc
        yield
