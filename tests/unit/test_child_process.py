"""The child process executor: limits, crashes, and errors that cross over whole."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tracker import errors
from tracker.errors import (
    DamagedVideo,
    HttpStatusError,
    MediaLimitExceeded,
    PostUnavailable,
    ToolError,
    TrackerError,
)
from tracker.media.child_process import ChildLimits, ChildProcessExecutor
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


def end_the_fork_server() -> None:
    os.kill(os.getppid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


def eat_memory() -> int:
    return len(bytearray(4 * 1024**3))


def return_no_value() -> object:
    return threading.Lock()


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
    with pytest.raises(ToolError, match="from outside"):
        executor.submit(end_the_fork_server).result()
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
