"""The command that searches the platforms for earlier uploads of one clip."""

from __future__ import annotations

from typing import Annotated

import typer

from tracker.cli.context import session_of, stderr_console, stdout_console
from tracker.errors import UsageError
from tracker.reports import documents, wording


def discover(
    context: typer.Context,
    subject: Annotated[
        str, typer.Argument(metavar="SUBJECT", help="Clip id, post URL, video SHA-256 or file.")
    ],
) -> int:
    """Search the platforms for earlier uploads of a clip, except where that was just done."""
    session = session_of(context)
    with session.app(writes=True) as app:
        if not app.discover.enabled:
            raise UsageError("no platform may be searched: name some in discovery.platforms")
        clip = app.subjects.chains(subject)[0].clip
        begun_at = app.clock.now()
        app.discover.process(clip)
        made = app.discover.searches_of(clip, since=begun_at)
    for search in made:
        if session.json:
            found = documents.discovery_document(search)
            session.emit({"schema": "tracker/discovery/1", "clip": clip, **found})
        else:
            stdout_console().print(wording.discovery_words(search), markup=False)
    fetched = sum(search.fetched for search in made)
    hint = "; `tracker run --once` takes them in" if fetched else ""
    stderr_console().print(
        f"{len(made)} searches made, {fetched} posts to be fetched{hint}", markup=False
    )
    return 0
