"""The real daemon as a process of its own, on an archive of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func
from sqlmodel import col, select

from storage import attempts
from storage.daemon import leader
from storage.database import Database
from storage.tables import PostRow, VideoRow
from tracker.fingerprint.algorithm import current_algorithm

ROOT = Path(__file__).resolve().parents[2]
STOPS_WITHIN_S = 30


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is: posts known, videos kept and videos whose chains are recorded."""

    posts: int
    videos: int
    recorded: int
    pending: int
    failing: int


class RunningDaemon:
    """A started daemon: its process id, its progress, and its commands."""

    def __init__(self, process: subprocess.Popen[bytes], database: Database, home: Path) -> None:
        self._process = process
        self._database = database
        self._home = home

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def command(self, *arguments: str) -> str:
        """Run ``tracker`` on the same archive and return its standard output."""
        done = subprocess.run(
            [sys.executable, "-m", "tracker", *arguments], env=environment(self._home),
            cwd=self._home, stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
        return done.stdout

    def progress(self) -> Progress:
        """Return how far it is; raises ``SystemExit`` when the daemon has ended."""
        if self._process.poll() is not None:
            raise SystemExit(f"the daemon ended with {self._process.returncode}")
        with self._database.read() as s:
            waiting = attempts.queue_depths(s, current_algorithm().key)
            kept = s.scalar(select(func.count()).select_from(VideoRow)) or 0
            behind = col(VideoRow.recorded_version) < col(VideoRow.evidence_version)
            left = s.scalar(select(func.count()).select_from(VideoRow).where(behind)) or 0
            posts = s.scalar(select(func.count()).select_from(PostRow)) or 0
            failing = len(attempts.failing(s))
        return Progress(posts, kept, kept - left, sum(waiting.values()), failing)

    def wait_until_it_leads(self) -> None:
        """Return when the daemon is at work."""
        while True:
            if self._database.exists():
                with self._database.read() as s:
                    if leader(s) is not None:
                        return
            time.sleep(0.2)


@contextmanager
def running_daemon(home: Path, **settings: str) -> Iterator[RunningDaemon]:
    """Run ``tracker run`` until the block ends; ``settings`` are variables without ``TRACKER_``."""
    home.mkdir(parents=True, exist_ok=True)
    log = (home / "daemon.log").open("wb")
    with log, closing(Database(f"sqlite:///{home / 'data' / 'tracker.db'}")) as database:
        process = subprocess.Popen(
            [sys.executable, "-m", "tracker", "run"], env=environment(home, **settings),
            cwd=home, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        try:
            yield RunningDaemon(process, database, home)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOPS_WITHIN_S)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def environment(home: Path, **settings: str) -> dict[str, str]:
    """Return the whole environment of a command."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": str(ROOT),
        "TRACKER_DATA_DIR": str(home / "data"),
        "TRACKER_NETWORK__ALLOW_PRIVATE": "true",
        **{f"TRACKER_{name}": value for name, value in settings.items()},
    }
