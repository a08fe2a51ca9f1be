"""What the daemon shows of itself, leading or standing by: see ``tracker.web.monitor``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import structlog

from jobs.schedule import PIPELINE, UPKEEP
from storage.database import Database
from tracker.archive_metrics import ArchiveMetrics
from tracker.clock import SystemClock
from tracker.config import Settings
from tracker.fingerprint.algorithm import current_algorithm
from tracker.health import Checkup, HealthTerms

log = structlog.get_logger()
MEGABYTE = 1024**2


@contextmanager
def monitoring(settings: Settings) -> Iterator[None]:
    """Serve metrics and health while the block lasts, if the config names a port for them."""
    if not settings.monitor.port:
        yield
        return
    from tracker.web.monitor import monitored  # loaded late: a daemon without it needs no server

    names = frozenset(name.lower() for name in settings.serve.names)
    with (
        closing(Database(settings.database_url)) as database,
        monitored(
            settings.monitor.port,
            archive_metrics(settings, database),
            checkup(settings, database),
            names,
        ) as address,
    ):
        log.info("monitor_serving", url=address)
        yield


def archive_metrics(settings: Settings, database: Database) -> ArchiveMetrics:
    """Return the gauges over the archive of the settings."""
    return ArchiveMetrics(database, settings.data_dir, current_algorithm().key, SystemClock())


def checkup(settings: Settings, database: Database) -> Checkup:
    """Return the questions that tell whether all is well, by the terms of the settings."""
    every_s = {job.name: job.every_s(settings.jobs) for job in (*PIPELINE, *UPKEEP)}
    terms = HealthTerms(
        free_bytes=settings.monitor.min_free_mb * MEGABYTE,
        late_polls=settings.monitor.late_polls,
        every_s=every_s,
    )
    return Checkup(database, settings.data_dir, terms, SystemClock())
