"""The command that shows what billed platforms have cost this month, and lets a stop end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from tracker.cli.context import session_of, stdout_console
from tracker.errors import UsageError

if TYPE_CHECKING:
    from storage.api_reads import MonthOfReads
    from tracker.app import App

BILLED = ("x",)
"""Platforms whose reads are counted."""


def quota(
    context: typer.Context,
    lifted: Annotated[
        str | None,
        typer.Option("--lift", metavar="PLATFORM", help="Go on after the platform said stop."),
    ] = None,
) -> int:
    """Show how many billed reads this month has taken, and whether it was stopped."""
    from tracker.ingest.read_budget import lift

    session = session_of(context)
    if lifted is not None and lifted not in BILLED:
        raise UsageError(f"no reads of {lifted} are counted; only those of {', '.join(BILLED)}")
    with session.app(writes=lifted is not None) as app:
        if lifted is not None and not lift(app.archive.database, lifted, app.clock):
            raise UsageError(f"{lifted} has not said stop this month")
        months = [_month(app, platform) for platform in BILLED]
    for month in months:
        if session.json:
            session.emit(_document(month))
        else:
            _print(stdout_console(), month)
    return 0


def _month(app: App, platform: str) -> MonthOfReads:
    from storage import api_reads
    from storage.api_reads import MonthOfReads
    from tracker.ingest.read_budget import month_name

    month = month_name(app.clock.now())
    with app.archive.database.read() as session:
        held = api_reads.month_of_reads(session, platform, month)
    limit = app.settings.x.monthly_reads
    if held is None:
        return MonthOfReads(platform, month, 0, limit)
    return MonthOfReads(platform, month, held.reads, limit, held.stopped_because)


def _document(month: MonthOfReads) -> dict[str, object]:
    return {
        "schema": "tracker/quota/1",
        "platform": month.platform,
        "month": month.month,
        "reads": month.reads,
        "limit": month.read_limit,
        "stopped": month.stopped_because,
    }


def _print(console: Console, month: MonthOfReads) -> None:
    line = f"{month.platform}  {month.month}: {month.reads} of {month.read_limit} reads"
    if month.stopped_because is not None:
        line += f"; stopped: {month.stopped_because} (`tracker quota --lift {month.platform}`)"
    console.print(line, markup=False)
