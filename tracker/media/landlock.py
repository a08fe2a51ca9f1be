"""Takes a process the right to change any file, and to reach any process that it did not start.

Landlock needs no privilege and cannot be undone. The process keeps reading what it could read, and
may write to ``/dev/null``. It can neither trace what it did not start nor read or write its memory,
not even as root; newer kernels let it send no signal there either.
Source: landlock(7), ``linux/landlock.h``.
"""

from __future__ import annotations

import ctypes
import os

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # on every architecture
_ASK_VERSION = 1
_BENEATH_PATH = 1
_WRITE_FILE = 1 << 1
_REMOVE_AND_MAKE = sum(1 << bit for bit in range(4, 13))
OLDEST_WITH_TRUNCATION = 3
"""The version of Landlock that bars emptying a file; older ones let it be opened so for reading."""

_SINCE = {2: 1 << 13, OLDEST_WITH_TRUNCATION: 1 << 14, 5: 1 << 15}
"""What newer kernels bar as well: links across folders, truncation, ``ioctl`` of devices."""
_SCOPES = 1 << 0 | 1 << 1
"""Named sockets (abstract) and signals stay within the domain."""

OLDEST_WITH_SIGNALS = 6
"""The version of Landlock that knows ``_SCOPES``."""


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _BeneathPath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def keep_from_changes(libc: ctypes.CDLL) -> int:
    """Confine this thread and what it starts; return the kernel's version of Landlock.

    0 where there is none, or none that may be used: nothing has changed then. The thread must have
    given up new privileges.
    """
    version: int = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION)
    if version < 1:
        return 0
    ruleset = _ruleset(libc, version)
    if ruleset < 0:
        return 0
    try:
        _allow_writing(libc, ruleset, os.devnull)
        done: int = libc.syscall(_RESTRICT_SELF, ruleset, 0)
        return version if done == 0 else 0
    finally:
        os.close(ruleset)


def _ruleset(libc: ctypes.CDLL, version: int) -> int:
    """Return the descriptor of a set of rules that forbids all changes, or -1."""
    barred = _WRITE_FILE | _REMOVE_AND_MAKE
    barred |= sum(right for since, right in _SINCE.items() if version >= since)
    scoped = _SCOPES if version >= OLDEST_WITH_SIGNALS else 0
    asked = _Ruleset(barred, 0, scoped)  # fields that an older kernel lacks are zero: it takes them
    size = ctypes.c_size_t(ctypes.sizeof(asked))
    made: int = libc.syscall(_CREATE_RULESET, ctypes.byref(asked), size, 0)
    return made


def _allow_writing(libc: ctypes.CDLL, ruleset: int, path: str) -> None:
    """Let the file at ``path`` be written to; whatever goes wrong leaves it forbidden."""
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    rule = _BeneathPath(_WRITE_FILE, opened)
    libc.syscall(_ADD_RULE, ruleset, _BENEATH_PATH, ctypes.byref(rule), 0)
    os.close(opened)
