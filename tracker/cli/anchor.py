"""The command that anchors the ledger by hand and asks whoever vouches for its time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from tracker.cli.context import session_of, stderr_console, stdout_console
from tracker.cli.text import plain
from tracker.reports.anchor_documents import anchor_document, token_document
from tracker.reports.anchor_words import anchor_words, token_words

if TYPE_CHECKING:
    from tracker.ingest.anchoring import Anchored


def anchor(context: typer.Context) -> int:
    """Anchor the ledger now and ask every timestamp authority and calendar of the config."""
    session = session_of(context)
    with session.app(writes=True) as app:
        done = app.anchoring.run(at_once=True)
    if session.json:
        session.emit(_document(done))
    else:
        _print(done)
    for authority, error in done.failed:
        stderr_console().print(f"{plain(authority)}: {plain(str(error))}", markup=False)
    return max((error.exit_code for _, error in done.failed), default=0)


def _document(done: Anchored) -> dict[str, object]:
    return {
        "schema": "tracker/anchored/1",
        "anchor": None if done.anchor is None else anchor_document(done.anchor),
        "new": done.is_new,
        "tokens": [token_document(token) for token in done.tokens],
        "errors": [{"authority": name, "error": str(error)} for name, error in done.failed],
    }


def _print(done: Anchored) -> None:
    console = stdout_console()
    if done.anchor is None:
        console.print("The ledger is empty: there is nothing to anchor.", markup=False)
        return
    words = anchor_words(done.anchor)
    said = f"New: {words}" if done.is_new else f"Nothing new since {words}"
    console.print(f"{said}.", markup=False, soft_wrap=True)
    for token in done.tokens:
        console.print(f"  {token_words(token)}", markup=False, soft_wrap=True)
