"""The seam between a billed interface and whoever counts what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from tracker.errors import QuotaSpent


@dataclass(frozen=True, slots=True)
class Reservation:
    """Reads set aside for one request, in the month (``2026-11``, UTC) they count for."""

    month: str
    reads: int


class ReadBudget(Protocol):
    """Counts reads before they are made, so that no number of workers can pass the limit."""

    def reserve(self, *, at_least: int, at_most: int) -> Reservation:
        """Set reads aside, as many of ``at_most`` as are left.

        Raises ``QuotaSpent`` if fewer than ``at_least`` are, or the platform stopped the month.
        """
        ...

    def settle(self, reservation: Reservation, used: int) -> None:
        """Count ``used`` reads instead of those that were set aside."""
        ...

    def stop(self, reason: str) -> QuotaSpent:
        """Ask for nothing more this month, because the platform says so; return the error."""
        ...

    def account_id(self, handle: str) -> str | None:
        """Return the number of an account that was looked up lately."""
        ...

    def remember_account(self, handle: str, account_id: str) -> None:
        """Keep the number of an account, whose look-up is billed."""
        ...
