"""Whether the whole thing is well, as a few answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """One question and its answer; ``reason`` is a sentence's worth of words either way."""

    name: str
    ok: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Health:
    """All answers at one time; ``role`` is what the daemon is: leading, standby or none."""

    at: datetime
    role: str
    checks: tuple[HealthCheck, ...]
    ledger_entries: int = 0
    videos: int = 0
    clips: int = 0
    broken_files: int = 0

    @property
    def ok(self) -> bool:
        """Whether every answer is good."""
        return all(check.ok for check in self.checks)

    @property
    def reason(self) -> str:
        """One line: what is wrong, or else what is right."""
        wanted = [check for check in self.checks if check.ok is self.ok]
        return "; ".join(check.reason for check in wanted)
