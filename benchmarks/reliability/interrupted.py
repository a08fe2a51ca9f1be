"""An order to end is an exception: what was mounted, made or started is taken back."""

from __future__ import annotations

import signal
from types import FrameType


def end_in_order() -> None:
    """Have SIGTERM and SIGHUP raise ``SystemExit`` in the main thread, as SIGINT raises."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)


def _end(number: int, frame: FrameType | None) -> None:
    del frame
    raise SystemExit(128 + number)
