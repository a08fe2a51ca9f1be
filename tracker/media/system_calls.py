"""A filter (seccomp) that refuses a process chosen system calls, for good.

It needs no privilege, cannot be undone and holds for every program started from then on, such as
ffmpeg. It sees numbers and plain arguments, no paths. A call that is refused fails with "permission
denied"; one of another architecture, whose numbers are others, ends the process.
Source: seccomp(2); numbers of ``asm/unistd_64.h`` and ``asm-generic/unistd.h``.
"""

from __future__ import annotations

import ctypes
import platform
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Machine:
    """How one processor architecture names itself to a filter, and the numbers of its calls."""

    audit_arch: int
    numbers: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ArgumentRule:
    """A call that is allowed or refused by one of its arguments, of which 32 bits are looked at.

    It is allowed with one of ``only``, where there are any; otherwise refused with one of ``never``
    or with any bit of ``never_bits``.
    """

    call: str
    argument: int
    only: tuple[int, ...] = ()
    never: tuple[int, ...] = ()
    never_bits: int = 0


_NUMBERS: dict[str, tuple[int | None, int | None]] = {
    "socket": (41, 198), "connect": (42, 203), "bind": (49, 200),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "process_madvise": (440, 440), "process_mrelease": (448, 448), "kcmp": (312, 272),
    "move_pages": (279, 239), "migrate_pages": (256, 238), "perf_event_open": (298, 241),
    "bpf": (321, 280), "pidfd_open": (434, 434), "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424), "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240), "kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131),
    "setpgid": (109, 154), "setsid": (112, 157), "prlimit64": (302, 261),
    "setpriority": (141, 140), "ioprio_set": (251, 30), "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119), "sched_setaffinity": (203, 122), "sched_setattr": (314, 274),
    "open": (2, None), "openat": (257, 56), "openat2": (437, 437), "creat": (85, None),
    "open_by_handle_at": (304, 265), "truncate": (76, 45), "mknod": (133, None),
    "mknodat": (259, 33), "mkdir": (83, None), "mkdirat": (258, 34), "rmdir": (84, None),
    "unlink": (87, None), "unlinkat": (263, 35), "rename": (82, None), "renameat": (264, 38),
    "renameat2": (316, 276), "link": (86, None), "linkat": (265, 37), "symlink": (88, None),
    "symlinkat": (266, 36), "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53),
    "fchmodat2": (452, 452), "chown": (92, None), "lchown": (94, None), "fchown": (93, 55),
    "fchownat": (260, 54), "utime": (132, None), "utimes": (235, None), "futimesat": (261, None),
    "utimensat": (280, 88), "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7),
    "setxattrat": (463, 463), "removexattr": (197, 14), "lremovexattr": (198, 15),
    "fremovexattr": (199, 16), "removexattrat": (466, 466), "file_setattr": (469, 469),
    "flock": (73, 32), "fcntl": (72, 25), "ioctl": (16, 29),
    "shmat": (30, 196), "shmctl": (31, 195), "semop": (65, 193), "semtimedop": (220, 192),
    "semctl": (66, 191), "msgsnd": (69, 189), "msgrcv": (70, 188), "msgctl": (71, 187),
    "mq_open": (240, 180), "mq_unlink": (241, 181),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    "landlock_create_ruleset": (444, 444),
}  # fmt: skip
"""The number of each call on x86-64 and on arm64, which lacks some old ones."""


def _machine() -> Machine | None:
    """Return what this machine is, or None where its numbers are not known."""
    column = {"x86_64": 0, "aarch64": 1, "arm64": 1}.get(platform.machine())
    if column is None or sys.maxsize <= 2**32 or not sys.platform.startswith("linux"):
        return None
    pairs = ((name, numbers[column]) for name, numbers in _NUMBERS.items())
    known = {name: number for name, number in pairs if number is not None}
    return Machine((0xC000003E, 0xC00000B7)[column], known)


MACHINE = _machine()

_X32_BIT = 0x40000000
"""Marks the calls of x86's third interface, whose numbers are others. Source: seccomp(2)."""

_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000 | 13  # EACCES
_NUMBER_AT, _ARCH_AT, _ARGUMENTS_AT, _ARGUMENT_BYTES = 0, 4, 16, 8
_PR_SET_SECCOMP = 22
_FILTER_MODE = 2


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_ushort),
        ("jump_true", ctypes.c_ubyte),
        ("jump_false", ctypes.c_ubyte),
        ("value", ctypes.c_uint),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.POINTER(_Instruction)))


def refuse(
    libc: ctypes.CDLL,
    machine: Machine,
    *,
    calls: Collection[str],
    rules: Collection[ArgumentRule] = (),
) -> bool:
    """Refuse this thread and what it starts ``calls``, and others by ``rules``.

    Returns whether the system took the filter. The thread must have given up new privileges.
    """
    instructions = list(_instructions(machine, calls, rules))
    listed = (_Instruction * len(instructions))(*instructions)
    program = _Program(len(instructions), listed)
    done: int = libc.prctl(_PR_SET_SECCOMP, _FILTER_MODE, ctypes.byref(program), 0, 0)
    return done == 0


def _instructions(
    machine: Machine, calls: Collection[str], rules: Collection[ArgumentRule]
) -> Iterator[_Instruction]:
    yield _Instruction(_LOAD, 0, 0, _ARCH_AT)
    yield _Instruction(_JUMP_EQUAL, 1, 0, machine.audit_arch)
    yield _Instruction(_RETURN, 0, 0, _KILL)
    yield _Instruction(_LOAD, 0, 0, _NUMBER_AT)
    yield _Instruction(_JUMP_AT_LEAST, 0, 1, _X32_BIT)
    yield _Instruction(_RETURN, 0, 0, _REFUSE)
    for rule in rules:
        if rule.call in machine.numbers:
            yield from _judged(rule, machine.numbers[rule.call])
    refused = sorted(number for name, number in machine.numbers.items() if name in calls)
    for left, number in zip(range(len(refused), 0, -1), refused, strict=True):
        yield _Instruction(_JUMP_EQUAL, left, 0, number)
    yield _Instruction(_RETURN, 0, 0, _ALLOW)
    yield _Instruction(_RETURN, 0, 0, _REFUSE)


def _judged(rule: ArgumentRule, number: int) -> Iterator[_Instruction]:
    """Yield what decides about a call with ``number``, and passes over any other."""
    checks = [(_JUMP_EQUAL, value) for value in rule.only or rule.never]
    if rule.never_bits:
        checks.append((_JUMP_ANY_BIT, rule.never_bits))
    met, otherwise = (_ALLOW, _REFUSE) if rule.only else (_REFUSE, _ALLOW)
    yield _Instruction(_JUMP_EQUAL, 0, len(checks) + 3, number)
    yield _Instruction(_LOAD, 0, 0, _ARGUMENTS_AT + _ARGUMENT_BYTES * rule.argument)
    for left, (code, value) in zip(range(len(checks), 0, -1), checks, strict=True):
        yield _Instruction(code, left, 0, value)
    yield _Instruction(_RETURN, 0, 0, otherwise)
    yield _Instruction(_RETURN, 0, 0, met)
