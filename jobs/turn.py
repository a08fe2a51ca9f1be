"""One run of a job."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from jobs.monitor import Activity


@dataclass(frozen=True, slots=True)
class Turn:
    """What a job is given: when to stop, and whom to tell what it is at."""

    stop: threading.Event = field(default_factory=threading.Event)
    activity: Activity = field(default_factory=lambda: Activity("job"))
