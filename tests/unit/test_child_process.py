"""The child process executor: limits, crashes, no network, and errors that cross over whole."""

from __future__ import annotations

import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import copy
from datetime import UTC, datetime
from enum import Enum
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import av
import imageio_ffmpeg
import pytest

from tracker import errors
from tracker.app import open_app
from tracker.errors import (
    DamagedVideo,
    HttpStatusError,
    MediaLimitExceeded,
    PostUnavailable,
    ToolError,
    TrackerError,
)
from tracker.media.answers import packed, values
from tracker.media.child_process import ChildLimits, ChildProcessExecutor
from tracker.media.confinement import NetworkBar
from tracker.model.credentials import ContentCredentials, CredentialState
from tracker.model.status import PostStatus

LATER = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def executor() -> Iterator[ChildProcessExecutor]:
    made = ChildProcessExecutor(2, ChildLimits(wall_time_s=20, memory_bytes=1024**3))
    made.warm_up()
    yield made
    made.shutdown()


def every_error() -> list[TrackerError]:
    """One of each kind in the tree, with all that makes it special."""
    special = {
        HttpStatusError: HttpStatusError("no", status_code=429, retry_at=LATER),
        PostUnavailable: PostUnavailable("gone", status=PostStatus.DELETED),
    }
    found, waiting = [], [TrackerError]
    while waiting:
        kind = waiting.pop()
        waiting.extend(kind.__subclasses__())
        if kind.__module__ == errors.__name__:
            found.append(special.get(kind) or kind("a sentence", retry_at=LATER))
    return found


def raise_it(error: Exception) -> None:
    raise error


def raise_with_cause(message: str) -> None:
    try:
        raise_it(ValueError("from a library"))
    except ValueError as exc:
        raise DamagedVideo(message) from exc


def crash(number: int) -> None:
    os.kill(os.getpid(), number)


def eat_memory() -> int:
    return len(bytearray(4 * 1024**3))


def return_no_value() -> object:
    return threading.Lock()


class Trap:
    """Makes whoever reads its pickle call something."""

    def __init__(self, made: Path) -> None:
        self.made = made

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.made),)


def trap(made: Path) -> object:
    return [Trap(made)]


def trap_in_an_error(made: Path) -> object:
    error = DamagedVideo("a sentence")
    vars(error)["more"] = Trap(made)
    raise error


@pytest.mark.parametrize("call", [trap, trap_in_an_error])
def test_an_answer_makes_its_reader_do_nothing(
    call: Callable[[Path], object], executor: ChildProcessExecutor, tmp_path: Path
) -> None:
    made = tmp_path / "made"
    with pytest.raises(DamagedVideo, match="its answer is none"):
        executor.submit(call, made).result()
    assert not made.exists()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x80\x05.",
        pickle.dumps(os.getcwd),
        pickle.dumps(subprocess.Popen),
        pickle.dumps(open_app),
        b"ctracker.app\nPath.home\n.",
        b"\x80\x04\x8c\x0ctracker.app\x8c\x09Path.home\x93.",
    ],
)
def test_an_answer_names_nothing_but_values(body: bytes) -> None:
    with pytest.raises(DamagedVideo, match="its answer is none"):
        values(body)


class PackedAsByPython311(Enum):
    """Until 3.11.3 Python has whoever reads the pickle of an enumeration call ``getattr``."""

    ONE = "one"

    def __reduce_ex__(self, _protocol: object) -> tuple[object, ...]:
        return getattr, (type(self), self.name)


def test_members_of_enumerations_are_values_on_any_python(executor: ChildProcessExecutor) -> None:
    assert b"getattr" in pickle.dumps(PackedAsByPython311.ONE)
    assert b"getattr" not in packed(PackedAsByPython311.ONE)
    absent = ContentCredentials(CredentialState.ABSENT)
    assert executor.submit(copy, absent).result() == absent


def test_a_result_comes_back(executor: ChildProcessExecutor) -> None:
    assert executor.submit(divmod, 17, 5).result() == (3, 2)


@pytest.mark.parametrize("error", every_error(), ids=lambda error: type(error).__name__)
def test_every_error_of_ours_crosses_whole(
    error: TrackerError, executor: ChildProcessExecutor
) -> None:
    with pytest.raises(type(error)) as caught:
        executor.submit(raise_it, error).result()
    assert type(caught.value) is type(error)
    assert str(caught.value) == str(error)
    assert vars(caught.value) == vars(error)
    assert (caught.value.exit_code, caught.value.retryable) == (error.exit_code, error.retryable)


def test_an_error_with_a_cause_keeps_its_sentence(executor: ChildProcessExecutor) -> None:
    with pytest.raises(DamagedVideo, match="broken off"):
        executor.submit(raise_with_cause, "broken off").result()


def test_what_cannot_be_sent_is_an_error_of_ours(executor: ChildProcessExecutor) -> None:
    with pytest.raises(DamagedVideo, match="TypeError"):
        executor.submit(return_no_value).result()


def test_an_unexpected_exception_is_one_sentence_and_no_traceback(
    executor: ChildProcessExecutor, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(DamagedVideo, match=r"broke down on this file \(KeyError\)"):
        executor.submit(raise_it, KeyError("secret")).result()
    assert "Traceback" not in capfd.readouterr().err


def test_a_crash_is_a_damaged_video(executor: ChildProcessExecutor) -> None:
    with pytest.raises(DamagedVideo, match=f"exit code -{int(signal.SIGSEGV)}"):
        executor.submit(crash, signal.SIGSEGV).result()


def test_an_overrun_of_processor_time_is_a_limit(executor: ChildProcessExecutor) -> None:
    with pytest.raises(MediaLimitExceeded, match="processor time"):
        executor.submit(crash, signal.SIGXCPU).result()


def test_a_kill_from_outside_says_nothing_about_the_file(executor: ChildProcessExecutor) -> None:
    with pytest.raises(ToolError, match="from outside") as caught:
        executor.submit(crash, signal.SIGKILL).result()
    assert caught.value.retryable


def test_when_the_fork_server_dies_the_call_is_worth_another_try() -> None:
    executor = ChildProcessExecutor(1, ChildLimits(wall_time_s=20))
    executor.warm_up()
    running = executor.submit(time.sleep, 60)
    while not executor._running:
        time.sleep(0.01)
    (child,) = executor._running
    server = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]  # no other way
    os.kill(server, signal.SIGKILL)
    child.kill()
    with pytest.raises(ToolError, match="from outside"):
        running.result()
    assert executor.submit(divmod, 17, 5).result() == (3, 2)
    executor.shutdown()


def test_a_fork_server_that_refuses_before_its_death_is_seen_is_waited_for() -> None:
    executor = ChildProcessExecutor(1, ChildLimits(wall_time_s=20))
    executor.warm_up()
    server: Any = forkserver._forkserver
    address = Path(server._forkserver_address)
    address.unlink()
    with socket.socket(socket.AF_UNIX) as refusing:  # nobody listens: as after a server's end
        refusing.bind(str(address))
        asked = executor.submit(divmod, 17, 5)
        with pytest.raises(TimeoutError):
            asked.result(timeout=0.3)
        os.kill(server._forkserver_pid, signal.SIGKILL)
        assert asked.result(timeout=20) == (3, 2)
    executor.shutdown()


def test_a_decoder_that_cannot_be_started_is_an_error_of_ours() -> None:
    executor = ChildProcessExecutor(1, ChildLimits(wall_time_s=20))
    executor.warm_up()
    server: Any = forkserver._forkserver
    Path(server._forkserver_address).unlink()
    with pytest.raises(ToolError, match="cannot be started") as caught:
        executor.submit(divmod, 17, 5).result()
    assert caught.value.retryable
    os.kill(server._forkserver_pid, signal.SIGKILL)  # and the next is well again
    assert executor.submit(divmod, 17, 5).result() == (3, 2)
    executor.shutdown()


def test_memory_is_bounded(executor: ChildProcessExecutor) -> None:
    with pytest.raises(MediaLimitExceeded, match="1024 MB"):
        executor.submit(eat_memory).result()


def test_time_is_bounded() -> None:
    executor = ChildProcessExecutor(1, ChildLimits(wall_time_s=0.3))
    started = time.monotonic()
    with pytest.raises(MediaLimitExceeded, match=r"0\.3 s"):
        executor.submit(time.sleep, 60).result()
    assert time.monotonic() - started < 10
    executor.shutdown()


def test_stopping_ends_what_runs_and_refuses_what_comes() -> None:
    executor = ChildProcessExecutor(1, ChildLimits())
    executor.warm_up()
    running = executor.submit(time.sleep, 60)
    while not executor._running:
        time.sleep(0.01)
    executor.shutdown(wait=False, cancel_futures=True)
    with pytest.raises(ToolError, match="stopped"):
        running.result(timeout=10)
    with pytest.raises(ToolError, match="stopped"):
        executor.submit(int)


def test_stopping_while_children_end_by_themselves() -> None:
    for _ in range(5):
        executor = ChildProcessExecutor(4, ChildLimits())
        calls = [executor.submit(time.sleep, n / 200) for n in range(12)]
        calls[0].result()
        executor.shutdown(wait=True, cancel_futures=True)
        for call in calls:
            assert call.done()


# --- what a child may not do ----------------------------------------------------------------


def connect(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=5):
        pass


def open_with_decoder(url: str) -> None:
    with av.open(url, timeout=5):
        pass


def open_with_ffmpeg(url: str) -> int:
    line = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "quiet", "-i", url, "-f", "null", "-"]
    return subprocess.run(line, check=False, timeout=20).returncode


def write_a_file(folder: Path) -> int:
    path = folder / "written"
    with suppress(OSError):
        path.write_bytes(b"0" * 100_000)
    return path.stat().st_size if path.exists() else 0


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.2)
        yield listening


def nobody_came(listener: socket.socket) -> bool:
    try:
        connection, _ = listener.accept()
    except TimeoutError:
        return True
    connection.close()
    return False


@pytest.mark.parametrize("way", ["socket", "decoder", "program"])
def test_a_child_reaches_no_network(
    way: str, executor: ChildProcessExecutor, listener: socket.socket
) -> None:
    port = listener.getsockname()[1]
    url = f"http://127.0.0.1:{port}/film.mp4"
    if way == "program":
        assert executor.submit(open_with_ffmpeg, url).result() != 0
    else:
        asked = (connect, port) if way == "socket" else (open_with_decoder, url)
        with pytest.raises(DamagedVideo):
            executor.submit(*asked).result()
    assert nobody_came(listener)
    connect(port)  # what is refused there works here
    assert not nobody_came(listener)


def test_a_child_writes_no_file(executor: ChildProcessExecutor, tmp_path: Path) -> None:
    assert executor.submit(write_a_file, tmp_path).result() == 0
    assert write_a_file(tmp_path) == 100_000


CONFINED = """
from tracker.media.confinement import confine
print(confine(memory_bytes=1024**3, cpu_time_s=60).network.name)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="filters are Linux's")
def test_the_system_itself_bars_the_network() -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    line = [sys.executable, "-c", CONFINED]
    done = subprocess.run(line, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() != NetworkBar.NONE.name


def processes_named(mark: str) -> list[int]:
    """The processes with ``mark`` in their command line."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes()
            if mark.encode() in line:
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def run_a_program(seconds: str) -> None:
    subprocess.run(["sleep", seconds], check=False)


def gone_soon(mark: str) -> bool:
    until = time.monotonic() + 20
    while processes_named(mark):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="reads /proc")
def test_what_a_child_started_ends_with_it() -> None:
    executor = ChildProcessExecutor(1, ChildLimits(wall_time_s=3))
    executor.warm_up()
    mark = f"61.{os.getpid()}"
    running = executor.submit(run_a_program, mark)
    while not processes_named(mark) and not running.done():
        time.sleep(0.02)
    with pytest.raises(MediaLimitExceeded):
        running.result()
    assert gone_soon(mark)
    executor.shutdown()


def is_running(pid: int) -> bool:
    """Tell whether there is such a process, other than as an entry nobody has yet taken away."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


MARKED = """
import sys, time
from tracker.media.child_process import ChildLimits, ChildProcessExecutor

def wait(mark):
    time.sleep(60)

if __name__ == "__main__":
    executor = ChildProcessExecutor(1, ChildLimits())
    executor.warm_up()
    running = executor.submit(wait, sys.argv[1])
    while not executor._running:
        time.sleep(0.01)
    (child,) = executor._running
    print(child.pid, flush=True)
    running.result()
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a signal of Linux")
def test_a_child_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(MARKED)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    parent = subprocess.Popen(
        [sys.executable, str(script), "x"], stdout=subprocess.PIPE, env=environment, text=True
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert is_running(child)
    parent.kill()
    parent.wait()
    until = time.monotonic() + 20
    while is_running(child) and time.monotonic() < until:
        time.sleep(0.05)
    assert not is_running(child)
    parent.stdout.close()
