"""The fuzzer itself: its inputs are bounded, and inputs that cannot be made are named."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import strategies as st

from benchmarks.reliability.fuzz_parsers import fuzz
from benchmarks.reliability.mutations import MAX_DOCUMENT_WEIGHT, edited_document, weight
from benchmarks.reliability.parsers.parser import Parser, repeated
from benchmarks.reliability.parsers.platforms import X_ANSWER
from benchmarks.reliability.processes import descendants


@pytest.mark.parametrize("kind", ["many", "copy", "wrap", "text"])
def test_a_document_edited_again_and_again_stays_bounded(kind: str) -> None:
    for where in range(4):
        edits = [(kind, where, 59)] * 6 + [("many", 1, 1999)] * 6
        assert weight(edited_document(X_ANSWER, edits)) <= MAX_DOCUMENT_WEIGHT


def test_repeating_fills_what_room_there_is() -> None:
    repeated = edited_document(X_ANSWER, [("many", 0, 59)] * 6)
    assert weight(repeated) > 10 * weight(X_ANSWER)


def test_inputs_that_cannot_be_made_are_a_finding_and_not_the_end(tmp_path: Path) -> None:
    def made(number: int) -> int:
        if number % 2:
            raise MemoryError
        return number

    parser = Parser("even numbers", st.integers(0, 9).map(made), lambda value: value)
    tally = fuzz(parser, 0.5, 5.0, tmp_path, 1)
    (finding,) = tally.findings
    assert finding.startswith("its inputs could not be made: MemoryError")
    assert tally.inputs > 0


def test_time_that_grows_beyond_the_limit_is_a_finding(tmp_path: Path) -> None:
    def read(text: str) -> None:
        until = time.process_time() + len(text) ** 2 / 1e10
        while time.process_time() < until:
            pass

    parser = Parser("slow", st.just("a"), read, grow=repeated, pieces=("ab",))
    tally = fuzz(parser, 0.1, 1.0, tmp_path, 1)
    assert list(tally.findings) == ["250 kB of 'ab' took too long"]


def test_an_interrupted_sweep_leaves_no_process_and_no_temporary_file(tmp_path: Path) -> None:
    keep, temporary = tmp_path / "keep", tmp_path / "temporary"
    temporary.mkdir()
    line = [sys.executable, "-m", "benchmarks.reliability.fuzz_parsers", "--minutes", "60"]
    sweep = subprocess.Popen(
        [*line, "--processes", "1", "--only", "config file", "--keep", str(keep)],
        env={**os.environ, "TMPDIR": str(temporary)}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert sweep.stdout is not None
        assert "1 parsers" in sweep.stdout.readline()
        while not (keep / "config-file" / "now").exists():
            assert sweep.poll() is None
            time.sleep(0.05)
        started = list(descendants(sweep.pid))
        sweep.terminate()
        assert sweep.wait() == 128 + signal.SIGTERM
    finally:
        sweep.kill()
        sweep.communicate()
    assert len(started) > 1
    until = time.monotonic() + 20  # multiprocessing's own process ends a moment after
    while left := [pid for pid in started if Path(f"/proc/{pid}").exists()]:
        assert time.monotonic() < until, left
        time.sleep(0.05)
    assert list(temporary.iterdir()) == []
