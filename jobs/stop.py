"""SIGTERM and SIGINT: a process that was asked to stop ends in time, wherever it stands."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

STOP_LIMIT_S = 7.0
"""A supervisor that sent SIGTERM gets its answer within ten seconds."""

HARD_STOP_GRACE_S = 1.5
"""How much longer the system waits before it ends a process that could not end itself."""

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class StopRequest:
    """Whether this process was asked to stop, and what has to be interrupted then."""

    def __init__(self) -> None:
        self.event = threading.Event()
        self._interrupt: Callable[[], None] | None = None
        self._lock = threading.Lock()

    def interrupts(self, interrupt: Callable[[], None]) -> None:
        """Have ``interrupt`` called, once, when the request comes; now, if it has come."""
        with self._lock:
            self._interrupt = interrupt
            late = self.event.is_set()
        if late:
            interrupt()

    def ask(self) -> None:
        """Set the event and interrupt what was named; does not wait for it."""
        with self._lock:
            self.event.set()
            interrupt = self._interrupt
        if interrupt is not None:
            threading.Thread(target=interrupt, daemon=True).start()


@contextmanager
def stop_on_signals(limit_s: float = STOP_LIMIT_S) -> Iterator[StopRequest]:
    """Give a request that SIGTERM and SIGINT make; the process then ends within ``limit_s``.

    Every item is either finished or untouched: results are written in one transaction, so an
    interrupted item is simply pending again. What has not ended by itself in time (a download
    that hangs) is left where it stands, which is no different from a crash.
    """
    # The system hands a signal to any thread, but Python runs handlers in the main thread alone,
    # which may be asleep and stays so. The wake-up descriptor is written in the thread that got
    # the signal, without waiting for a lock or for the main thread.
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    request = StopRequest()
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # the last resort of ``_watch``
    former_fd = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    former = {number: signal.signal(number, _wake_up) for number in STOP_SIGNALS}
    threading.Thread(target=_watch, args=(reader, request, limit_s), daemon=True).start()
    try:
        yield request
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(former_fd)
        os.close(writer)


def _wake_up(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: that the signal has a handler is what has its number written to the pipe."""


def _watch(reader: int, request: StopRequest, limit_s: float) -> None:
    """Wait for a signal; then stop, and after ``limit_s`` end the process in any case."""
    with open(reader, "rb", buffering=0) as signals:
        number = signals.read(1)
    if not number:  # the other end was closed: done without a signal
        return
    # This thread is frozen while the interpreter shuts down; the system's timer is not.
    signal.setitimer(signal.ITIMER_REAL, limit_s + HARD_STOP_GRACE_S)
    request.ask()
    time.sleep(limit_s)
    os._exit(0)
