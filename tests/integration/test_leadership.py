"""One daemon leads; whoever stands by takes over, and nothing of the former leader is written."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jobs.leader import Leadership
from storage import daemon, ledger
from storage.database import Database
from tracker.errors import LeaseLost, OutsideError
from tracker.model.daemon import DaemonState, JobState
from tracker.model.ledger import LedgerKind

LEASE_S = 0.6
LONG_S = 30.0
"""A lease that does not run out within a test."""


@dataclass
class SteppingClock:
    """A clock that someone sets."""

    at: datetime = field(default_factory=lambda: datetime(2026, 3, 1, tzinfo=UTC))

    def now(self) -> datetime:
        return self.at


class Daemons:
    """Processes of one database, as far as leading goes; each may have its own data directory."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self.clock = SteppingClock()
        self._stack = stack
        self._folder = folder
        self.database = self._open()

    def new(self, data_dir: str = "data", lease_s: float = LEASE_S) -> Leadership:
        """Start one that does not lead yet."""
        made = Leadership(self._open(), self._folder / data_dir, lease_s, self.clock)
        return self._stack.enter_context(closing(made))

    def state(self) -> DaemonState:
        """Return what `tracker status` is told."""
        with self.database.read() as session:
            return daemon.daemon_state(session)

    def _open(self) -> Database:
        opened = Database(f"sqlite:///{self._folder / 'tracker.db'}")
        return self._stack.enter_context(closing(opened))


@pytest.fixture
def daemons(tmp_path: Path) -> Iterator[Daemons]:
    with ExitStack() as stack:
        yield Daemons(stack, tmp_path)


@contextmanager
def standing_by(leadership: Leadership) -> Iterator[list[bool]]:
    """Let it wait in a thread of its own; the list gets what came of it."""
    stop, won = threading.Event(), list[bool]()
    waiting = threading.Thread(target=lambda: won.append(leadership.win(stop, waits=True)))
    waiting.start()
    try:
        yield won
    finally:
        stop.set()
        waiting.join(30)


def until(condition: object, limit_s: float = 30) -> None:
    """Wait for it; whatever never comes fails the test."""
    deadline = time.monotonic() + limit_s
    while not condition():  # type: ignore[operator]  # any callable
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.02)


def wins(leadership: Leadership) -> bool:
    return leadership.win(threading.Event(), waits=False)


def test_the_second_stands_by_and_leads_when_the_first_gives_its_lease_back(
    daemons: Daemons,
) -> None:
    first, second = daemons.new(lease_s=LONG_S), daemons.new(lease_s=LONG_S)
    assert wins(first)
    with standing_by(second) as won:
        until(lambda: daemons.state().standby)
        leading = daemons.state().leader
        assert not won
        first.close()
        until(lambda: won == [True])
    led = daemons.state()
    assert led.leader
    assert leading
    assert led.leader.holder != leading.holder
    assert led.standby is None
    second.close()
    assert daemons.state().leader is None


def test_one_that_never_waits_is_refused_while_another_lives(daemons: Daemons) -> None:
    first = daemons.new()
    assert wins(first)
    with pytest.raises(OutsideError, match="already at work"):
        wins(daemons.new())
    with (
        first.kept(lambda: (), lambda: None),
        pytest.raises(OutsideError, match="already at work"),
    ):
        wins(daemons.new("elsewhere"))


@pytest.mark.parametrize("data_dir", ["data", "elsewhere"])
def test_a_silent_leader_is_replaced_and_can_commit_nothing_any_more(
    daemons: Daemons, data_dir: str, tmp_path: Path
) -> None:
    stalled, second = daemons.new(), daemons.new(data_dir)
    assert wins(stalled)
    with closing(Database(f"sqlite:///{tmp_path / 'tracker.db'}")) as written:
        written.fence(stalled.require)
        with written.write() as session:
            ledger.append(session, LedgerKind.WATCH, {"n": 1}, at=daemons.clock.now())
        with standing_by(second) as won:
            until(lambda: won == [True])
        assert stalled.lost is None  # it cannot know yet
        with pytest.raises(LeaseLost, match="has taken over"), written.write() as session:
            ledger.append(session, LedgerKind.WATCH, {"n": 2}, at=daemons.clock.now())
    with daemons.database.read() as session:
        bodies = [entry.body for entry in ledger.entries(session, 0)]
    assert '{"n":1}' in bodies
    assert '{"n":2}' not in bodies


def test_a_leader_that_was_replaced_is_told_at_its_next_renewal(daemons: Daemons) -> None:
    stalled, second = daemons.new(), daemons.new()
    told: list[str] = []
    assert wins(stalled)
    with standing_by(second) as won:
        until(lambda: won == [True])
    with (
        pytest.raises(LeaseLost, match="has taken over"),
        stalled.kept(lambda: (), lambda: told.append("lost")),
    ):
        until(lambda: told == ["lost"])
    stalled.close()
    assert daemons.state().leader is not None  # it gave back nothing that was not its own


@pytest.mark.parametrize("days", [4000, -4000])
def test_clocks_that_step_neither_give_nor_take_the_lease(daemons: Daemons, days: int) -> None:
    first, second = daemons.new(), daemons.new("elsewhere")
    assert wins(first)
    with first.kept(lambda: (), lambda: None), standing_by(second) as won:
        until(lambda: daemons.state().standby)
        daemons.clock.at += timedelta(days=days)
        beats = _beats(daemons)
        until(lambda: _beats(daemons) > beats + 5)  # nearly two leases
        assert not won
        assert first.lost is None


def test_what_the_jobs_do_is_noted_with_each_renewal_and_at_the_end(daemons: Daemons) -> None:
    first = daemons.new()
    doing = [JobState("capture", 60, started_at=daemons.clock.now(), item="a.mp4")]
    assert wins(first)
    with first.kept(lambda: tuple(doing), lambda: None):
        until(lambda: daemons.state().jobs)
        assert daemons.state().jobs == tuple(doing)
        doing[:] = [JobState("capture", 60, ended_at=daemons.clock.now(), done=3)]
    assert daemons.state().jobs == tuple(doing)


def test_overruns_add_up_whatever_is_noted_afterwards(daemons: Daemons) -> None:
    first = daemons.new()
    assert wins(first)
    at = daemons.clock.now()
    for _ in range(2):
        with daemons.database.write() as session:
            daemon.note_overrun(session, "detect", "a", 5.0, at)
            daemon.save_jobs(session, (JobState("detect", 5.0),))
    (job,) = daemons.state().jobs
    assert (job.overruns, job.overran_at, job.overran_item) == (2, at, "a")


def _beats(daemons: Daemons) -> int:
    leader = daemons.state().leader
    return leader.beats if leader else 0
