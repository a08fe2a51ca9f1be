"""A process that was asked to stop ends in time, wherever it stands when it is asked."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from jobs.stop import STOP_SIGNALS, stop_on_signals

ROOT = Path(__file__).resolve().parents[2]
HANGS_S = 60

PROLOGUE = """
import atexit, os, signal, sys, threading, time
from jobs.stop import stop_on_signals

def ask_from_another_thread():
    '''Have a thread that is not the main one get the signal, once the main one is asleep.'''
    def ask():
        time.sleep(0.3)
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
        time.sleep(60)
    threading.Thread(target=ask, daemon=True).start()
"""


def run(body: str) -> subprocess.CompletedProcess[str]:
    """Run ``body`` as a process of its own; one that hangs fails the test."""
    return subprocess.run(
        [sys.executable, "-c", PROLOGUE + body],
        cwd=ROOT, capture_output=True, text=True, timeout=HANGS_S / 2, check=False,
    )  # fmt: skip


def test_a_signal_that_another_thread_gets_wakes_the_sleeping_main_thread() -> None:
    done = run("""
with stop_on_signals() as request:
    request.interrupts(lambda: print("interrupted", flush=True))
    ask_from_another_thread()
    request.event.wait()
    time.sleep(0.3)
print("stopped")
""")
    assert (done.returncode, done.stdout) == (0, "interrupted\nstopped\n"), done.stderr


@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_one_that_never_looks_is_ended_after_the_limit(number: signal.Signals) -> None:
    done = run(f"""
with stop_on_signals(limit_s=0.2) as request:
    os.kill(os.getpid(), {number:d})
    while True:
        time.sleep({HANGS_S})
""")
    assert done.returncode == 0, done.stderr


def test_a_request_before_there_is_anything_to_interrupt_is_not_lost() -> None:
    done = run("""
with stop_on_signals() as request:
    os.kill(os.getpid(), signal.SIGTERM)
    request.event.wait()
    request.interrupts(lambda: print("interrupted"))
""")
    assert (done.returncode, done.stdout) == (0, "interrupted\n"), done.stderr


def test_exit_work_that_hangs_ends_after_the_limit() -> None:
    done = run(f"""
atexit.register(time.sleep, {HANGS_S})
with stop_on_signals(limit_s=0.2) as request:
    ask_from_another_thread()
    request.event.wait()
""")
    assert done.returncode == 0, done.stderr


def test_an_interpreter_that_hangs_while_it_shuts_down_is_ended_by_the_system() -> None:
    done = run(f"""
class Slow:
    def __del__(self, sleep=time.sleep):
        sleep({HANGS_S})  # no thread but this one runs any more

sys.slow = Slow()
with stop_on_signals(limit_s=0.2) as request:
    ask_from_another_thread()
    request.event.wait()
""")
    assert done.returncode == -signal.SIGALRM, done.stderr


def test_without_a_signal_everything_is_as_before() -> None:
    before = [signal.getsignal(number) for number in STOP_SIGNALS]
    threads = threading.active_count()
    with stop_on_signals() as request:
        assert not request.event.is_set()
        (watcher,) = [t for t in threading.enumerate() if "_watch" in t.name]
    watcher.join(timeout=HANGS_S)
    assert [signal.getsignal(number) for number in STOP_SIGNALS] == before
    assert threading.active_count() == threads
    assert signal.set_wakeup_fd(-1) == -1
