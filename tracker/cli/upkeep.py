"""Commands that keep the archive going and true: run, verify, status, doctor, bench."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tracker.cli import text
from tracker.cli.context import (
    Session,
    counted_progress,
    note,
    progress,
    session_of,
    stdout_console,
)
from tracker.cli.status_text import print_status
from tracker.errors import TrackerError
from tracker.model.summary import Verified
from tracker.reports import documents
from tracker.reports.status_document import status_document


def run(
    context: typer.Context,
    once: Annotated[
        bool, typer.Option("--once", help="Poll every watch once, finish all work, and exit.")
    ] = False,
) -> int:
    """Run the daemon: poll watches, collect, fingerprint, detect and record."""
    import structlog

    from jobs.daemon import serve

    log = structlog.get_logger()
    session = session_of(context)
    settings = session.settings()
    done: dict[str, int] = {}
    with progress() as show:

        def count(job: str, items: int) -> None:
            done[job] = done.get(job, 0) + items
            show(job, f"{done[job]} done")

        try:
            code = serve(settings, once=once, report=count)
        except TrackerError as exc:
            if settings.log.format == "text" or session.debug:
                raise
            log.error("daemon_failed", error=str(exc))  # noqa: TRY400 - one line, in one form
            return exc.exit_code
    if once and settings.log.format == "json":
        log.info("run_done", items={job: items for job, items in done.items() if items})
    elif once:
        summary = ", ".join(f"{job} {items}" for job, items in done.items() if items)
        note(f"done: {summary or 'nothing was pending'}")
    return code


def verify(
    context: typer.Context,
    bundle: Annotated[
        Path | None,
        typer.Argument(metavar="[BUNDLE]", help="An exported bundle, checked by itself alone."),
    ] = None,
) -> int:
    """Check ledger, digests, anchors and time stamps, offline; names every broken item."""
    session = session_of(context)
    if bundle is not None:
        from tracker.reports.bundle.check import verify_bundle

        return _show_verified(session, verify_bundle(bundle))
    with session.app(writes=False) as app, counted_progress() as show:
        verified = app.verify(lambda done, total: show(done, total, "checking files"))
    return _show_verified(session, verified)


def _show_verified(session: Session, verified: Verified) -> int:
    if session.json:
        session.emit(documents.verified_document(verified))
    else:
        text.print_verified(stdout_console(), verified)
    return 0 if verified.ok else 1


def status(context: typer.Context) -> int:
    """Show what is pending, failing and why."""
    session = session_of(context)
    with session.app(writes=False) as app:
        summary = app.status()
    if session.json:
        session.emit(status_document(summary))
    else:
        print_status(stdout_console(), summary)
    return 0


def doctor(context: typer.Context) -> int:
    """Show what of the machine and the accounts is missing."""
    from tracker.cli.doctor import examine_machine, print_findings

    session = session_of(context)
    findings = examine_machine(session.settings())
    if session.json:
        session.emit(
            {
                "schema": "tracker/doctor/1",
                "ok": all(finding.ok for finding in findings if finding.needed),
                "findings": [finding.document() for finding in findings],
            }
        )
    else:
        print_findings(stdout_console(), findings)
    return 0 if all(finding.ok for finding in findings if finding.needed) else 1


def bench(
    context: typer.Context,
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A corpus folder.")],
    workers: Annotated[int, typer.Option(min=1, help="Processes that fingerprint.")] = 1,
) -> int:
    """Measure accuracy and speed on a corpus folder."""
    from tracker.benchmark import run_bench
    from tracker.cli.bench_text import bench_tables

    session = session_of(context)
    with counted_progress() as show:
        result = run_bench(directory, workers=workers, progress=show)
    if session.json:
        session.emit(result.document())
    else:
        stdout_console().print(bench_tables(result))
    return 0
