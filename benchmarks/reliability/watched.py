"""The real command, telling from outside's view what it is doing: for who wants to kill it there.

``python -m benchmarks.reliability.watched STATE ARGUMENTS…`` runs ``tracker ARGUMENTS…`` and keeps
writing to the file STATE which stages its threads are in, by their call stacks. Nothing of the
program is changed; whoever reads the file decides when to end the process.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

SAMPLE_S = 0.004
STARTING = "start"
WIDTH = 160

# The first that fits a frame, looking from the innermost frame outwards, is what a thread does.
_PLACES: tuple[tuple[str, str, str], ...] = (
    ("storage/index/", "refresh", "index"),
    ("storage/migrations/", "", "migrate"),
    ("tracker/retention.py", "", "delete"),
    ("tracker/fixity.py", "", "fixity"),
    ("tracker/ingest/anchoring.py", "", "anchor"),
    ("tracker/ingest/fingerprint.py", "", "fingerprint"),
    ("tracker/ingest/credentials.py", "", "credentials"),
    ("tracker/ingest/capture.py", "", "capture"),
    ("tracker/ingest/detect.py", "", "detect"),
    ("tracker/trace.py", "", "record"),
    ("tracker/ingest/record.py", "", "record"),
    ("tracker/ingest/recheck.py", "", "recheck"),
    ("tracker/ingest/collect.py", "", "collect"),
    ("tracker/watch.py", "", "collect"),
)
_ADDING = (("tracker/ingest/imports.py", "import"), ("tracker/ingest/add.py", "add"))
_WRITING = "storage/database.py"
_PAUSE = ("jobs/schedule.py", "pending")
STAGES = (
    STARTING, "collect", "capture", "credentials", "fingerprint", "index", "detect", "record",
    "add", "import", "delete", "fixity", "anchor",
)  # fmt: skip


def doing(frame: FrameType | None) -> str | None:
    """Return the stage a thread is in, ``None`` for one that works on nothing."""
    stage, adding, writes = None, None, False
    while frame is not None:
        path, name = frame.f_code.co_filename, frame.f_code.co_name
        writes = writes or (path.endswith(_WRITING) and name == "write")
        stage = stage or _stage_at(path, name)
        adding = adding or next((word for end, word in _ADDING if path.endswith(end)), None)
        frame = frame.f_back
    named = stage if adding is None else f"{adding}:{stage or adding}"
    return f"{named}/write" if named and writes else named


def _stage_at(path: str, function: str) -> str | None:
    for part, name, stage in _PLACES:
        if part in path and function.startswith(name) and function != "pending":
            return stage
    return None


def _stages() -> Iterator[str]:
    own = threading.get_ident()
    for thread, frame in sys._current_frames().items():  # noqa: SLF001 - the only way to see them
        found = doing(frame) if thread != own else None
        if found is not None:
            yield found


def watch(state: Path) -> None:
    """Keep ``state`` up to date from a thread of its own until the process ends."""
    descriptor = os.open(state, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.pwrite(descriptor, STARTING.ljust(WIDTH).encode(), 0)

    def keep() -> None:
        begun = False
        while True:
            found = sorted(set(_stages()))
            begun = begun or bool(found)
            text = ",".join(found) if begun else STARTING
            os.pwrite(descriptor, text[:WIDTH].ljust(WIDTH).encode(), 0)
            time.sleep(SAMPLE_S)

    threading.Thread(target=keep, daemon=True).start()


def main() -> None:
    """Run the command under watch."""
    state, sys.argv[1:] = Path(sys.argv[1]), sys.argv[2:]
    watch(state)
    from tracker.__main__ import run  # loaded late: loading is a part of the start

    run()


if __name__ == "__main__":
    main()
