"""One fault after the other, each in a process of its own, and what came of it."""

from __future__ import annotations

import errno
import multiprocessing
import os
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchmarks.reliability.shim import Call, install
from benchmarks.reliability.state import differences
from benchmarks.reliability.steps import STEPS, TurnedClock, Work, result_of, run_step
from benchmarks.reliability.world import serve_world

POSTS = 4
LONGEST_S = 240.0
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


# --- runs, each in a process of its own ----------------------------------------------------------


def undisturbed(work: Work, sender: Connection) -> None:
    """Do every step, keeping a copy of the archive before each; send places, state and wrongs."""
    clock, calls, now = TurnedClock(), dict[tuple[str, str, str], None](), "start"

    def note(call: Call) -> None:
        calls.setdefault((now, call.operation, call.site))

    install(work.data, note)
    failed: list[str] = []
    for step in STEPS:
        if work.data.exists():
            shutil.copytree(work.data, work.root / "before" / step)
        now = step
        failed += map(str, run_step(work, clock, step))
        clock.at += timedelta(seconds=1)
    state, wrong = result_of(work, clock)
    sender.send((list(calls), state, [*failed, *wrong]))


def with_fault(
    work: Work, fault: Fault, expected: dict[str, Counter[Any]], sender: Connection
) -> None:
    """Do the step with the fault, then it and all later ones without; send the outcome."""
    clock, hits = TurnedClock(), list[Call]()
    clock.at += timedelta(seconds=list(STEPS).index(fault.step))
    armed = True

    def ask(call: Call) -> Exception | None:
        if not armed or hits or (call.operation, call.site) != (fault.operation, fault.site):
            return None
        hits.append(call)
        return error_of(fault.error, call.subject)

    install(work.data, ask)
    said, wrong = _faulted_step(work, clock, fault)
    armed = False
    clock.at += LATER
    for step in list(STEPS)[list(STEPS).index(fault.step) :]:
        wrong += [f"later, in {step}: {error}" for error in run_step(work, clock, step)]
        clock.at += timedelta(seconds=1)
    state, broken = result_of(work, clock)
    for name, (lost, more) in differences(expected, state).items():
        wrong.append(f"{name}: {lost} lost, {more} too many")
    sender.send(Outcome(fault, bool(hits), tuple(said), (*wrong, *broken)))


def _faulted_step(work: Work, clock: TurnedClock, fault: Fault) -> tuple[list[str], list[str]]:
    """Return what was said of the fault, and what was wrong with the saying."""
    try:
        said = [str(error) for error in run_step(work, clock, fault.step)]
    except Exception as exc:  # noqa: BLE001 - that nothing else escapes is what is asked
        return [], [f"it crashed: {type(exc).__name__}: {exc}"]
    unclear = [text for text in said if not any(reason in text for reason in CLEAR)]
    return said, [f"unclear: {text}" for text in unclear]


def in_child(run: Callable[..., None], *arguments: object) -> Any:
    """Run in a process of its own, which may be changed for good, and return what it sends."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=run, args=(*arguments, sender))
    process.start()
    sender.close()
    try:
        return receiver.recv() if receiver.poll(LONGEST_S) else None
    except EOFError:
        return None
    finally:
        process.kill()
        process.join()


def restore(work: Work, step: str, into: Path) -> Work:
    """Return the work on a copy of the archive as it was before the step."""
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    before = work.root / "before" / step
    if before.exists():
        shutil.copytree(before, into / "data")
    return Work(work.feed_url, work.part, into)


def sweep(
    root: Path, sites: int | None, seed: int, step: str | None = None, *, everywhere: bool = False
) -> int:
    """Run the small world with one fault after the other; print the figures."""
    with serve_world(root / "world", posts=POSTS, instalments=1) as (world, _site):
        world.publish(1)
        work = Work(world.feed_url, world.instalments[0], root / "calm")
        work.root.mkdir()
        calls, expected, wrong = in_child(undisturbed, work)
        if wrong:
            raise SystemExit(f"the undisturbed run is not well: {wrong}")
        places = calls if everywhere else once_each(calls)
        faults = [f for f in faults_at(places, seed) if step in (None, f.step)]
        chosen = faults if sites is None else faults[:: max(1, len(faults) // sites)]
        print(f"places that may fail: {len(calls)}, of which now fail: {len(chosen)}", flush=True)
        outcomes = []
        for fault in chosen:
            run = restore(work, fault.step, root / "run")
            found = in_child(with_fault, run, fault, expected)
            outcomes.append(found or Outcome(fault, True, (), ("it hung or died",)))
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
    print(
        f"said in one clear sentence: {len(hit) - len(silent)}; made up for at once: {len(silent)}"
    )
    wrong = [outcome for outcome in outcomes if outcome.wrong]
    print(f"lost, doubled, left over, broken or unclear: {len(wrong)}")
    return not wrong
