"""What a child that a hostile file has taken over may do to others: nothing, whatever it tries.

Each attempt is made in a real child, once with all that this kernel has and once in a process that
may not use Landlock, as on an older kernel or in a container that refuses it.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from multiprocessing import forkserver
from pathlib import Path

import pytest

from tracker.media.child_process import ChildLimits, ChildProcessExecutor
from tracker.media.confinement import ChangeBar, bars_in_force
from tracker.media.system_calls import MACHINE

pytestmark = pytest.mark.skipif(
    MACHINE is None, reason="what bars a child is Linux's, on processors whose calls are known"
)

Attempt = Callable[[Path, int], object]
Outcomes = tuple[Path, dict[str, dict[str, str]]]
DONE = "done"


def open_as(path: str | Path, flags: int) -> None:
    os.close(os.open(path, flags))


def with_file(path: Path, call: Callable[[int], object]) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        call(descriptor)
    finally:
        os.close(descriptor)


CHANGES: dict[str, Attempt] = {
    "open for writing": lambda here, _: open_as(here / "kept", os.O_WRONLY),
    "open for both": lambda here, _: open_as(here / "kept", os.O_RDWR),
    "truncate by opening": lambda here, _: open_as(here / "emptied", os.O_TRUNC),
    "truncate": lambda here, _: os.truncate(here / "kept", 4),
    "create": lambda here, _: open_as(here / "made", os.O_CREAT),
    "create without a name": lambda here, _: open_as(here, os.O_TMPFILE | os.O_RDWR),
    "chmod": lambda here, _: (here / "kept").chmod(0o600),
    "chmod of an open file": lambda here, _: with_file(
        here / "kept", lambda file: os.fchmod(file, 0o600)
    ),
    "chown": lambda here, _: os.chown(here / "kept", os.getuid(), -1),
    "change the times": lambda here, _: os.utime(here / "kept", (1, 1)),
    "lock": lambda here, _: with_file(
        here / "kept", lambda file: fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    ),
    "lock a part": lambda here, _: with_file(
        here / "kept", lambda file: fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    ),
    "make a folder": lambda here, _: (here / "folder").mkdir(),
    "make a symbolic link": lambda here, _: (here / "symbolic").symlink_to("kept"),
    "make a link": lambda here, _: (here / "link").hardlink_to(here / "kept"),
    "make a pipe": lambda here, _: os.mkfifo(here / "pipe"),
    "remove a folder": lambda here, _: (here / "empty").rmdir(),
    "rename": lambda here, _: (here / "renamed").rename(here / "anew"),
    "unlink": lambda here, _: (here / "unlinked").unlink(),
}
"""What changes files: each is possible for whoever owns the folder."""

REACHES: dict[str, Attempt] = {
    "write memory": lambda _, pid: open_as(f"/proc/{pid}/mem", os.O_RDWR),
    "read memory": lambda _, pid: open_as(f"/proc/{pid}/mem", os.O_RDONLY),
    "read the environment": lambda _, pid: Path(f"/proc/{pid}/environ").read_bytes(),
    "be known to exist": lambda _, pid: os.kill(pid, 0),
    "be known to exist, as a group": lambda _, pid: os.killpg(os.getpgid(pid), 0),
    "be held": lambda _, pid: signal.pidfd_send_signal(os.pidfd_open(pid), 0),
    "have its limits set": lambda _, pid: resource.prlimit(
        pid, resource.RLIMIT_CORE, resource.prlimit(pid, resource.RLIMIT_CORE)
    ),
    "have its limits read": lambda _, pid: resource.prlimit(pid, resource.RLIMIT_CORE),
    "be made slow": lambda _, pid: os.setpriority(
        os.PRIO_PROCESS, pid, os.getpriority(os.PRIO_PROCESS, pid)
    ),
    "be moved": lambda _, pid: os.sched_setaffinity(pid, os.sched_getaffinity(pid)),
}
"""What another process of the same user may suffer. Signal 0 is a signal that does nothing."""

ESCAPES: dict[str, Attempt] = {
    "leave the group": lambda _here, _pid: os.setpgid(0, 0),
    "have others signalled": lambda here, pid: with_file(
        here / "kept", lambda file: fcntl.fcntl(file, fcntl.F_SETOWN, pid)
    ),
    "lift a limit": lambda _here, _pid: resource.setrlimit(
        resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    ),
}
"""What would let a child live longer or do more than it may."""

STILL_DONE: dict[str, Attempt] = {
    "read a file": lambda here, _: (here / "kept").read_bytes(),
    "list a folder": lambda here, _: list(here.iterdir()),
    "read about itself": lambda _here, _pid: Path("/proc/self/status").read_bytes(),
    "lower a limit": lambda _here, _pid: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)),
    "know itself": lambda _here, _pid: os.kill(os.getpid(), 0),
    "know its group": lambda _here, _pid: os.killpg(0, 0),
    "run a program": lambda _here, _pid: subprocess.run(["true"], check=True),
}
"""What decoding needs."""

EVERYTHING = CHANGES | REACHES | ESCAPES | STILL_DONE


def tried(folder: str, pid: int, names: list[str]) -> dict[str, str]:
    """Return what came of each attempt: done, or the name of the system's refusal."""
    return {name: outcome(EVERYTHING[name], Path(folder), pid) for name in names}


def outcome(attempt: Attempt, folder: Path, pid: int) -> str:
    try:
        attempt(folder, pid)
    except OSError as exc:
        return errno.errorcode[exc.errno or 0]
    except ValueError:  # how ``resource`` tells that a limit may not be raised
        return "EPERM"
    return DONE


def pipes_to_write_to() -> int:
    """Return on how many pipes, besides the standard streams, somebody may listen."""
    found = 0
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - names, not paths
        place = Path("/proc/self/fd") / name
        if int(name) > 2 and place.is_symlink() and place.is_fifo():
            found += fcntl.fcntl(int(name), fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY
    return found


def furnish(folder: Path) -> Path:
    folder.mkdir()
    for name in ("kept", "emptied", "renamed", "unlinked"):
        (folder / name).write_bytes(b"as it was")
    (folder / "empty").mkdir()
    return folder


def children_try(folder: str) -> dict[str, dict[str, str]]:
    """Return what children may do to files, to this process and to its fork server, and why not."""
    with ChildProcessExecutor(1, ChildLimits(wall_time_s=60)) as executor:
        executor.warm_up()
        server = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]  # no other way
        asked = {
            "daemon": (os.getpid(), list(EVERYTHING)),
            "fork server": (server, list(REACHES)),
        }
        bars = executor.submit(bars_in_force).result()
        return {"held by": {"files": bars.files.name, "processes": bars.processes.name}} | {
            whom: executor.submit(tried, folder, pid, names).result()
            for whom, (pid, names) in asked.items()
        }


AS_THE_KERNEL_HAS_IT = """
import json, sys
from tracker.process_start import begin
from tests.unit.test_confinement import children_try
begin()
print(json.dumps(children_try(sys.argv[1])))
"""

WITHOUT_LANDLOCK = """
import ctypes
from tracker.media.system_calls import MACHINE, refuse
libc = ctypes.CDLL(None)
assert MACHINE is not None
refuse(libc, MACHINE, calls={"landlock_create_ruleset"})
"""


@pytest.fixture(scope="module", params=["as the kernel has it", "without Landlock"])
def outcomes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    folder = furnish(tmp_path_factory.mktemp("confined") / "files")
    before = WITHOUT_LANDLOCK if request.param == "without Landlock" else ""
    done = subprocess.run(
        [sys.executable, "-c", before + AS_THE_KERNEL_HAS_IT, str(folder)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return folder, json.loads(done.stdout)


@pytest.mark.parametrize("name", [*CHANGES, *REACHES, *ESCAPES])
def test_a_child_may_not(name: str, outcomes: Outcomes) -> None:
    assert outcomes[1]["daemon"][name] in {"EACCES", "EPERM"}


@pytest.mark.parametrize("name", REACHES)
def test_nor_reach_the_fork_server(name: str, outcomes: Outcomes) -> None:
    assert outcomes[1]["fork server"][name] in {"EACCES", "EPERM"}


def test_what_it_tried_left_no_trace(outcomes: Outcomes) -> None:
    folder, _ = outcomes
    assert sorted(path.name for path in folder.iterdir()) == [
        "emptied", "empty", "kept", "renamed", "unlinked",
    ]  # fmt: skip
    assert {path.read_bytes() for path in folder.iterdir() if path.is_file()} == {b"as it was"}


def test_a_child_knows_what_holds_it(outcomes: Outcomes, request: pytest.FixtureRequest) -> None:
    told = outcomes[1]["held by"]
    if "without Landlock" in request.node.name:
        assert set(told.values()) == {ChangeBar.FILTER.name}
    else:
        assert ChangeBar.NONE.name not in told.values()


@pytest.mark.parametrize("name", STILL_DONE)
def test_a_child_still_may(name: str, outcomes: Outcomes) -> None:
    assert outcomes[1]["daemon"][name] == DONE


def test_nobody_but_who_asked_listens_to_a_child() -> None:
    with ChildProcessExecutor(2, ChildLimits(wall_time_s=60)) as executor:
        executor.warm_up()
        beside = executor.submit(time.sleep, 3)
        assert executor.submit(pipes_to_write_to).result() == 1
        assert not beside.done()


def test_what_a_child_may_not_change_its_user_may(tmp_path: Path) -> None:
    folder = furnish(tmp_path / "files")
    assert set(tried(str(folder), os.getpid(), list(CHANGES)).values()) == {DONE}
