"""The command that tells what became of a post."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from tracker.cli.context import fail, session_of, stdout_console
from tracker.errors import TrackerError
from tracker.reports.documents import instant_text
from tracker.reports.plain_text import clean_line
from tracker.reports.wording import moment_words

if TYPE_CHECKING:
    from tracker.history import PostHistory


def history(
    context: typer.Context,
    targets: Annotated[list[str], typer.Argument(metavar="URL", help="Addresses of posts.")],
) -> int:
    """Show when a post was last seen, first seen gone, back again or edited."""
    from tracker.history import post_history

    session = session_of(context)
    code = 0
    with session.app(writes=False) as app:
        for target in targets:
            try:
                found = post_history(app.archive, target)
            except TrackerError as exc:
                code = max(code, fail(exc, target))
                continue
            if session.json:
                session.emit(history_document(found))
            else:
                _print(stdout_console(), found)
    return code


def history_document(found: PostHistory) -> dict[str, object]:
    """Return ``tracker/history/1``: every step of one post, oldest first."""
    return {
        "schema": "tracker/history/1",
        "url": found.key,
        "platform": found.platform,
        "account": found.account,
        "first_observed_at": instant_text(found.first_observed_at),
        "edited_at": instant_text(found.edited_at),
        "statuses": [
            {
                "status": step.status.value,
                "first_seen_at": instant_text(step.at),
                "last_seen_at": instant_text(step.last_at),
            }
            for step in found.statuses
        ],
        "edits": [
            {
                "field": edit.field,
                "before": edit.before,
                "after": edit.after,
                "before_last_seen_at": instant_text(edit.last_seen_at),
                "after_first_seen_at": instant_text(edit.first_seen_at),
                "edited_at": instant_text(edit.edited_at),
            }
            for edit in found.edits
        ],
    }


def _print(console: Console, found: PostHistory) -> None:
    console.print(clean_line(found.key, 2000), markup=False, highlight=False, soft_wrap=True)
    steps = (
        f"{step.status.value.replace('_', ' ')}: from {moment_words(step.at)} "
        f"to {moment_words(step.last_at)}"
        for step in found.statuses
    )
    edits = (
        f"{edit.field} changed between {moment_words(edit.last_seen_at)} "
        f"and {moment_words(edit.first_seen_at)}"
        for edit in found.edits
    )
    lines = [f"first observed {moment_words(found.first_observed_at)}", *steps, *edits]
    if found.edited_at is not None:
        lines.append(f"last edited {moment_words(found.edited_at)}, by the platform's word")
    for line in lines:
        console.print(f"  {line}", markup=False, highlight=False)
