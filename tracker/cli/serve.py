"""The command that serves the web page and the JSON interface."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated

import typer

from tracker.cli.context import Session, session_of, stdout_console


def serve(
    context: typer.Context,
    host: Annotated[
        str | None, typer.Option("--host", help="Address to listen on (config: serve.host).")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", min=0, max=65535, help="Port; 0 takes a free one."),
    ] = None,
    open_to_network: Annotated[
        bool,
        typer.Option("--open-to-network", help="Let other machines in; there is no log-in."),
    ] = False,
) -> int:
    """Serve the archive as a web page and a JSON interface; it only reads."""
    from storage.database import Database
    from tracker.process_start import settle
    from tracker.web import server
    from tracker.web.guard import AllowedHosts

    session = session_of(context)
    settings = session.settings()
    listening = server.listen(
        settings.serve.host if host is None else host,
        settings.serve.port if port is None else port,
        open_to_network=open_to_network,
    )
    with closing(listening):
        if not Database(settings.database_url).exists():
            with session.app(writes=True):  # an empty one: what is taken in later shall be seen
                pass
        names = frozenset(name.lower() for name in settings.serve.names)
        with session.app(writes=False) as app:
            app.make_all()
            app.executor.warm_up()
            settle()
            _announce(session, server.address_of(listening))
            local = server.is_loopback(listening.getsockname()[0])
            server.serve(app, listening, AllowedHosts(names, loopback_only=local))
    return 0


def _announce(session: Session, address: str) -> None:
    if session.json:
        session.emit({"schema": "tracker/serving/1", "url": address})
    else:
        console = stdout_console()
        console.print(f"serving {address}", markup=False)
        console.file.flush()
