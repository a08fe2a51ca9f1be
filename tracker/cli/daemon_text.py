"""Who leads, who stands by, and which job overran its limit, as text for a person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from tracker.model.daemon import DaemonProcess, DaemonState, JobState
from tracker.reports import wording
from tracker.reports.plain_text import clean_line

OVERRUNS_SHOWN = timedelta(days=7)


def daemon_lines(daemon: DaemonState, at: datetime) -> Iterator[str]:
    """Yield a sentence on the leader as of ``at``, then one for each job to look at."""
    leader = daemon.leader
    if leader is None:
        yield f"Daemon: none is at work{_waiting(daemon.standby, at)}."
    elif not leader.heard(at):
        heard = wording.moment_words(leader.renewed_at)
        yield (
            f"Daemon: none is at work; {_named(leader)} was last heard of on {heard}"
            f"{_waiting(daemon.standby, at)}."
        )
    else:
        since = wording.moment_words(leader.since_at)
        yield f"Daemon: {_named(leader)} leads since {since}{_waiting(daemon.standby, at)}."
        yield from (_standstill(job) for job in daemon.jobs if _stands_still(job, at))
    yield from (_overran(job) for job in daemon.jobs if _overran_lately(job, at))


def _named(process: DaemonProcess) -> str:
    return f"process {process.pid} on {clean_line(process.host, 60)}"


def _waiting(standby: DaemonProcess | None, at: datetime) -> str:
    return f"; {_named(standby)} stands by" if standby and standby.heard(at) else ""


def _stands_still(job: JobState, at: datetime) -> bool:
    since = job.item_started_at or job.progressed_at or job.started_at
    return job.running and since is not None and (at - since).total_seconds() > job.limit_s


def _standstill(job: JobState) -> str:
    what = f" at {clean_line(job.item, 200)}" if job.item else ""
    return f"Job {job.name} stands still{what}: one item may take {job.limit_s:g} s."


def _overran_lately(job: JobState, at: datetime) -> bool:
    return job.overran_at is not None and at - job.overran_at < OVERRUNS_SHOWN


def _overran(job: JobState) -> str:
    when = wording.moment_words(job.overran_at) if job.overran_at else "once"
    what = f" at {clean_line(job.overran_item, 200)}" if job.overran_item else ""
    return (
        f"Job {job.name} overran its limit{what} and the daemon began anew: "
        f"{wording.count_words(job.overruns, 'time')}, last on {when}."
    )
