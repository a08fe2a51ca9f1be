"""The command that takes up again what was given up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console

from tracker.cli.context import note, session_of, stdout_console
from tracker.cli.lines import address, say
from tracker.errors import UsageError
from tracker.model.summary import FailingWork
from tracker.reports import wording
from tracker.reports.plain_text import clean_line
from tracker.reports.status_document import retried_document

QUOTA = "quota"
"""What ``tracker status`` calls a month that a platform ended; no item of any stage."""


def retry(
    context: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[STAGE] [ITEM]...", help="A stage, items, or both, as in `tracker status`."
        ),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Whatever is parked or waits.")] = False,
) -> int:
    """Take up again what failed: parked items, and those that wait for their next try."""
    asked = words or []
    if every == bool(asked):
        raise UsageError("name a stage or items to try again, or say --all for everything")
    if asked[:1] == [QUOTA]:
        raise UsageError("a month that a platform ended is lifted by `tracker quota --lift`")
    session = session_of(context)
    with session.app(writes=True) as app:
        released = app.retry.release(asked)
        at_work = app.retry.daemon_is_at_work()
    if session.json:
        for work in released:
            session.emit(retried_document(work))
    else:
        _print(stdout_console(), released)
    if not at_work:
        note("no daemon is at work: `tracker run` takes it up")
    return 0


def _print(console: Console, released: Sequence[FailingWork]) -> None:
    say(console, f"To be tried again: {wording.count_words(len(released), 'item')}.")
    for work in released:
        was = "was parked" if work.parked else "was waiting"
        tries = wording.count_words(work.attempts, "attempt")
        say(console, f"{clean_line(work.stage, 30)} ({tries}, {was}):", 2)
        address(console, work.subject, 4)
