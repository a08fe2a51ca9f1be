"""The lease that makes one daemon the leader, and the notes it leaves about its jobs.

The lease is a row. Whoever takes it writes a name of his own into it, in one write transaction;
every later write transaction of a daemon first looks whether that name still stands there
(``require``). Write transactions of one database follow one another, so after a take-over nothing
of the former leader can be committed, whatever any clock says.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime

from sqlmodel import Session, col, select

from storage.tables import DaemonRow, JobRow
from tracker.errors import LeaseLost
from tracker.model.daemon import DaemonProcess, DaemonState, JobState

LEADER, STANDBY = "leader", "standby"
NOBODY = ""

Sighting = tuple[str, int]
"""Holder and beats of a lease: as long as they stay the same, its holder was not heard of."""


def sighting(process: DaemonProcess | None) -> Sighting | None:
    """Return what of a leader changes as long as it lives."""
    return None if process is None else (process.holder, process.beats)


def leader(s: Session) -> DaemonProcess | None:
    """Return the daemon that holds the lease, dead or alive; ``None`` when it was given back."""
    return _process(s, LEADER)


def take(s: Session, me: DaemonProcess, seen: Sighting | None) -> bool:
    """Make ``me`` the leader if the lease still is as it was ``seen``; return whether it is now."""
    if sighting(leader(s)) != seen:
        return False
    _write(s, LEADER, me)
    standby = s.get(DaemonRow, STANDBY)
    if standby is not None and standby.holder == me.holder:
        s.delete(standby)
    s.flush()
    return True


def renew(s: Session, holder: str, *, place: str | None, now: datetime) -> None:
    """Note that the leader lives; raises ``LeaseLost`` when the lease is no longer its own."""
    require(s, holder)
    row = s.get_one(DaemonRow, LEADER)
    row.beats, row.renewed_at, row.place = row.beats + 1, now, place
    s.add(row)
    s.flush()


def require(s: Session, holder: str) -> None:
    """Raise ``LeaseLost`` unless the lease is that of ``holder``."""
    found = s.exec(select(DaemonRow.holder).where(col(DaemonRow.role) == LEADER)).one_or_none()
    if found != holder:
        raise LeaseLost(_taken_by(leader(s)))


def release(s: Session, holder: str) -> None:
    """Give back whatever role ``holder`` has, so that the next need not wait."""
    for row in s.exec(select(DaemonRow).where(col(DaemonRow.holder) == holder)).all():
        row.holder = NOBODY
        s.add(row)
    s.flush()


def stand_by(s: Session, me: DaemonProcess) -> None:
    """Leave a note that ``me`` waits; of several that wait the last one is known."""
    _write(s, STANDBY, me)
    s.flush()


def save_jobs(s: Session, states: tuple[JobState, ...]) -> None:
    """Keep what the jobs are doing; ``overruns`` add up over all runs of the daemon."""
    for state in states:
        row = s.get(JobRow, state.name) or JobRow(name=state.name, limit_ms=0, done=0, overruns=0)
        row.limit_ms = round(state.limit_s * 1000)
        for name in _PLAIN:
            setattr(row, name, getattr(state, name))
        s.add(row)
    s.flush()


def note_overrun(s: Session, job: str, item: str | None, limit_s: float, now: datetime) -> None:
    """Count that the daemon had to begin anew because ``job`` did not come to an end."""
    row = s.get(JobRow, job) or JobRow(name=job, limit_ms=0, done=0, overruns=0)
    row.limit_ms = round(limit_s * 1000)
    row.overruns, row.overran_at, row.overran_item = row.overruns + 1, now, item
    s.add(row)
    s.flush()


def daemon_state(s: Session) -> DaemonState:
    """Return who leads, who stands by and what the jobs did, as last noted."""
    rows = s.exec(select(JobRow).order_by(col(JobRow.name))).all()
    return DaemonState(leader(s), _process(s, STANDBY), tuple(map(_job, rows)))


_PLAIN = tuple(
    field.name
    for field in fields(JobState)
    if field.name not in {"name", "limit_s", "overruns", "overran_at", "overran_item"}
)


def _process(s: Session, role: str) -> DaemonProcess | None:
    row = s.get(DaemonRow, role)
    if row is None or row.holder == NOBODY:
        return None
    return DaemonProcess(
        holder=row.holder,
        host=row.host,
        pid=row.pid,
        since_at=row.since_at,
        renewed_at=row.renewed_at,
        lease_s=row.lease_ms / 1000,
        beats=row.beats,
        place=row.place,
    )


def _write(s: Session, role: str, process: DaemonProcess) -> None:
    row = DaemonRow(
        role=role,
        holder=process.holder,
        host=process.host,
        pid=process.pid,
        place=process.place,
        since_at=process.since_at,
        renewed_at=process.renewed_at,
        lease_ms=round(process.lease_s * 1000),
        beats=process.beats,
    )
    s.merge(row)


def _job(row: JobRow) -> JobState:
    return JobState(
        name=row.name,
        limit_s=row.limit_ms / 1000,
        overruns=row.overruns,
        overran_at=row.overran_at,
        overran_item=row.overran_item,
        **{name: getattr(row, name) for name in _PLAIN},
    )


def _taken_by(other: DaemonProcess | None) -> str:
    if other is None:
        return "this daemon no longer leads: the lease was given back"
    return f"this daemon no longer leads: process {other.pid} on {other.host} has taken over"
