"""The command that says whether all is well, for supervisors and cron."""

from __future__ import annotations

from contextlib import closing

import typer

from tracker.cli.context import session_of, stdout_console
from tracker.cli.text import plain
from tracker.reports.health_document import health_document


def health(context: typer.Context) -> int:
    """Say in one line whether all is well: database, disk, files, daemon, jobs, polls."""
    from jobs.monitoring import checkup
    from storage.database import Database

    session = session_of(context)
    settings = session.settings()
    with closing(Database(settings.database_url)) as database:
        found = checkup(settings, database).health()
    if session.json:
        session.emit(health_document(found))
    else:
        word = "healthy" if found.ok else "unhealthy"
        stdout_console().print(f"{word}: {plain(found.reason)}", markup=False, soft_wrap=True)
    return 0 if found.ok else 1
