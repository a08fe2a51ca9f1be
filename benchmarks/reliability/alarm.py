"""An end for what takes too long, in the main thread of this process."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class TooSlow(Exception):
    """It took longer than allowed."""


@contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Raise ``TooSlow`` in the enclosed block once it has taken ``seconds`` of processor time."""

    def ring(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise TooSlow(f"longer than {seconds:g} s of CPU")

    signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
