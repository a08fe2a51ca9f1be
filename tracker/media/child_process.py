"""Runs one call in one child process, with memory, time and crash limits and no network.

A decoder that hangs, eats memory or dies on a hostile file takes only its own process with it, and
what it started itself; one that is taken over finds no network, changes no file, reaches no other
process (``confinement``) and makes nobody else do anything (``answers``). The class is a
``concurrent.futures.Executor``, so a cluster's executor can stand in its place.
"""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import signal
import stat
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from typing import Any, ParamSpec, TypeVar, cast

from tracker.errors import DamagedVideo, MediaLimitExceeded, ToolError, TrackerError
from tracker.media.answers import packed, values
from tracker.media.confinement import confine
from tracker.process_start import LAST_STANDARD_DESCRIPTOR

P = ParamSpec("P")
T = TypeVar("T")

LOST = 255
"""The exit code of a child whose fork server is gone. Source: multiprocessing.popen_forkserver"""

CLOSED = "tracker.media.closed"
"""What the fork server imports before anything else."""

OPEN_DESCRIPTORS = "/dev/fd"
"""Lists the descriptors of whoever reads it, on Linux and macOS."""

KILL_GRACE_S = 5.0
"""How long a child may take to die before we stop waiting for it."""

RESTART_GRACE_S = 5.0
"""How long a fork server that refuses may take until it is known to be dead and replaced."""

RESTART_INTERVAL_S = 0.02
"""How long to wait before a fork server that refused is asked again."""

ANSWER_GRACE_S = 60.0
"""How long an answer may at least take on its way, however short the time for the work."""


@dataclass(frozen=True, slots=True)
class ChildLimits:
    """What one call may cost; ``memory_bytes`` bounds the child's address space.

    Its processor time is bounded by ``wall_time_s`` as well: it works on one thread.
    """

    wall_time_s: float = 3600.0
    memory_bytes: int = 4 * 1024**3


class ChildProcessExecutor(Executor):
    """Runs each submitted call in a fresh child process, at most ``workers`` at once.

    The call and its result must be picklable. A ``TrackerError`` raised in the child is raised
    here again; a crash becomes ``DamagedVideo``, an overrun ``MediaLimitExceeded``, a child
    that somebody else ended ``ToolError``, which is worth another try.
    """

    def __init__(self, workers: int, limits: ChildLimits, *, preload: tuple[str, ...] = ()) -> None:
        self._limits = limits
        self._context = _context(preload)
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="child")
        self._lock = threading.Lock()
        self._running: set[multiprocessing.process.BaseProcess] = set()
        self._closed = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Schedule the call and return its future; raises ``ToolError`` once stopped."""
        if self._closed:
            raise ToolError("stopped before the work began")
        return self._threads.submit(self._run, fn, args, kwargs)

    def warm_up(self) -> None:
        """Start the fork server and its imports now, so that no call is charged for them."""
        self.submit(int).result()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Stop; with ``cancel_futures`` running children are killed and their calls fail."""
        if cancel_futures:
            with self._lock:
                self._closed = True
                for process in self._running:
                    _kill(process)
        self._threads.shutdown(wait=wait, cancel_futures=cancel_futures)

    def _run(self, fn: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
        receiver, sender = self._context.Pipe(duplex=False)
        process = self._context.Process(  # type: ignore[attr-defined]  # BaseContext lacks it
            target=_child_main, args=(sender, self._limits, fn, args, kwargs), daemon=True
        )
        with receiver:
            with sender:
                self._start(process)
            try:
                return self._receive(receiver, process)
            finally:
                with self._lock:  # before it is closed: ``shutdown`` may not touch it afterwards
                    self._running.discard(process)
                _end(process)

    def _start(self, process: multiprocessing.process.BaseProcess) -> None:
        give_up_at = time.monotonic() + RESTART_GRACE_S
        while True:
            try:
                return self._try_to_start(process)
            except (OSError, EOFError) as exc:
                # A fork server that dies closes its socket before its death can be seen; as soon
                # as it is seen, ``multiprocessing`` starts another one.
                if time.monotonic() > give_up_at:
                    raise ToolError("the decoder cannot be started on this machine") from exc
            time.sleep(RESTART_INTERVAL_S)

    def _try_to_start(self, process: multiprocessing.process.BaseProcess) -> None:
        with self._lock:
            if self._closed:
                raise ToolError("stopped before the work began")
            process.start()
            self._running.add(process)

    def _receive(self, receiver: Connection, process: multiprocessing.process.BaseProcess) -> T:  # type: ignore[type-var]  # bound by _run
        if not receiver.poll(self._limits.wall_time_s):
            raise MediaLimitExceeded(
                f"the work took longer than the limit of {self._limits.wall_time_s:g} s"
            )
        # The answer has begun: whoever stops in the middle of it is ended as well.
        watchdog = threading.Timer(max(ANSWER_GRACE_S, self._limits.wall_time_s), process.kill)
        watchdog.start()
        try:
            body = receiver.recv_bytes(self._limits.memory_bytes)
        except (EOFError, OSError) as exc:
            raise self._death(process) from exc
        finally:
            watchdog.cancel()
        match values(body):
            case True, value:
                return cast("T", value)  # what fn returned
            case False, TrackerError() as error:
                raise error
        raise DamagedVideo("the decoder broke down on this file (its answer is none)")

    def _death(self, process: multiprocessing.process.BaseProcess) -> TrackerError:
        """Return the error for a child that ended without an answer."""
        process.join(KILL_GRACE_S)
        if self._closed:
            return ToolError("stopped before the work was done")
        code = process.exitcode
        if code == -signal.SIGXCPU:
            return MediaLimitExceeded("decoding took more processor time than is allowed")
        if code in (-signal.SIGKILL, LOST):
            # A full machine ends whom it likes; the file may be innocent, so it is tried again.
            return ToolError(
                "the decoder was ended from outside (memory of the machine, or a kill)"
            )
        return DamagedVideo(f"the decoder broke down on this file (exit code {code})")


def _context(preload: tuple[str, ...]) -> BaseContext:
    """Return a fork server: children start quickly and inherit no locks or connections."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([CLOSED, *preload])
    return context


def _end(process: multiprocessing.process.BaseProcess) -> None:
    process.join(0.2)
    _kill(process)
    process.join(KILL_GRACE_S)
    if not process.is_alive():
        process.close()


def _kill(process: multiprocessing.process.BaseProcess) -> None:
    """End the child and whatever it started, which is of its process group."""
    if process.pid is not None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()


def _child_main(
    sender: Connection,
    limits: ChildLimits,
    fn: Callable[..., object],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> None:
    _let_go(sender)
    _apply(limits)
    try:
        answer: tuple[bool, object] = (True, fn(*args, **kwargs))
        body = packed(answer)
    except Exception as exc:  # noqa: BLE001 - the top of this process: nobody else is told
        body = packed((False, _sendable(exc, limits)))
    with suppress(BrokenPipeError):  # the parent is gone, and with it the question
        sender.send_bytes(body)
    sender.close()


def _sendable(error: Exception, limits: ChildLimits) -> TrackerError:
    """Return what the parent raises for ``error``; causes may not pickle, the sentence stays."""
    if isinstance(error, TrackerError):
        error.__cause__ = None
        return error
    if isinstance(error, MemoryError):
        limit_mb = limits.memory_bytes // 1024**2
        return MediaLimitExceeded(f"decoding needs more than the {limit_mb} MB allowed")
    return DamagedVideo(f"the decoder broke down on this file ({type(error).__name__})")


def _apply(limits: ChildLimits) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.environ["OMP_NUM_THREADS"] = "1"
    os.setpgid(0, 0)  # a group of its own, so that what it starts can be ended with it
    # At the limit of time it is told so (SIGXCPU), which no kill from outside can be taken for.
    confine(memory_bytes=limits.memory_bytes, cpu_time_s=2 * (int(limits.wall_time_s) + 1))
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _let_go(answers: Connection) -> None:
    """Close every pipe that somebody reads, but for ``answers`` and the standard streams.

    They come from the fork server: by one it is ended, by one its user's shared memory is removed,
    by the others it is told how its other children ended.
    """
    try:
        names = os.listdir(OPEN_DESCRIPTORS)  # noqa: PTH208 - numbers, not paths
    except OSError:  # a machine without such a list
        return
    for descriptor in map(int, names):
        if descriptor > LAST_STANDARD_DESCRIPTOR and descriptor != answers.fileno():
            with suppress(OSError):  # the one that the list was read by
                if _is_written_to(descriptor):
                    os.close(descriptor)


def _is_written_to(descriptor: int) -> bool:
    is_pipe = stat.S_ISFIFO(os.fstat(descriptor).st_mode)
    return is_pipe and fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY


def _end_with_parent() -> None:
    """End this process and what it started as soon as whoever asked is gone, killed or not."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.killpg(0, signal.SIGKILL)
