"""Runs the real command as a process of its own, with nothing but the environment it needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.json_schema import described

TIMEOUT_S = 170


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command printed and how it ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def documents(self) -> list[dict[str, Any]]:
        """The JSON lines on standard output, each as its published schema says."""
        found = [json.loads(line) for line in self.stdout.splitlines()]
        for document in found:
            described(document)
        return found

    @property
    def document(self) -> dict[str, Any]:
        """The only JSON line; fails when there are none or several."""
        (only,) = self.documents
        return only


@dataclass(frozen=True, slots=True)
class TrackerCommand:
    """The command with a data directory and home of its own; loopback may be fetched."""

    home: Path

    @property
    def data_dir(self) -> Path:
        """Where this command keeps its archive."""
        return self.home / "data"

    def environment(self, **extra: str) -> dict[str, str]:
        """Return the whole environment of the command."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "TRACKER_DATA_DIR": str(self.data_dir),
            "TRACKER_NETWORK__ALLOW_PRIVATE": "true",
            "TRACKER_NETWORK__PAUSE_PER_HOST_S": "0",  # the sites of tests are our own
            "COLUMNS": "100",
            **extra,
        }

    def run(self, *arguments: str | Path, **environment: str) -> Outcome:
        """Run the command to its end."""
        done = subprocess.run(
            self.line(*arguments), env=self.environment(**environment), cwd=self.home,
            capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
        )  # fmt: skip
        return Outcome(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str | Path, **environment: str) -> subprocess.Popen[bytes]:
        """Start the command in a process group of its own and return the process."""
        return subprocess.Popen(
            self.line(*arguments), env=self.environment(**environment), cwd=self.home,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip

    def line(self, *arguments: str | Path) -> list[str]:
        """Return the command line."""
        return [sys.executable, "-m", "tracker", *map(str, arguments)]
