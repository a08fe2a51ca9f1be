"""Which process leads, who stands by, and what each job is doing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class DaemonProcess:
    """A daemon as the database knows it.

    ``holder`` names one turn of one process; ``beats`` counts its renewals, which is what others
    watch: clocks of two machines need not agree. ``place`` is the lock that it holds, ``None``
    when it holds none. The lease runs out when nothing was heard for ``lease_s``.
    """

    holder: str
    host: str
    pid: int
    since_at: datetime
    renewed_at: datetime
    lease_s: float
    beats: int = 0
    place: str | None = None

    def heard(self, now: datetime) -> bool:
        """Tell whether it renewed lately, by the clock; for display only."""
        return now - self.renewed_at <= timedelta(seconds=self.lease_s)


@dataclass(frozen=True, slots=True)
class JobState:
    """What a job of the leader is doing, or did last; as of the leader's latest renewal.

    ``item`` is the item that has been in work for longest, since ``item_started_at``; one may
    take ``limit_s``. ``done`` counts the items of the present or latest run. ``overruns`` counts
    how often the daemon had to begin anew because of this job, the last time at ``overran_at``.
    """

    name: str
    limit_s: float
    started_at: datetime | None = None
    ended_at: datetime | None = None
    progressed_at: datetime | None = None
    done: int = 0
    item: str | None = None
    item_started_at: datetime | None = None
    error: str | None = None
    overruns: int = 0
    overran_at: datetime | None = None
    overran_item: str | None = None

    @property
    def running(self) -> bool:
        """Whether it was at work when the leader was last heard of."""
        return self.started_at is not None and self.ended_at is None


@dataclass(frozen=True, slots=True)
class DaemonState:
    """The leader, a daemon that stands by, and the leader's jobs by name."""

    leader: DaemonProcess | None = None
    standby: DaemonProcess | None = None
    jobs: tuple[JobState, ...] = ()
