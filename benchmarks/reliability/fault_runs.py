"""One fault after the other, each in a process of its own, and what came of it."""

from __future__ import annotations

import contextlib
import errno
import multiprocessing
import os
import shutil
import signal
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchmarks.reliability.patience import Patience
from benchmarks.reliability.reposts import serve_world
from benchmarks.reliability.shim import Call, install
from benchmarks.reliability.state import differences
from benchmarks.reliability.steps import STEPS, TurnedClock, Work, result_of, run_step

POSTS = 3
BUSY_S, IDLE_S = 240.0, 240.0
"""A run that used so much processor time, or next to none for so long, hangs: one takes ten."""

SMALL_DISK_MB = 24
KILL, FULL_DISK = "kill -9", "full disk"
LATER = timedelta(days=2)
"""Longer than any pause after a failure."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens where: the first call of ``operation`` in ``step`` from that ``site``."""

    step: str
    operation: str
    site: str
    error: str

    def __str__(self) -> str:
        return f"{self.step}: {self.operation} at {self.site}: {self.error}"


@dataclass(frozen=True, slots=True)
class Calm:
    """The undisturbed run: where it called, every call but statements, what it came to."""

    places: tuple[tuple[str, str, str], ...]
    calls: tuple[Call, ...]
    state: dict[str, Counter[Any]]
    wrong: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one run with a fault."""

    fault: Fault
    hit: bool
    said: tuple[str, ...]
    wrong: tuple[str, ...]


# --- what goes wrong ---------------------------------------------------------------------------

_DISK = {
    "no space": errno.ENOSPC,
    "disk error": errno.EIO,
    "no permission": errno.EACCES,
    "too many files": errno.EMFILE,
}
_DATABASE = {
    "locked": (sqlite3.SQLITE_BUSY, "database is locked"),
    "database disk error": (sqlite3.SQLITE_IOERR, "disk I/O error"),
    "database full": (sqlite3.SQLITE_FULL, "database or disk is full"),
    "cannot open": (sqlite3.SQLITE_CANTOPEN, "unable to open database file"),
}
_FITTING = {
    "open": ("no space", "no permission", "disk error", "too many files"),
    "write": ("no space", "disk error"),
    "fsync": ("disk error", "no space"),
    "connect": ("cannot open",),
    "statement": ("locked", "database disk error", "database full"),
    "commit": ("database full", "database disk error", "locked"),
}
_ANY_OTHER = ("no permission", "no space", "disk error")
CLEAR = (
    "the disk is full", "permission denied", "the disk reported an error",
    "too many files are open",
    "is locked by another process", "cannot be read or written", "cannot grow because the disk",
    "cannot be opened", "is missing", "No space left", "Permission denied", "Input/output error",
    "Too many open files",
    # as SQLite says it of the file of turns, which the sentence names
    "database is locked", "unable to open database file", "disk I/O error",
    "database or disk is full",
)  # fmt: skip


def error_of(name: str, subject: str) -> Exception:
    """Return the error as the system or the library raises it."""
    if name in _DISK:
        return OSError(_DISK[name], os.strerror(_DISK[name]), subject)
    code, text = _DATABASE[name]
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = code
    return error


def once_each(calls: Sequence[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Return every place once: in the last step that comes by, from where least is to be redone.

    Of the statements that make the tables, which are one transaction, every eighth.
    """
    last = {(operation, site): step for step, operation, site in calls}
    places = [(step, operation, site) for (operation, site), step in last.items()]
    making = [place for place in places if "storage/migrations/" in place[2]]
    left_out = set(making) - set(making[::8])
    return [place for place in places if place not in left_out]


def faults_at(calls: Sequence[tuple[str, str, str]], seed: int) -> list[Fault]:
    """Return one fault for each place, its kind going round those that fit."""
    found = []
    for number, (step, operation, site) in enumerate(calls, seed):
        fitting = _FITTING.get(operation, _ANY_OTHER)
        found.append(Fault(step, operation, site, fitting[number % len(fitting)]))
    return found


def kills_at(calls: Sequence[tuple[str, str, str]]) -> list[Fault]:
    """Return a kill just before each call that changes something."""
    return [Fault(*place, KILL) for place in calls if place[1] not in ("statement", "connect")]


def full_disks() -> list[Fault]:
    """Return a full disk for each step."""
    return [Fault(step, "any", "anywhere", FULL_DISK) for step in STEPS]


Choice = Callable[[Calm], Sequence[Fault]]
"""Says which faults to try, given the undisturbed run."""


# --- runs, each in a process of its own ----------------------------------------------------------


def undisturbed(work: Work, sender: Connection) -> None:
    """Do every step, keeping a copy of the archive before each; send ``Calm``."""
    clock, now = TurnedClock(), "start"
    places: dict[tuple[str, str, str], None] = {}
    calls: list[Call] = []

    def note(call: Call) -> None:
        places.setdefault((now, call.operation, call.site))
        if call.operation != "statement":
            calls.append(call)

    install(work.data, note)
    failed: list[str] = []
    for step in STEPS:
        if work.data.exists():
            shutil.copytree(work.data, work.root / "before" / step)
        now = step
        failed += map(str, run_step(work, clock, step))
        clock.at += timedelta(seconds=1)
    found = tuple(places)  # what is called from here on belongs to no step
    state, wrong = result_of(work, clock)
    sender.send(Calm(found, tuple(calls), state, (*failed, *wrong)))


def with_fault(
    work: Work, fault: Fault, expected: dict[str, Counter[Any]], sender: Connection
) -> None:
    """Do the step with the fault, then it and all later ones without; send the outcome.

    Where the fault is a kill this process ends there and sends nothing: see ``after_kill``.
    """
    clock, hits = _clock_of(fault), list[Call]()
    armed = True

    def ask(call: Call) -> Exception | None:
        if not armed or hits or (call.operation, call.site) != (fault.operation, fault.site):
            return None
        if fault.error == KILL:
            os.kill(os.getpid(), signal.SIGKILL)
        hits.append(call)
        return error_of(fault.error, call.subject)

    install(work.data, ask)
    said, wrong = _faulted_step(work, clock, fault)
    armed = False
    wrong += _made_good(work, clock, fault, expected)
    sender.send(Outcome(fault, bool(hits), tuple(said), tuple(wrong)))


def after_kill(
    work: Work, fault: Fault, expected: dict[str, Counter[Any]], sender: Connection
) -> None:
    """Do the step that was killed and all later ones; send the outcome."""
    wrong = _made_good(work, _clock_of(fault), fault, expected)
    sender.send(Outcome(fault, True, (), tuple(wrong)))


def on_full_disk(
    work: Work, fault: Fault, expected: dict[str, Counter[Any]], sender: Connection
) -> None:
    """Do the step while the disk has no room left, make room, do it anew; send the outcome."""
    clock, ballast = _clock_of(fault), work.root / "ballast"
    _fill(ballast)
    said, wrong = _faulted_step(work, clock, fault)
    ballast.unlink()
    wrong += _made_good(work, clock, fault, expected)
    sender.send(Outcome(fault, True, tuple(said), tuple(wrong)))


def _fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file:
        for size_bytes in (1 << 20, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(bytes(size_bytes))


def _clock_of(fault: Fault) -> TurnedClock:
    clock = TurnedClock()
    clock.at += timedelta(seconds=list(STEPS).index(fault.step))
    return clock


def _made_good(
    work: Work, clock: TurnedClock, fault: Fault, expected: dict[str, Counter[Any]]
) -> list[str]:
    """Do everything from the step on, undisturbed and days later; return what is wrong then."""
    clock.at += LATER
    wrong = []
    for step in list(STEPS)[list(STEPS).index(fault.step) :]:
        wrong += [f"later, in {step}: {error}" for error in run_step(work, clock, step)]
        clock.at += timedelta(seconds=1)
    state, broken = result_of(work, clock)
    for name, (lost, more) in differences(expected, state).items():
        wrong.append(f"{name}: {lost} lost, {more} too many")
    return [*wrong, *broken]


def _faulted_step(work: Work, clock: TurnedClock, fault: Fault) -> tuple[list[str], list[str]]:
    """Return what was said of the fault, and what was wrong with the saying."""
    try:
        said = [str(error) for error in run_step(work, clock, fault.step)]
    except Exception as exc:  # noqa: BLE001 - that nothing else escapes is what is asked
        return [], [f"it crashed: {type(exc).__name__}: {exc}"]
    unclear = [text for text in said if not any(reason in text for reason in CLEAR)]
    return said, [f"unclear: {text}" for text in unclear]


def _with_a_fork_server_of_its_own(run: Callable[..., None], *arguments: object) -> None:
    """Run with a new fork server: that of the process this one was forked from is not its child."""
    forkserver.ensure_running.__self__.__init__()  # type: ignore[attr-defined]  # its one instance
    run(*arguments)


def in_child(run: Callable[..., None], *arguments: object) -> Any:
    """Run in a process of its own, which may be changed for good, and return what it sends."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_with_a_fork_server_of_its_own, args=(run, *arguments, sender))
    process.start()
    sender.close()
    try:
        return receiver.recv() if _answers(receiver, process.pid) else None
    except EOFError:
        return None
    finally:
        process.kill()
        process.join()


def _answers(receiver: Connection, pid: int | None) -> bool:
    """Wait for an answer or the end of the process; False once it is clear that none will come."""
    assert pid is not None
    patience = Patience(pid, busy_s=BUSY_S, idle_s=IDLE_S)
    while not receiver.poll(2):
        if patience.is_over():
            return False
    return True


def restore(work: Work, step: str, into: Path) -> Work:
    """Return the work on a copy of the archive as it was before the step."""
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    before = work.root / "before" / step
    if before.exists():
        shutil.copytree(before, into / "data")
    return Work(work.feed_url, work.part, into)


@contextmanager
def calm_run(root: Path, posts: int = POSTS) -> Iterator[tuple[Work, Calm]]:
    """Serve the small world and take it in undisturbed, a copy kept before each step."""
    with serve_world(root / "world", posts=posts, instalments=1) as (world, _site):
        world.publish(1)
        work = Work(world.feed_url, world.instalments[0], root / "calm")
        work.root.mkdir()
        calm: Calm = in_child(undisturbed, work)
        if calm.wrong:
            raise SystemExit(f"the undisturbed run is not well: {calm.wrong}")
        yield work, calm


def outcome_of(work: Work, calm: Calm, fault: Fault, into: Path) -> Outcome:
    """Return what came of the fault, in a copy of the archive at ``into``."""
    run = restore(work, fault.step, into)
    if fault.error == FULL_DISK:
        found = in_child(on_full_disk, run, fault, calm.state)
    else:
        found = in_child(with_fault, run, fault, calm.state)
    if found is None and fault.error == KILL:
        found = in_child(after_kill, run, fault, calm.state)
    return found or Outcome(fault, True, (), ("it hung or died",))


@contextmanager
def small_disk(at: Path) -> Iterator[bool]:
    """Make ``at`` a disk of its own of some megabytes; yields whether that is permitted here."""
    at.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK_MB}m", "tmpfs", str(at)]
    mounted = subprocess.run(mount, check=False, capture_output=True).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(at)], check=False)


def sweep(root: Path, choose: Choice) -> int:
    """Run the small world with one fault after the other; print the figures."""
    with ExitStack() as stack:
        work, calm = stack.enter_context(calm_run(root))
        chosen = choose(calm)
        wants_disk = any(fault.error == FULL_DISK for fault in chosen)
        has_disk = wants_disk and stack.enter_context(small_disk(root / "disk"))
        print(f"places that may fail: {len(calm.places)}; faults now: {len(chosen)}", flush=True)
        outcomes = []
        for fault in chosen:
            if fault.error == FULL_DISK and not has_disk:
                raise SystemExit("a disk of its own cannot be mounted here")
            where = root / "disk" if fault.error == FULL_DISK else root
            outcomes.append(outcome_of(work, calm, fault, where / "run"))
            if len(outcomes) % 20 == 0:
                print(f"{len(outcomes)} of {len(chosen)}", flush=True)
            if outcomes[-1].wrong:
                print(f"WRONG {fault}\n    " + "\n    ".join(outcomes[-1].wrong), flush=True)
    return 0 if report(outcomes) else 1


def report(outcomes: Sequence[Outcome]) -> bool:
    """Print the figures; return whether all is well."""
    hit = [outcome for outcome in outcomes if outcome.hit]
    for name in STEPS:
        here = [outcome for outcome in hit if outcome.fault.step == name]
        print(f"  {name}: {len(here)} faults, {sum(bool(o.wrong) for o in here)} wrong")
    silent = [outcome for outcome in hit if not outcome.said]
    print(f"faults: {len(hit)}; not met: {len(outcomes) - len(hit)}")
    for outcome in outcomes:
        if not outcome.hit:
            print(f"  not met: {outcome.fault}")
    print(
        f"said in one clear sentence: {len(hit) - len(silent)}; made up for at once: {len(silent)}"
    )
    wrong = [outcome for outcome in outcomes if outcome.wrong]
    print(f"lost, doubled, left over, broken or unclear: {len(wrong)}")
    return not wrong
