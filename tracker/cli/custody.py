"""Commands about what may go and what must stay: hold and forget."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from tracker.cli.context import session_of, stdout_console
from tracker.cli.lines import BOLD, DIM, address, say
from tracker.model.custody import Deletion, Hold
from tracker.reports.documents import instant_text
from tracker.reports.plain_text import clean_line
from tracker.reports.wording import count_words, moment_words

_EVERYWHERE = "--config PATH, --json and --debug may be given with every command."

By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who says so.")]
Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason.")]
Subject = Annotated[
    str, typer.Argument(metavar="SUBJECT", help="Clip id, video SHA-256 or post URL.")
]

THUMBNAILS_STAY = (
    "Not deleted: grey thumbnails of 32 × 32 pixels, four a second, inside the fingerprint. "
    "Matches rest on them, and the ledger holds the fingerprint's digest."
)

hold_app = typer.Typer(
    help="Legal holds: what no rule and no command may delete.", no_args_is_help=True
)


@hold_app.command("add", epilog=_EVERYWHERE)
def hold_add(context: typer.Context, subject: Subject, by: By, why: Why) -> int:
    """Put a hold on a clip, a video or a post: nothing of it is deleted while it lasts."""
    with session_of(context).app(writes=True) as app:
        hold = app.holds.add(subject, by=by, why=why)
    _show(context, [hold], "held")
    return 0


@hold_app.command("remove", epilog=_EVERYWHERE)
def hold_remove(
    context: typer.Context,
    subject: Annotated[
        str, typer.Argument(metavar="SUBJECT", help="What is held, or the hold's number.")
    ],
    by: By,
    why: Why,
) -> int:
    """End the holds on a clip, a video or a post."""
    with session_of(context).app(writes=True) as app:
        ended = app.holds.remove(subject, by=by, why=why)
    _show(context, ended, "no longer held")
    return 0


@hold_app.command("list", epilog=_EVERYWHERE)
def hold_list(
    context: typer.Context,
    former: Annotated[bool, typer.Option("--all", help="Also holds that were ended.")] = False,
) -> int:
    """List the holds in force."""
    with session_of(context).app(writes=False) as app:
        holds = app.holds.listed(former=former)
    session = session_of(context)
    if not session.json:
        say(stdout_console(), f"{count_words(len(holds), 'hold')}.", style=BOLD)
    _show(context, holds, "held")
    return 0


def forget(
    context: typer.Context,
    video: Annotated[str, typer.Argument(metavar="VIDEO", help="The video's SHA-256.")],
    by: By,
    why: Why,
) -> int:
    """Delete a video's original and keyframes for good; digests and fingerprints stay."""
    session = session_of(context)
    with session.app(writes=True) as app:
        deletion = app.retention.forget(video, by=by, why=why)
    if session.json:
        session.emit(_forgotten_document(deletion))
    else:
        say(stdout_console(), f"Deleted: video {deletion.video}.", style=BOLD)
        say(
            stdout_console(),
            f"The original ({deletion.size_bytes:,} bytes) and its pictures are gone; its digest, "
            "fingerprints and posts stay. The deletion is in the ledger.",
            2,
        )
        say(stdout_console(), THUMBNAILS_STAY, 2)
    return 0


def _show(context: typer.Context, holds: list[Hold], state: str) -> None:
    session = session_of(context)
    for hold in holds:
        if session.json:
            session.emit(_hold_document(hold))
        else:
            _print(stdout_console(), hold, state)


def _print(console: Console, hold: Hold, state: str) -> None:
    ended = " (ended)" if hold.removed_at and state == "held" else ""
    say(console, f"{hold.id:3}. {hold.kind.value} {state}{ended}:")
    address(console, hold.subject, 5)
    added = f"by {clean_line(hold.by, 100)}, {moment_words(hold.added_at)}"
    say(console, f"{added}: {clean_line(hold.why, 600)}", 5, DIM)


def _hold_document(hold: Hold) -> dict[str, object]:
    """Return ``tracker/hold/1``."""
    return {
        "schema": "tracker/hold/1",
        "hold": hold.id,
        "kind": hold.kind.value,
        "subject": hold.subject,
        "by": hold.by,
        "why": hold.why,
        "added_at": instant_text(hold.added_at),
        "removed_at": instant_text(hold.removed_at),
        "removed_by": hold.removed_by,
        "removed_why": hold.removed_why,
    }


def _forgotten_document(deletion: Deletion) -> dict[str, object]:
    """Return ``tracker/forgotten/1``."""
    return {
        "schema": "tracker/forgotten/1",
        "video": deletion.video,
        "size_bytes": deletion.size_bytes,
        "by": deletion.by,
        "why": deletion.why,
        "at": instant_text(deletion.decided_at),
    }
