"""The command that shows which hosts asked us to wait, and asks one again at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tracker.cli.context import session_of, stdout_console
from tracker.errors import UsageError
from tracker.reports.documents import instant_text

if TYPE_CHECKING:
    from tracker.net.politeness import ClosedHost


def hosts(
    context: typer.Context,
    lifted: Annotated[
        str | None,
        typer.Option("--lift", metavar="HOST", help="Ask this host again before its time."),
    ] = None,
) -> int:
    """Show the hosts that asked us to wait, and until when nothing more is asked of them."""
    session = session_of(context)
    with session.app(writes=lifted is not None) as app:
        if lifted is not None and app.turns.lift(lifted) is None:
            raise UsageError(f"{lifted} has not asked us to wait")
        waiting = app.turns.closed()
    for closed in waiting:
        if session.json:
            session.emit(_document(closed))
        else:
            stdout_console().print(_line(closed), markup=False)
    if not waiting and not session.json:
        stdout_console().print("No host has asked us to wait.")
    return 0


def _document(closed: ClosedHost) -> dict[str, object]:
    return {
        "schema": "tracker/host/1",
        "host": closed.host,
        "until": instant_text(closed.until),
        "why": closed.why,
    }


def _line(closed: ClosedHost) -> str:
    return f"{closed.host}  until {instant_text(closed.until)}: {closed.why}"
