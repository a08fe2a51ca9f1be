"""A person at a terminal: progress goes there, results go where they were sent."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest

from tests.support.tracker_cli import TrackerCommand


def test_results_reach_a_file_while_progress_is_on_the_terminal(
    tracker: TrackerCommand, tmp_path: Path
) -> None:
    page = tmp_path / "article.txt"
    page.write_text("A video posted on Telegram by reporter Olha Kovalenko shows a column.\n")
    terminal, end = pty.openpty()
    done = subprocess.run(
        tracker.line("add", "--json", page), env=tracker.environment(TERM="xterm"),
        cwd=tracker.home, stdout=subprocess.PIPE, stderr=end, timeout=60, check=False,
    )  # fmt: skip
    os.close(end)
    seen = os.read(terminal, 65536).decode()
    os.close(terminal)
    assert done.returncode == 0, seen
    assert json.loads(done.stdout)["schema"] == "tracker/added/1"
    assert "collect: " in seen
    assert "tracker/added/1" not in seen


@pytest.mark.parametrize("form", [["--json"], []])
def test_a_reader_that_goes_away_is_no_failure(form: list[str], tracker: TrackerCommand) -> None:
    running = subprocess.Popen(
        tracker.line("status", *form), env=tracker.environment(), cwd=tracker.home,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert running.stdout is not None
    running.stdout.close()
    _, errors = running.communicate(timeout=60)
    assert (running.returncode, errors) == (0, b"")


@pytest.mark.parametrize("form", [["--json"], []])
def test_results_that_cannot_be_written_are_one_error(
    form: list[str], tracker: TrackerCommand
) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            tracker.line("status", *form), env=tracker.environment(), cwd=tracker.home,
            stdout=full, stderr=subprocess.PIPE, timeout=60, check=False,
        )  # fmt: skip
    said = "error: cannot write to standard output: the disk is full\n"
    assert (done.returncode, done.stderr.decode()) == (3, said)


@pytest.mark.parametrize("form", [["--json"], []])
def test_whoever_closed_standard_output_wants_the_exit_code_alone(
    form: list[str], tracker: TrackerCommand
) -> None:
    closed = ["sh", "-c", 'exec "$@" >&-', "sh", *tracker.line("status", *form)]
    done = subprocess.run(
        closed, env=tracker.environment(), cwd=tracker.home,
        stderr=subprocess.PIPE, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
