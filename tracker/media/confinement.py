"""What a process that reads hostile bytes may still do: much less than its user.

``confine`` bounds memory, processor time and files, and takes away the network, every change of a
file and every other process, by means of the kernel that need no privilege, cannot be undone and
hold for every program started from then on, such as ffmpeg:

- Landlock (``landlock``): no file is changed, nothing outside is traced or signalled;
- a filter on system calls (``system_calls``) refuses sockets and the ways round that (io_uring,
  taking over another process), what Landlock does not look after (modes, owners, times, locks,
  limits and priorities of others), and where there is no Landlock what it would have barred;
- capabilities, which root has, are given up but for reading;
- where there is no filter the process is moved into a network of its own with nothing in it.

It still reads what its user may read. Where there is no Landlock, other processes of ours keep it
from their memory themselves (``process_start.close_memory``).
Source: capabilities(7), prctl(2), unshare(2), getrlimit(2), proc(5).
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from dataclasses import dataclass
from enum import Enum

from tracker.media.landlock import (
    OLDEST_WITH_SIGNALS,
    OLDEST_WITH_TRUNCATION,
    keep_from_changes,
)
from tracker.media.system_calls import MACHINE, ArgumentRule, refuse


class NetworkBar(Enum):
    """What keeps a confined process from the network."""

    FILTER = "system calls for the network are refused"
    NAMESPACE = "it is in a network of its own"
    NONE = "nothing but the decoder's own settings"


class ChangeBar(Enum):
    """What keeps a confined process from changing files, or from reaching other processes."""

    LANDLOCK = "Landlock"
    FILTER = "system calls for that are refused"
    NONE = "nothing but its user's rights"


@dataclass(frozen=True, slots=True)
class Bars:
    """What holds a confined process."""

    network: NetworkBar = NetworkBar.NONE
    files: ChangeBar = ChangeBar.NONE
    processes: ChangeBar = ChangeBar.NONE

    @property
    def complete(self) -> bool:
        """Whether nothing is left to the decoder's settings or the user's rights."""
        none = {NetworkBar.NONE, ChangeBar.NONE}
        return none.isdisjoint((self.network, self.files, self.processes))


_REFUSED = frozenset({
    "socket", "connect", "bind", "io_uring_setup", "io_uring_enter", "io_uring_register",
    # other processes: their memory, descriptors, pace
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "process_mrelease",
    "kcmp", "move_pages", "migrate_pages", "perf_event_open", "bpf", "pidfd_open", "pidfd_getfd",
    "pidfd_send_signal", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "setpriority", "ioprio_set",
    "sched_setparam", "sched_setscheduler", "sched_setaffinity", "sched_setattr",
    "setpgid", "setsid",  # it is ended as a group
    # files
    "openat2", "creat", "open_by_handle_at", "truncate", "mknod", "mknodat", "mkdir", "mkdirat",
    "rmdir", "unlink", "unlinkat", "rename", "renameat", "renameat2", "link", "linkat", "symlink",
    "symlinkat", "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "lchown", "fchown",
    "fchownat", "utime", "utimes", "futimesat", "utimensat", "setxattr", "lsetxattr", "fsetxattr",
    "setxattrat", "removexattr", "lremovexattr", "fremovexattr", "removexattrat", "file_setattr",
    "flock",
    # what processes share by number or name
    "shmat", "shmctl", "semop", "semtimedop", "semctl", "msgsnd", "msgrcv", "msgctl", "mq_open",
    "mq_unlink", "add_key", "request_key", "keyctl",
})  # fmt: skip
_LOCKS_AND_OWNERS = (5, 6, 7, 8, 15, 36, 37, 38)
"""``fcntl`` sets locks, or has the system signal others. Source: ``asm-generic/fcntl.h``."""
_TERMINALS_AND_OWNERS = (0x5412, 0x541C, 0x8901, 0x8902)
"""``ioctl`` types for the user (TIOCSTI, TIOCLINUX), or has the system signal others (FIOSETOWN,
SIOCSPGRP). Source: ioctl_tty(2), ``asm-generic/sockios.h``."""
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC

_PR_SET_NO_NEW_PRIVS = 38
_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000
_CAPABILITIES_VERSION = 0x20080522
_DAC_READ_SEARCH = 1 << 2


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Capabilities(ctypes.Structure):
    _fields_ = tuple(
        (f"{kind}_{half}", ctypes.c_uint32)
        for half in ("low", "high")
        for kind in ("effective", "permitted", "inheritable")
    )


_in_force = Bars()


def bars_in_force() -> Bars:
    """Return what holds this process since it was confined."""
    return _in_force


def confine(*, memory_bytes: int, cpu_time_s: int) -> Bars:
    """Bound this process and cut it off, for good; return what holds it.

    ``memory_bytes`` bounds its address space. Files it writes stay empty, and it leaves no core.
    Only the thread that calls this and what it starts are cut off: there must be no other yet.
    """
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_time_s, cpu_time_s + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a write to a file fails instead
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    global _in_force  # it holds for the whole process, and for good
    if sys.platform.startswith("linux"):
        _in_force = _cut_off(ctypes.CDLL(None, use_errno=True))
    return _in_force


def _cut_off(libc: ctypes.CDLL) -> Bars:
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    landlock = keep_from_changes(libc)
    filtered = MACHINE is not None and refuse(
        libc, MACHINE, calls=_refused(landlock), rules=_rules(landlock)
    )
    network = NetworkBar.FILTER if filtered else _own_network(libc)
    _give_up_capabilities(libc)
    otherwise = ChangeBar.FILTER if filtered else ChangeBar.NONE
    return Bars(
        network,
        files=ChangeBar.LANDLOCK if landlock else otherwise,
        processes=ChangeBar.LANDLOCK if landlock >= OLDEST_WITH_SIGNALS else otherwise,
    )


def _refused(landlock: int) -> frozenset[str]:
    return _REFUSED if landlock >= OLDEST_WITH_SIGNALS else _REFUSED | {"tkill"}


def _rules(landlock: int) -> list[ArgumentRule]:
    """Return what of a call's arguments is allowed, and more of it where Landlock does less."""
    itself = (0, os.getpid())
    rules = [
        ArgumentRule("prlimit64", 0, only=itself),
        ArgumentRule("fcntl", 1, never=_LOCKS_AND_OWNERS),
        ArgumentRule("ioctl", 1, never=_TERMINALS_AND_OWNERS),
    ]
    if landlock < OLDEST_WITH_SIGNALS:  # a program it starts can be ended with its group only
        rules += [ArgumentRule(call, 0, only=itself) for call in ("kill", "tgkill")]
    if landlock < OLDEST_WITH_TRUNCATION:
        opening = os.O_TRUNC if landlock else _WRITING
        rules += [
            ArgumentRule("open", 1, never_bits=opening),
            ArgumentRule("openat", 2, never_bits=opening),
        ]
    return rules


def _own_network(libc: ctypes.CDLL) -> NetworkBar:
    if libc.unshare(_NEW_NETWORK) == 0 or libc.unshare(_NEW_USER | _NEW_NETWORK) == 0:
        return NetworkBar.NAMESPACE
    return NetworkBar.NONE


def _give_up_capabilities(libc: ctypes.CDLL) -> None:
    """Keep no privilege but that of reading any file, where there was one.

    Root would lift its own limits and reach other processes; the file it is given may be another's.
    """
    header, held = _CapabilityHeader(_CAPABILITIES_VERSION, 0), _Capabilities()
    if libc.capget(ctypes.byref(header), ctypes.byref(held)) == 0:
        kept = held.permitted_low & _DAC_READ_SEARCH
        left = _Capabilities(effective_low=kept, permitted_low=kept)
        libc.capset(ctypes.byref(header), ctypes.byref(left))
