"""Use case: is everything well? A few cheap questions, for a person, a supervisor or a page."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sqlmodel import Session

from storage import daemon as daemon_rows
from storage import fixity as fixity_rows
from storage import ledger, tallies
from storage import watches as watch_rows
from storage.database import Database
from tracker.clock import Clock
from tracker.errors import TrackerError
from tracker.model.daemon import DaemonState, JobState
from tracker.model.health import Health, HealthCheck
from tracker.model.watch import Watch

LEADING, STANDBY, NONE = "leading", "standby", "none"
GIB = 1024**3
SLACK = timedelta(minutes=10)
"""A poll or a round may be so much later than its interval says: others come first."""

QUIET_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class HealthTerms:
    """From when on something is wrong.

    Less than ``free_bytes`` on the disk; no good poll of any watch for ``late_polls`` of its
    intervals; a job that neither ran nor moved for several of its rounds (``every_s``, by name).
    """

    free_bytes: int = GIB
    late_polls: float = 3
    every_s: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Checkup:
    """What is looked at: the database, the disk under ``data_dir``, the daemon's notes."""

    database: Database
    data_dir: Path
    terms: HealthTerms
    clock: Clock

    def health(self, *, with_daemon: bool = True) -> Health:
        """Return how things are; never raises for what it finds.

        ``with_daemon=False`` leaves out the daemon, its jobs and its polls: a page that only
        reads needs none of them.
        """
        now = self.clock.now()
        disk = self._disk()
        try:
            if not self.database.exists():
                missing = HealthCheck("database", False, f"there is none at {self.database.name}")
                return Health(now, NONE, (missing, disk))
            with self.database.read() as session:
                return self._asked(session, now, disk, with_daemon=with_daemon)
        except TrackerError as exc:
            return Health(now, NONE, (HealthCheck("database", False, str(exc)), disk))

    def _asked(
        self, session: Session, now: datetime, disk: HealthCheck, *, with_daemon: bool
    ) -> Health:
        head = ledger.head(session)
        state = daemon_rows.daemon_state(session)
        broken = fixity_rows.count_broken(session)
        checks = [HealthCheck("database", True, "the database answers"), disk, _files(broken)]
        if with_daemon:
            checks += [
                _daemon(state, now),
                _jobs(state.jobs, self.terms.every_s, now),
                _polls(watch_rows.watches(session), self.terms.late_polls, now),
            ]
        return Health(
            now,
            _role(state, now),
            tuple(checks),
            ledger_entries=head.sequence if head else 0,
            videos=tallies.count(session, tallies.VIDEOS),
            clips=tallies.count(session, tallies.CLIPS),
            broken_files=broken,
        )

    def _disk(self) -> HealthCheck:
        try:
            free = shutil.disk_usage(_existing(self.data_dir)).free
        except OSError as exc:
            return HealthCheck("disk", False, f"cannot look at {self.data_dir}: {exc.strerror}")
        text = f"{free / GIB:.1f} GiB of disk free"
        if free < self.terms.free_bytes:
            return HealthCheck("disk", False, f"only {text}")
        return HealthCheck("disk", True, text)


def _existing(path: Path) -> Path:
    return next(place for place in (path, *path.parents) if place.exists())


def _files(broken: int) -> HealthCheck:
    if broken:
        return HealthCheck("files", False, f"{broken:,} kept files are not what they were")
    return HealthCheck("files", True, "no kept file is known to be broken")


def _role(state: DaemonState, now: datetime) -> str:
    if state.leader is not None and state.leader.heard(now):
        return LEADING
    return STANDBY if state.standby is not None and state.standby.heard(now) else NONE


def _daemon(state: DaemonState, now: datetime) -> HealthCheck:
    leader = state.leader
    if leader is None:
        return HealthCheck("daemon", False, "no daemon leads (start `tracker run`)")
    silent = (now - leader.renewed_at).total_seconds()
    name = f"process {leader.pid} on {leader.host}"
    if silent > QUIET_ROUNDS * leader.lease_s:
        return HealthCheck("daemon", False, f"nothing was heard of {name} for {silent:.0f} s")
    waiting = state.standby is not None and state.standby.heard(now)
    return HealthCheck("daemon", True, f"{name} leads{', another stands by' if waiting else ''}")


def _jobs(jobs: tuple[JobState, ...], every_s: Mapping[str, float], now: datetime) -> HealthCheck:
    stalled = [job.name for job in jobs if _stalled(job, every_s.get(job.name), now)]
    if stalled:
        return HealthCheck("jobs", False, f"stalled: {', '.join(stalled)}")
    return HealthCheck("jobs", True, "no job is stalled")


def _stalled(job: JobState, every_s: float | None, now: datetime) -> bool:
    moved = (job.started_at, job.ended_at, job.progressed_at, job.item_started_at)
    last = max((at for at in moved if at is not None), default=None)
    if last is None or every_s is None:  # it has not run yet, or is not switched on any more
        return False
    allowed = job.limit_s if job.running else QUIET_ROUNDS * every_s
    return (now - last - SLACK).total_seconds() > allowed


def _polls(watches: list[Watch], late_polls: float, now: datetime) -> HealthCheck:
    active = [watch for watch in watches if not watch.paused]
    if not active:
        return HealthCheck("polls", True, "nothing is watched")
    late = [watch for watch in active if is_late(watch, late_polls, now)]
    if len(late) == len(active):
        return HealthCheck("polls", False, f"no watch was polled in time ({len(late):,} of them)")
    more = f", {len(late):,} of {len(active):,} watches are late" if late else ""
    return HealthCheck("polls", True, f"polls are fresh{more}")


def is_late(watch: Watch, late_polls: float, now: datetime) -> bool:
    """Tell whether a watch had no good poll for so many of its intervals."""
    allowed = timedelta(seconds=late_polls * watch.interval_s) + SLACK
    return watch.last_polled_at is None or now - watch.last_polled_at > allowed
