"""What the archive holds and waits for, in gauges that Prometheus reads; asked at each scrape.

Nothing is counted by reading the archive: what is not a count kept by the database is as large as
what is left to do. The labels are stages, jobs, platforms and, at most a hundred, watches.
"""

from __future__ import annotations

import platform
import shutil
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlmodel import Session

from storage import anchors as anchor_rows
from storage import attempts, ledger, tallies
from storage import daemon as daemon_rows
from storage import fixity as fixity_rows
from storage import watches as watch_rows
from storage.database import Database
from tracker import __version__
from tracker.clock import Clock
from tracker.errors import TrackerError
from tracker.metrics import REGISTRY
from tracker.model.daemon import DaemonState

MAX_WATCHES = 100
MAX_TARGET_CHARS = 200
KEPT_S = 5.0
"""Scrapes that come faster get the former answer: two monitors cost no more than one."""

Value = tuple[tuple[str, ...], float]


@dataclass(frozen=True, slots=True)
class _Facts:
    session: Session
    now: datetime
    algorithm_key: str


class ArchiveMetrics(Collector):
    """Gauges over one archive. What cannot be read is left out, and ``tracker_up`` says so."""

    def __init__(
        self, database: Database, data_dir: Path, algorithm_key: str, clock: Clock
    ) -> None:
        self._database = database
        self._data_dir = data_dir
        self._algorithm = algorithm_key
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: list[Metric] = []
        self._kept_until = 0.0

    def page(self) -> bytes:
        """Return all gauges and this process's counters in Prometheus's text format."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        return generate_latest(registry) + generate_latest(REGISTRY)

    def describe(self) -> Iterable[Metric]:
        """Return nothing: the registry would otherwise ask the archive when it is told of us."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield every gauge as of now, or of a few seconds ago."""
        with self._lock:
            if time.monotonic() > self._kept_until:
                self._kept = list(self._collect())
                self._kept_until = time.monotonic() + KEPT_S
            yield from self._kept

    def _collect(self) -> Iterator[Metric]:
        yield _gauge("build_info", "Versions.", ("version", "python"), [
            ((__version__, platform.python_version()), 1)
        ])  # fmt: skip
        yield from _disk(self._data_dir)
        try:
            found = list(self._of_database()) if self._database.exists() else []
        except TrackerError:
            found = []
        yield _gauge("up", "Whether the database could be read.", (), [((), float(bool(found)))])
        yield from found

    def _of_database(self) -> Iterator[Metric]:
        with self._database.read() as session:
            facts = _Facts(session, self._clock.now(), self._algorithm)
            yield from _queues(facts)
            yield from _holdings(facts)
            yield from _ledger(facts)
            yield from _watches(facts)
            yield from _daemon(daemon_rows.daemon_state(session), facts.now)


def _gauge(name: str, text: str, labels: tuple[str, ...], values: Iterable[Value]) -> Metric:
    family = GaugeMetricFamily(f"tracker_{name}", text, labels=labels)
    for names, value in values:
        family.add_metric(names, value)
    return family


def _queues(facts: _Facts) -> Iterator[Metric]:
    queues = attempts.queues(facts.session, facts.algorithm_key)
    yield _gauge("queue_items", "Items that wait for a stage.", ("stage",), [
        ((stage,), queue.items) for stage, queue in queues.items()
    ])  # fmt: skip
    yield _gauge("queue_oldest_seconds", "Age of the oldest item that waits.", ("stage",), [
        ((stage,), _age(facts.now, queue.oldest_at)) for stage, queue in queues.items()
    ])  # fmt: skip
    failing = attempts.count_failing(facts.session)
    for name, text, is_parked in (
        ("parked_items", "Items given up, for a person to look at.", True),
        ("failing_items", "Items that failed and are tried again.", False),
    ):
        yield _gauge(name, text, ("stage",), [
            ((stage,), count) for (stage, parked), count in failing.items() if parked is is_parked
        ])  # fmt: skip


def _holdings(facts: _Facts) -> Iterator[Metric]:
    session = facts.session
    yield _gauge("posts", "Posts and articles held.", ("platform",), [
        ((name,), n) for name, n in tallies.parts(session, tallies.POSTS).items()
    ])  # fmt: skip
    for name, text in (
        (tallies.VIDEOS, "Videos held."),
        (tallies.FRAMES, "Sampled frames held."),
        (tallies.CLIPS, "Clips known."),
    ):
        yield _gauge(name, text, (), [((), tallies.count(session, name))])
    broken = fixity_rows.count_broken(session)
    yield _gauge("broken_files", "Kept files that are not what they were.", (), [((), broken)])


def _ledger(facts: _Facts) -> Iterator[Metric]:
    head, anchor = ledger.head(facts.session), anchor_rows.last_anchor(facts.session)
    yield _gauge("ledger_entries", "Number of the ledger's last entry.", (), [
        ((), head.sequence if head else 0)
    ])  # fmt: skip
    yield _gauge("ledger_unanchored_entries", "Entries that no anchor covers yet.", (), [
        ((), anchor_rows.count_new(facts.session, anchor))
    ])  # fmt: skip
    if anchor is not None:
        at = datetime.fromisoformat(anchor.at)
        yield _gauge("anchor_age_seconds", "Age of the last anchor.", (), [
            ((), _age(facts.now, at))
        ])  # fmt: skip


def _watches(facts: _Facts) -> Iterator[Metric]:
    watches = [watch for watch in watch_rows.watches(facts.session) if not watch.paused]
    ages = [
        (watch.target, _age(facts.now, watch.last_polled_at))
        for watch in watches
        if watch.last_polled_at is not None
    ]
    ages.sort(key=lambda item: -item[1])
    yield _gauge("watches", "Watches that are not paused.", (), [((), len(watches))])
    yield _gauge("watches_never_polled", "Watches without any good poll.", (), [
        ((), len(watches) - len(ages))
    ])  # fmt: skip
    yield _gauge("watch_poll_age_seconds", "Time since a watch's last good poll.", ("watch",), [
        ((target[:MAX_TARGET_CHARS],), age) for target, age in ages[:MAX_WATCHES]
    ])  # fmt: skip


def _daemon(state: DaemonState, now: datetime) -> Iterator[Metric]:
    leads = state.leader is not None and state.leader.heard(now)
    waits = state.standby is not None and state.standby.heard(now)
    yield _gauge("leader", "Whether a daemon leads.", (), [((), float(leads))])
    yield _gauge("standby", "Whether a daemon stands by.", (), [((), float(waits))])
    yield _gauge("job_running", "Whether a job is at work.", ("job",), [
        ((job.name,), float(job.running)) for job in state.jobs
    ])  # fmt: skip
    yield _gauge("job_overruns", "How often a job made the daemon begin anew.", ("job",), [
        ((job.name,), job.overruns) for job in state.jobs
    ])  # fmt: skip
    yield _gauge("job_ended_age_seconds", "Time since a job's last end.", ("job",), [
        ((job.name,), _age(now, job.ended_at)) for job in state.jobs if job.ended_at
    ])  # fmt: skip


def _disk(data_dir: Path) -> Iterator[Metric]:
    place = next(path for path in (data_dir, *data_dir.parents) if path.exists())
    usage = shutil.disk_usage(place)
    yield _gauge("disk_free_bytes", "Free on the disk of data_dir.", (), [((), usage.free)])
    yield _gauge("disk_total_bytes", "Size of the disk of data_dir.", (), [((), usage.total)])
    yield _gauge("database_bytes", "The SQLite database with its log.", (), [
        ((), _size(data_dir.glob("tracker.db*")))
    ])  # fmt: skip
    yield _gauge("index_bytes", "The search indexes.", (), [
        ((), _size((data_dir / "index").glob("*/shard-*")))
    ])  # fmt: skip


def _size(paths: Iterable[Path]) -> int:
    total = 0
    for path in paths:
        try:
            total += path.stat().st_size
        except OSError:  # merged into another meanwhile
            continue
    return total


def _age(now: datetime, at: datetime | None) -> float:
    return max(0.0, (now - at).total_seconds()) if at is not None else 0.0
