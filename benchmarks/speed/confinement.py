"""What it costs a child process to be confined: ``python -m benchmarks.speed.confinement``.

Processes are forked that end at once, every other one confined before that. Prints the processor
milliseconds of one, with and without: what lies between is paid once for each look at a file.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import resource
import sys
from statistics import median

from tracker.media.confinement import confine

MEMORY_BYTES = 4 * 1024**3
CPU_TIME_S = 60
ROUND = 50
"""So many processes of each kind are measured as one: the system counts in steps."""


def children_cpu_ms() -> float:
    """Return the processor milliseconds of all processes that this one has started and seen end."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime + used.ru_stime) * 1000


def one_child_ms(*, confined: bool, children: int) -> float:
    """Return the processor milliseconds of one child, averaged over ``children``."""
    before = children_cpu_ms()
    for _ in range(children):
        if (pid := os.fork()) == 0:
            if confined:
                confine(memory_bytes=MEMORY_BYTES, cpu_time_s=CPU_TIME_S)
            os._exit(0)
        os.waitpid(pid, 0)
    return (children_cpu_ms() - before) / children


def main() -> int:
    """Measure both kinds in turn and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    ctypes.CDLL(None)  # loaded as it is in the fork server
    found: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(rounds):
        for confined, figures in found.items():
            figures.append(one_child_ms(confined=confined, children=ROUND))
    free, held = median(found[False]), median(found[True])
    print(
        f"processor ms a child, median of {rounds} rounds of {ROUND}: "
        f"not confined {free:.2f}, confined {held:.2f}, difference {held - free:.2f}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
