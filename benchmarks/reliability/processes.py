"""What a process and its children take of the machine, read from ``/proc`` (Linux)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
_GONE = (FileNotFoundError, ProcessLookupError)


@dataclass(frozen=True, slots=True)
class Usage:
    """What one process holds now; ``private_bytes`` is what no file stands behind.

    ``descriptors`` is 0 where only root may count them: Linux before 6.2.
    """

    resident_bytes: int
    private_bytes: int
    descriptors: int
    threads: int
    children: int


def usage(pid: int) -> Usage:
    """Return what the process holds; raises ``FileNotFoundError`` when it is gone.

    Our commands let no other process of their user look into them, so only what everybody may read
    is read here. Source: proc_pid_status(5), "VmRSS", "RssAnon".
    """
    held = _kilobytes((PROC / str(pid) / "status").read_text())
    return Usage(
        resident_bytes=held["VmRSS"] * 1024,
        private_bytes=held["RssAnon"] * 1024,
        descriptors=_descriptors(PROC / str(pid) / "fd"),
        threads=_count(PROC / str(pid) / "task"),
        children=sum(1 for _ in descendants(pid)) - 1,
    )


def tree_cpu_s(pid: int) -> float:
    """Return the CPU seconds of the process, its descendants, and all whom these outlived.

    A process's ``cutime`` and ``cstime`` are those of its children that ended; those alive are
    counted by themselves. Source: proc_pid_stat(5).
    """
    ticks = 0
    for each in descendants(pid):
        with suppress(*_GONE):
            ticks += sum(map(int, _stat(each)[11:15]))
    return ticks / TICKS_A_SECOND


def own_cpu_s(pid: int) -> float:
    """Return the CPU seconds of the process alone."""
    return sum(map(int, _stat(pid)[11:13])) / TICKS_A_SECOND


def descendants(pid: int) -> Iterator[int]:
    """Yield the process and everything it started, as far as it is alive."""
    parents: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdecimal():
            with suppress(*_GONE):
                parents.setdefault(int(_stat(int(entry.name))[1]), []).append(int(entry.name))
    waiting = [pid]
    while waiting:
        each = waiting.pop()
        yield each
        waiting.extend(parents.get(each, ()))


def _descriptors(directory: Path) -> int:
    """Source: proc_pid_fd(5), the size of the directory."""
    if told := directory.stat().st_size:
        return told
    try:
        return _count(directory)
    except PermissionError:
        return 0


def _count(directory: Path) -> int:
    return sum(1 for _ in directory.iterdir())


def _stat(pid: int) -> list[str]:
    """Return the fields after the name, which may hold anything: state, parent …"""
    return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def _kilobytes(text: str) -> dict[str, int]:
    pairs = (line.split() for line in text.splitlines())
    return {words[0].rstrip(":"): int(words[1]) for words in pairs if words[-1:] == ["kB"]}
