"""Commands that take something in: add, import, watch."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.cli import text
from tracker.cli.context import Session, complain, fail, note, progress, session_of, stdout_console
from tracker.errors import TrackerError, UsageError
from tracker.model.added import AddedResult
from tracker.model.watch import Watch
from tracker.reports import documents

if TYPE_CHECKING:
    from tracker.app import App

watch_app = typer.Typer(help="Standing orders: feeds, pages and accounts.", no_args_is_help=True)


def add(
    context: typer.Context,
    targets: Annotated[list[str], typer.Argument(metavar="TARGET", help="URLs or local files.")],
    published_at: Annotated[
        str | None, typer.Option(metavar="T", help="When it was published (ISO 8601).")
    ] = None,
    post_url: Annotated[
        str | None, typer.Option(metavar="U", help="Where a local file was published.")
    ] = None,
    platform: Annotated[
        str | None, typer.Option(metavar="P", help="The platform it was published on.")
    ] = None,
    account: Annotated[
        str | None, typer.Option(metavar="A", help="The account that published it.")
    ] = None,
) -> int:
    """Take in posts, articles, feeds, video URLs or local files now, through every stage."""
    from tracker.ingest.add import Stated

    session = session_of(context)
    stated = Stated(published_at, post_url, platform, account)
    if not stated.empty and len(targets) > 1:
        raise UsageError("what is stated about a file can be stated of one target only")
    code = 0
    with session.app(writes=True) as app:
        for target in targets:
            with progress() as show:
                result = app.add.take_in(target, stated, show)
            code = max(code, _show_added(session, result))
    return code


def import_(
    context: typer.Context,
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of videos.")],
) -> int:
    """Take in a folder of videos with yt-dlp .info.json sidecars; resumable."""
    session = session_of(context)
    code = 0
    with session.app(writes=True) as app:
        for found in app.imports.found(directory):
            with progress() as show:
                result = app.imports.take_in(found, show)
            code = max(code, _show_added(session, result))
    return code


def _show_added(session: Session, result: AddedResult) -> int:
    if session.json:
        session.emit(documents.added_document(result))
    else:
        if result.posts or result.videos or not result.errors:
            text.print_added(stdout_console(), result)
        for error in result.errors:
            complain(error.error, error.url)
    return max((error.exit_code for error in result.errors), default=0)


@watch_app.command("add")
def watch_add(
    context: typer.Context,
    targets: Annotated[list[str], typer.Argument(metavar="TARGET", help="URLs to poll.")],
    interval_s: Annotated[
        int, typer.Option("--interval", min=1, metavar="SECONDS", help="Pause between polls.")
    ] = 900,
    depth: Annotated[
        int | None, typer.Option(min=0, max=10, help="How many links to follow.")
    ] = None,
    budget: Annotated[
        int | None, typer.Option(min=1, help="Most posts one poll may fetch.")
    ] = None,
    back_to: Annotated[
        str | None, typer.Option(metavar="T", help="Also everything since then (ISO 8601).")
    ] = None,
) -> int:
    """Watch a feed, a page, an account or a search from now on."""
    session = session_of(context)
    code = 0
    since = _instant(back_to) if back_to else None
    with session.app(writes=True) as app:
        for target in targets:
            try:
                watch = app.watches.add(_watch(app, target, interval_s, depth, budget, since))
            except TrackerError as exc:
                code = max(code, fail(exc, target))
                continue
            _show_watches(session, [watch])
    return code


def _watch(
    app: App,
    target: str,
    interval_s: int,
    depth: int | None,
    budget: int | None,
    back_to: datetime | None,
) -> Watch:
    defaults = app.settings.collect
    return Watch(
        target=target,
        interval_s=interval_s,
        depth=defaults.depth if depth is None else depth,
        budget=defaults.budget if budget is None else budget,
        back_to=back_to,
    )


def _instant(text: str) -> datetime:
    """Return the written instant: without a time the day's beginning, without a zone UTC."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError as exc:
        raise UsageError(f"--back-to: not an ISO 8601 date or time: {text[:60]}") from exc
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


@watch_app.command("list")
def watch_list(context: typer.Context) -> int:
    """Show all watches, those of the config included."""
    session = session_of(context)
    with session.app(writes=False) as app:
        _show_watches(session, app.watches.listed())
    return 0


@watch_app.command("remove")
def watch_remove(
    context: typer.Context, target: Annotated[str, typer.Argument(metavar="TARGET")]
) -> int:
    """Forget a watch; what it brought in stays."""
    session = session_of(context)
    with session.app(writes=True) as app:
        app.watches.remove(target)
    note(f"no longer watched: {target}")
    return 0


@watch_app.command("pause")
def watch_pause(
    context: typer.Context,
    target: Annotated[str, typer.Argument(metavar="TARGET")],
    resume: Annotated[bool, typer.Option("--resume", help="Let it run again.")] = False,
) -> int:
    """Pause a watch, or let it run again."""
    session = session_of(context)
    with session.app(writes=True) as app:
        app.watches.pause(target, paused=not resume)
    note(f"{'runs again' if resume else 'paused'}: {target}")
    return 0


def _show_watches(session: Session, watches: list[Watch]) -> None:
    if session.json:
        for watch in watches:
            session.emit(documents.watch_document(watch))
    else:
        text.print_watches(stdout_console(), watches)
