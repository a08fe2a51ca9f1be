"""The job loop: it outlives every failure, remembers each, and counts none that it caused."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass, field

import pytest

from jobs.drain import BATCH, drain
from storage import attempts
from storage.attempts import Failure
from tracker.app import App
from tracker.errors import NetworkError, NotAVideo


@dataclass
class Numbers:
    """A stage that does numbers, once each, in the way it is told to."""

    count: int
    work: Callable[[int], None] = lambda _number: None
    done: list[int] = field(default_factory=list)
    name: str = "numbers"

    def pending(self, limit: int) -> Sequence[int]:
        return [n for n in range(self.count) if n not in self.done][:limit]

    def key(self, item: int) -> str:
        return str(item)

    def process(self, item: int) -> None:
        self.work(item)
        self.done.append(item)


class _Forgetful(list[int]):
    """Keeps nothing, as a video whose evidence changes while it is worked on."""

    def append(self, item: int) -> None:
        del item


def failures(app: App) -> list[Failure]:
    with app.archive.database.read() as s:
        return attempts.failing(s)


def run(app: App, stage: Numbers, stop: threading.Event | None = None, workers: int = 1) -> int:
    return drain(stage, app.archive, app.clock, stop or threading.Event(), workers=workers)


@pytest.mark.parametrize("workers", [1, 3])
def test_everything_pending_is_done(app: App, workers: int) -> None:
    stage = Numbers(2 * BATCH + 3)
    assert run(app, stage, workers=workers) == stage.count
    assert sorted(stage.done) == list(range(stage.count))
    assert failures(app) == []


def test_a_failure_is_remembered_and_the_others_go_on(app: App) -> None:
    def work(number: int) -> None:
        if number == 1:
            raise NetworkError("no answer")
        if number == 2:
            raise NotAVideo("text")

    stage = Numbers(4, work)
    assert run(app, stage) == 4
    assert stage.done == [0, 3]
    found = {f.item: (f.error, f.parked) for f in failures(app)}
    assert found == {"1": ("no answer", False), "2": ("text", True)}
    stage.work = lambda _number: None
    run(app, stage)
    assert failures(app) == []


def test_a_defect_of_ours_ends_with_the_item(app: App) -> None:
    def work(number: int) -> None:
        assert [0, 1][number] == number

    stage = Numbers(3, work)
    assert run(app, stage) == 3
    (failure,) = failures(app)
    assert (failure.item, failure.error) == ("2", "internal error: IndexError")


@pytest.mark.parametrize("error", [NetworkError("cut off"), CancelledError(), RuntimeError("x")])
def test_what_a_stop_breaks_off_is_released(app: App, error: Exception) -> None:
    stop = threading.Event()

    def work(_number: int) -> None:
        stop.set()
        raise error

    stage = Numbers(5, work)
    run(app, stage, stop)
    assert failures(app) == []
    assert stage.pending(9) == [0, 1, 2, 3, 4]


def test_an_item_that_stays_pending_is_tried_once_a_round(app: App) -> None:
    stage = Numbers(1)
    asked: list[int] = []
    stage.work = asked.append
    stage.done = _Forgetful()
    assert run(app, stage) == 1
    assert asked == [0]
