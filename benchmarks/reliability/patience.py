"""Tells a process that hangs from one to which a busy machine gives little time."""

from __future__ import annotations

import contextlib
import time

from benchmarks.reliability.processes import tree_cpu_s

LEAST_CPU_S = 0.1
"""What a process that works has used by the end of ``idle_s``, however many others work too."""


class Patience:
    """How long a process and its children are waited for.

    Until they have used ``busy_s`` of processor time, or next to none for ``idle_s`` of the clock.
    A limit by the clock alone took slow progress among other work for a hang.
    """

    def __init__(self, pid: int, *, busy_s: float, idle_s: float) -> None:
        self._pid = pid
        self._busy_s = busy_s
        self._idle_s = idle_s
        self._seen_cpu_s = 0.0
        self._seen_at = time.monotonic()

    def is_over(self) -> bool:
        """Look at the process once more; tell whether it is to be given up."""
        used_s = self._seen_cpu_s
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            used_s = tree_cpu_s(self._pid)
        if used_s >= self._seen_cpu_s + LEAST_CPU_S:
            self._seen_cpu_s, self._seen_at = used_s, time.monotonic()
        return used_s > self._busy_s or time.monotonic() - self._seen_at > self._idle_s
