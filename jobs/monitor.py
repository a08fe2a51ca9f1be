"""What every job is doing at present, so that one that stands still is noticed.

Threads cannot be ended from outside. So each item that is begun is noted with the instant, by the
clock that no one can set, and ``overrun`` names the one that is at it for longer than it may.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from tracker.clock import Clock, SystemClock
from tracker.model.daemon import JobState

UNLIMITED_S = float("inf")


@dataclass(frozen=True, slots=True)
class Overrun:
    """Work of ``job`` that goes on for longer than ``limit_s``.

    ``item`` is what ``stage`` is at; ``None`` when the job stands still between two items.
    """

    job: str
    stage: str
    item: str | None
    running_s: float
    limit_s: float


@dataclass(frozen=True, slots=True)
class _Item:
    stage: str
    key: str
    at: datetime
    begun_s: float


class Activity:
    """What one job is doing. Safe to use from several threads.

    ``limit_s`` is how long one item may take, and how long the job may be without beginning or
    ending one.
    """

    def __init__(self, name: str, limit_s: float = UNLIMITED_S, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._items: dict[int, _Item] = {}
        self._moved_s = 0.0
        self._state = JobState(name, limit_s)

    @contextmanager
    def run(self) -> Iterator[None]:
        """Note that the job runs for as long as the block lasts, and what it fails with."""
        self._note(started_at=self._clock.now(), ended_at=None, done=0, error=None)
        try:
            yield
        except Exception as exc:
            self._note(error=f"{type(exc).__name__}: {exc}")
            raise
        finally:
            self._note(ended_at=self._clock.now())

    @contextmanager
    def item(self, stage: str, key: str) -> Iterator[None]:
        """Note that an item is in work for as long as the block lasts."""
        with self._lock:
            number = next(self._numbers)
            self._moved_s = time.monotonic()
            self._items[number] = _Item(stage, key, self._clock.now(), self._moved_s)
        try:
            yield
        finally:
            with self._lock:
                del self._items[number]
            self._note(progressed_at=self._clock.now(), done=self._state.done + 1)

    def state(self) -> JobState:
        """Return what the job is doing now."""
        with self._lock:
            oldest = self._oldest()
            if oldest is None:
                return self._state
            return replace(self._state, item=oldest.key, item_started_at=oldest.at)

    def overrun(self) -> Overrun | None:
        """Return what goes on for longer than the limit, ``None`` when all is well."""
        with self._lock:
            if not self._state.running:
                return None
            oldest = self._oldest()
            running_s = time.monotonic() - (oldest.begun_s if oldest else self._moved_s)
            name, limit_s = self._state.name, self._state.limit_s
        if running_s <= limit_s:
            return None
        stage, key = (oldest.stage, oldest.key) if oldest else (name, None)
        return Overrun(name, stage, key, running_s, limit_s)

    def _oldest(self) -> _Item | None:
        return min(self._items.values(), key=lambda item: item.begun_s, default=None)

    def _note(self, **facts: object) -> None:
        with self._lock:
            self._moved_s = time.monotonic()
            self._state = replace(self._state, **facts)  # type: ignore[arg-type]  # by name


class Monitor:
    """The activities of all jobs of one daemon, by name."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock
        self._activities: dict[str, Activity] = {}

    def activity(self, name: str, limit_s: float) -> Activity:
        """Return what the job of that name is doing; made when it is first asked for."""
        if name not in self._activities:
            self._activities[name] = Activity(name, limit_s, self._clock)
        return self._activities[name]

    def states(self) -> tuple[JobState, ...]:
        """Return what every job that was begun is doing."""
        return tuple(activity.state() for activity in list(self._activities.values()))

    def overruns(self) -> list[Overrun]:
        """Return what goes on for longer than it may."""
        found = (activity.overrun() for activity in list(self._activities.values()))
        return [overrun for overrun in found if overrun is not None]
