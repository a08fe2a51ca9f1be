"""What a billed platform may cost in a calendar month, counted in the database.

Reads are set aside in the database before a request is made and settled after its answer, so
that workers and processes together never pass the limit. A process killed in between leaves its
reads counted.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from storage import api_reads, attempts
from storage.api_reads import MonthOfReads
from storage.database import Database
from tracker.clock import Clock
from tracker.errors import QuotaSpent
from tracker.net.read_budget import Reservation

ACCOUNT_MAX_AGE = timedelta(days=30)
"""A name may pass to another account; so its number is asked for again after this time."""


class MonthlyReads:
    """The read budget of one platform, in whatever process it is asked."""

    def __init__(self, database: Database, platform: str, limit: int, clock: Clock) -> None:
        self._database = database
        self._platform = platform
        self._limit = limit
        self._clock = clock

    def adopt_limit(self) -> None:
        """Let what waited for the next month go on, if the configured limit was raised since."""
        now = self._clock.now()
        with self._database.read() as session:
            held = api_reads.month_of_reads(session, self._platform, month_name(now))
        if held is None or held.read_limit == self._limit:
            return
        with self._database.write() as session:
            api_reads.add_reads(session, self._platform, held.month, 0, limit=self._limit)
            if held.read_limit < self._limit and held.stopped_because is None:
                attempts.release_waiting(session, next_month(now))

    def reserve(self, *, at_least: int, at_most: int) -> Reservation:
        """Set reads aside; see ``ReadBudget``."""
        now = self._clock.now()
        month = month_name(now)
        with self._database.write() as session:
            held = api_reads.month_of_reads(session, self._platform, month)
            if held is not None and held.stopped_because is not None:
                raise QuotaSpent(held.stopped_because, retry_at=next_month(now))
            left = self._limit - (held.reads if held else 0)
            if left < at_least:
                raise QuotaSpent(self._spent(month, left), retry_at=next_month(now))
            reads = min(left, at_most)
            api_reads.add_reads(session, self._platform, month, reads, limit=self._limit)
        return Reservation(month, reads)

    def settle(self, reservation: Reservation, used: int) -> None:
        """Count ``used`` reads instead of those that were set aside."""
        if used == reservation.reads:
            return
        with self._database.write() as session:
            more = used - reservation.reads
            api_reads.add_reads(session, self._platform, reservation.month, more, limit=self._limit)

    def stop(self, reason: str) -> QuotaSpent:
        """Ask for nothing more this month; return the error that says so."""
        now = self._clock.now()
        with self._database.write() as session:
            api_reads.stop_month(
                session, self._platform, month_name(now), reason, limit=self._limit, at=now
            )
        return QuotaSpent(reason, retry_at=next_month(now))

    def account_id(self, handle: str) -> str | None:
        """Return the number of an account that was looked up lately."""
        since = self._clock.now() - ACCOUNT_MAX_AGE
        with self._database.read() as session:
            return api_reads.account_id(session, self._platform, handle, since=since)

    def remember_account(self, handle: str, account_id: str) -> None:
        """Keep the number of an account, whose look-up is billed."""
        with self._database.write() as session:
            api_reads.save_account(
                session, self._platform, handle, account_id, at=self._clock.now()
            )

    def _spent(self, month: str, left: int) -> str:
        rest = f", the {left} left are too few for a request" if left > 0 else ""
        return (
            f"the {self._limit} reads of {self._platform} that the config allows in {month} are "
            f"spent{rest}"
        )


def lift(database: Database, platform: str, clock: Clock) -> bool:
    """Forget that a platform stopped this month and let what waited for its end go on.

    Returns ``False`` when it was not stopped.
    """
    now = clock.now()
    with database.write() as session:
        lifted = api_reads.lift_stop(session, platform, month_name(now))
        if lifted:
            attempts.release_waiting(session, next_month(now))
    return lifted


def stopped(session: Session, now: datetime) -> list[MonthOfReads]:
    """Return the platforms that allow nothing more this month."""
    months = api_reads.months_of_reads(session)
    return [m for m in months if m.month == month_name(now) and m.stopped_because is not None]


def month_name(at: datetime) -> str:
    """Return the calendar month in UTC: ``2026-11``."""
    return at.astimezone(UTC).strftime("%Y-%m")


def next_month(at: datetime) -> datetime:
    """Return the first instant of the calendar month after ``at``, in UTC."""
    first = at.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=32)).replace(day=1)
