"""What each process of ours does before anything else. Imports next to nothing."""

import ctypes
import gc
import os
import resource
import sys

LAST_STANDARD_DESCRIPTOR = 2

_PR_SET_DUMPABLE = 4

OBJECTS_WHILE_LOADING = 200_000
"""So many new objects before Python looks for garbage among them: loading libraries makes nearly as
many and no garbage, and with Python's own 700 much of a command's start goes to looking."""

OBJECTS_AT_WORK = 10_000
"""The same for a daemon, whose garbage shall not pile up."""


def begin() -> None:
    """Leave no core dump behind, and hold the descriptors of standard input, output and error.

    A dump would hold tokens. A descriptor that the caller closed would be given to the next file
    that is opened, such as the database, and what is printed would be written into it.
    Source: "How To Corrupt An SQLite Database File", section 2.1.1.

    Nor is the machine searched for other people's plugins of pydantic: none is wanted, and every
    start would wait for the search.
    """
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "1"
    close_memory()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= LAST_STANDARD_DESCRIPTOR:
        os.set_inheritable(descriptor, True)  # for our children the same holds
    os.close(descriptor)
    for number, name in ((1, "stdout"), (2, "stderr")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, "w", encoding="utf-8", closefd=False))


def close_memory() -> None:
    """Keep other processes of the same user from the memory and the environment of this one.

    A decoder that a hostile file has taken over shall not write into its daemon; Linux only. Forked
    children keep it, programs that are started do not. Source: prctl(2), PR_SET_DUMPABLE; proc(5).
    """
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def load_without_looking() -> None:
    """Put off the search for garbage until a command has done more than load itself."""
    gc.set_threshold(OBJECTS_WHILE_LOADING)


def settle() -> None:
    """Begin the long part of a process: what was loaded stays, and is looked through no more."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_AT_WORK)
