"""Children end with the process that asked them, however that one ended."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.reliability.offspring import descendants
from tests.support.webserver import WebServer, serve

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")

DECODER = """
import sys, time
from tracker.media.child_process import ChildLimits, ChildProcessExecutor
executor = ChildProcessExecutor(1, ChildLimits(wall_time_s=600))
executor.submit(time.sleep, 600).result()
"""

YTDLP = """
import sys
from tracker.clock import SystemClock
from tracker.net.guard import AddressGuard
from tracker.net.ytdlp import YtDlp, YtDlpLimits
limits = YtDlpLimits(generic_allowed=True, socket_timeout_s=600)
YtDlp(limits, AddressGuard(allow_private=True), SystemClock()).extract(sys.argv[1])
"""


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)


def start(program: str, *arguments: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, "-c", program, *arguments], env=environment)


def assert_all_end_with(parent: subprocess.Popen[bytes]) -> None:
    children = descendants(parent.pid)
    assert children
    parent.kill()
    parent.wait()
    try:
        wait_for(lambda: not any(child.alive() for child in children), seconds=20)
    finally:
        for child in children:
            child.kill()


def test_a_decoder_that_hangs_ends_with_its_parent() -> None:
    parent = start(DECODER)
    # The fork server, the tracker of resources, and the child that sleeps.
    wait_for(lambda: len(descendants(parent.pid)) >= 3)
    assert_all_end_with(parent)


def test_ytdlp_waiting_for_an_answer_ends_with_its_parent() -> None:
    with serve() as site:
        address = site.add("/watch", b"late", delay_s=120)
        parent = start(YTDLP, address)
        wait_for(lambda: _asked(site))
        assert_all_end_with(parent)


def _asked(site: WebServer) -> bool:
    return any(request.path == "/watch" for request in site.requests)
