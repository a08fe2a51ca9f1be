"""Commands that ask the archive: lookup, clips, chain, report."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.cli import text
from tracker.cli.context import fail, progress, session_of, stdout_console, warn
from tracker.errors import TrackerError
from tracker.model.lookup import LookupResult
from tracker.reports import documents

if TYPE_CHECKING:
    from tracker.app import App


class ReportFormat(StrEnum):
    """The forms a report comes in."""

    HTML = "html"
    JSON = "json"
    CSV = "csv"
    PROV = "prov"
    BUNDLE = "bundle"


def lookup(
    context: typer.Context,
    targets: Annotated[
        list[str],
        typer.Argument(metavar="TARGET", help="URLs, local files, or SHA-256 of known videos."),
    ],
    top: Annotated[int | None, typer.Option(min=1, help="Show the N best matches.")] = None,
    candidates: Annotated[
        bool, typer.Option("--candidates", help="Also show what stayed under the threshold.")
    ] = False,
) -> int:
    """Have we seen this before, and where first? Writes nothing."""
    session = session_of(context)
    code = 0
    with session.app(writes=False) as app:
        app.executor.warm_up()
        for target in targets:
            try:
                with progress() as show:
                    show("lookup", target)
                    results = app.lookup.run(target, top=top, left_out=warn)
            except TrackerError as exc:
                code = max(code, fail(exc, target))
                _explain(app, target)
                continue
            for result in results:
                _show_lookup(context, result, with_candidates=candidates)
    return code


def _explain(app: App, target: str) -> None:
    """Say why a token did not help: the reads of X are billed, and a lookup can count nothing."""
    from tracker.sources.clean import address_of

    address = address_of(target)
    if address is not None and address.platform == "x" and app.settings.x.token():
        sys.stderr.write(
            "note: lookups never ask X's API, whose reads they could not count; "
            "`tracker add` does\n"
        )


def _show_lookup(context: typer.Context, result: LookupResult, *, with_candidates: bool) -> None:
    session = session_of(context)
    if session.json:
        session.emit(documents.lookup_document(result, with_candidates=with_candidates))
    else:
        text.print_lookup(stdout_console(), result, with_candidates=with_candidates)


def clips(context: typer.Context) -> int:
    """List the clips known, one a line."""
    session = session_of(context)
    with session.app(writes=False) as app:
        summaries = app.subjects.summaries()
        if session.json:
            for summary in summaries:
                session.emit(documents.clip_document(summary))
        else:
            text.print_clips(stdout_console(), list(summaries))
    return 0


def chain(
    context: typer.Context,
    subjects: Annotated[
        list[str],
        typer.Argument(metavar="SUBJECT", help="Clip id, post URL, video SHA-256 or file."),
    ],
) -> int:
    """Show the provenance chain of a clip: who showed it when, and who took it from whom."""
    session = session_of(context)
    code = 0
    with session.app(writes=False) as app:
        for subject in subjects:
            try:
                chains = app.subjects.chains(subject)
            except TrackerError as exc:
                code = max(code, fail(exc, subject))
                continue
            for found in chains:
                if session.json:
                    session.emit(documents.chain_document(found))
                else:
                    text.print_chain(stdout_console(), found)
    return code


def report(
    context: typer.Context,
    subject: Annotated[
        str, typer.Argument(metavar="SUBJECT", help="Clip id, post URL, video SHA-256 or file.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="PATH", help="Where to.")],
    form: Annotated[
        ReportFormat, typer.Option("--format", help="The report's form.")
    ] = ReportFormat.HTML,
    originals: Annotated[
        bool, typer.Option("--originals", help="Put the video files into the bundle as well.")
    ] = False,
    redact: Annotated[
        bool, typer.Option("--redact", help="Replace names of accounts by salted hashes.")
    ] = False,
    salt_file: Annotated[
        Path | None,
        typer.Option(
            "--salt-file",
            metavar="PATH",
            help="Hex digits to salt them with; by default one kept with the archive.",
        ),
    ] = None,
) -> int:
    """Write the provenance report of a clip: a page, data, or a bundle with all its evidence."""
    from tracker.export import ReportOptions

    session = session_of(context)
    options = ReportOptions(originals=originals, redact=redact, salt_file=salt_file)
    with session.app(writes=True) as app:
        path = app.reports.write(subject, str(form), output, options)
    if session.json:
        session.emit({"schema": "tracker/reported/1", "subject": subject, "path": str(path)})
    else:
        stdout_console().print(f"report written: {path}", markup=False)
    return 0
