"""The command that reads the time inside an id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tracker.cli.context import session_of, stdout_console
from tracker.clock import SystemClock
from tracker.errors import UnsupportedSource
from tracker.reports.documents import instant_text
from tracker.reports.plain_text import clean_line

if TYPE_CHECKING:
    from tracker.timestamps.decode import Reading


def decode(
    context: typer.Context,
    ids: Annotated[list[str], typer.Argument(metavar="ID", help="Ids, or addresses of posts.")],
) -> int:
    """Show the time inside an id, under every layout that it may be of."""
    session = session_of(context)
    for text in ids:
        found = _readings(text)
        if session.json:
            session.emit(_document(text, found))
            continue
        console = stdout_console()
        console.print(clean_line(text, 200), markup=False, highlight=False)
        for reading in found:
            first, last = reading.interval.earliest_at, reading.interval.latest_at
            note = " (any program's id)" if reading.is_generic else ""
            line = f"  {reading.layout}: {instant_text(first)} to {instant_text(last)}{note}"
            console.print(line, markup=False, highlight=False)
        if not found:
            console.print("  no known layout holds a time in it", markup=False, highlight=False)
    return 0


def _readings(text: str) -> tuple[Reading, ...]:
    """The one reading that an address allows, or all that an id alone does."""
    from tracker.net.urls import parse_address
    from tracker.timestamps.decode import Reading, readings
    from tracker.timestamps.ids import claims_from_address

    now = SystemClock().now()
    try:
        address = parse_address(text)
    except UnsupportedSource:
        return readings(text, now=now)
    claims = claims_from_address(address.platform, address.post_id, text, now=now)
    return tuple(Reading(claim.source, claim.interval, is_generic=False) for claim in claims)


def _document(text: str, found: tuple[Reading, ...]) -> dict[str, object]:
    return {
        "schema": "tracker/decoded/1",
        "id": text,
        "readings": [
            {
                "layout": reading.layout,
                "interval": [
                    instant_text(reading.interval.earliest_at),
                    instant_text(reading.interval.latest_at),
                ],
                "generic": reading.is_generic,
            }
            for reading in found
        ],
    }
