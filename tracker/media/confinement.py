"""What a process that reads hostile bytes may still do: much less than its user.

``confine`` bounds memory, processor time and files, and takes the network away: a filter on system
calls (seccomp) refuses to make or connect sockets, and refuses the two ways round it (io_uring, and
taking over another process). It needs no privilege, cannot be undone and holds for every program
started from then on, such as ffmpeg. Where there is no such filter the process is moved into a
network of its own with nothing in it (a namespace), if the system lets it.
Source: seccomp(2), prctl(2), unshare(2), getrlimit(2); numbers of ``asm/unistd_64.h`` and
``asm-generic/unistd.h``.
"""

from __future__ import annotations

import ctypes
import platform
import resource
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class NetworkBar(Enum):
    """What keeps a confined process from the network."""

    FILTER = "system calls for the network are refused"
    NAMESPACE = "it is in a network of its own"
    NONE = "nothing but the decoder's own settings"


@dataclass(frozen=True, slots=True)
class _Machine:
    """How one processor architecture names itself and its system calls to a filter."""

    audit_arch: int
    refused: Mapping[str, int]


_X86_64 = _Machine(
    0xC000003E,
    {"socket": 41, "connect": 42, "bind": 49, "ptrace": 101, "process_vm_readv": 310,
     "process_vm_writev": 311, "io_uring_setup": 425},
)  # fmt: skip
_AARCH64 = _Machine(
    0xC00000B7,
    {"socket": 198, "connect": 203, "bind": 200, "ptrace": 117, "process_vm_readv": 270,
     "process_vm_writev": 271, "io_uring_setup": 425},
)  # fmt: skip
_MACHINES = {"x86_64": _X86_64, "aarch64": _AARCH64, "arm64": _AARCH64}
_X32_BIT = 0x40000000
"""Marks the calls of x86's third interface, whose numbers are others. Source: seccomp(2)."""

_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _KILL, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000 | 13  # EACCES
_NUMBER_AT, _ARCH_AT = 0, 4
_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 22, 38
_FILTER_MODE = 2
_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_ushort),
        ("jump_true", ctypes.c_ubyte),
        ("jump_false", ctypes.c_ubyte),
        ("value", ctypes.c_uint),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.POINTER(_Instruction)))


def confine(*, memory_bytes: int, cpu_time_s: int) -> NetworkBar:
    """Bound this process and cut it off, for good; return what keeps it from the network.

    ``memory_bytes`` bounds its address space. Files it writes stay empty, and it leaves no core.
    """
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_time_s, cpu_time_s + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a write to a file fails instead
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    if not sys.platform.startswith("linux"):
        return NetworkBar.NONE
    libc = ctypes.CDLL(None, use_errno=True)
    return _cut_off(libc)


def _cut_off(libc: ctypes.CDLL) -> NetworkBar:
    machine = _MACHINES.get(platform.machine())
    if machine is not None and sys.maxsize > 2**32 and _filtered(libc, machine):
        return NetworkBar.FILTER
    if libc.unshare(_NEW_NETWORK) == 0 or libc.unshare(_NEW_USER | _NEW_NETWORK) == 0:
        return NetworkBar.NAMESPACE
    return NetworkBar.NONE


def _filtered(libc: ctypes.CDLL, machine: _Machine) -> bool:
    instructions = _instructions(machine)
    listed = (_Instruction * len(instructions))(*instructions)
    program = _Program(len(instructions), listed)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    done: int = libc.prctl(_PR_SET_SECCOMP, _FILTER_MODE, ctypes.byref(program), 0, 0)
    return done == 0


def _instructions(machine: _Machine) -> list[_Instruction]:
    """The filter: calls of another architecture end the process, refused ones fail."""
    refused = sorted(machine.refused.values())
    last = len(refused)
    checks = [
        _Instruction(_JUMP_EQUAL, last - index, 0, number) for index, number in enumerate(refused)
    ]
    return [
        _Instruction(_LOAD, 0, 0, _ARCH_AT),
        _Instruction(_JUMP_EQUAL, 1, 0, machine.audit_arch),
        _Instruction(_RETURN, 0, 0, _KILL),
        _Instruction(_LOAD, 0, 0, _NUMBER_AT),
        _Instruction(_JUMP_AT_LEAST, last + 1, 0, _X32_BIT),
        *checks,
        _Instruction(_RETURN, 0, 0, _ALLOW),
        _Instruction(_RETURN, 0, 0, _REFUSE),
    ]
