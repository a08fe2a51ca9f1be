"""A process, everything it started, and whether any of that outlives it (Linux: ``/proc``)."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
_START_FIELD = 19  # of what follows the name; Source: proc_pid_stat(5), field 22


@dataclass(frozen=True, slots=True)
class Process:
    """One process; with the time of its start, as numbers are given again."""

    pid: int
    parent: int
    started: int

    def alive(self) -> bool:
        """Tell whether it still runs (a zombie does not)."""
        found = _read(self.pid)
        return found is not None and found.started == self.started

    def kill(self) -> None:
        """End it."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


def descendants(pid: int) -> list[Process]:
    """Return every process that ``pid`` or a descendant of it started, as of now."""
    running = list(_running())
    found: list[Process] = []
    parents = {pid}
    while parents:
        children = [process for process in running if process.parent in parents]
        found += children
        parents = {child.pid for child in children}
    return found


def outliving(processes: list[Process], seconds: float) -> list[Process]:
    """Return which of the processes still run after ``seconds``; those are ended."""
    deadline = time.monotonic() + seconds
    while (left := [p for p in processes if p.alive()]) and time.monotonic() < deadline:
        time.sleep(0.02)
    for process in left:
        process.kill()
    return left


def _running() -> Iterator[Process]:
    for entry in PROC.iterdir():
        if entry.name.isdecimal():
            process = _read(int(entry.name))
            if process is not None:
                yield process


def _read(pid: int) -> Process | None:
    try:
        text = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else Process(pid, int(fields[1]), int(fields[_START_FIELD]))
