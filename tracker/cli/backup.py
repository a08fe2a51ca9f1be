"""The commands that keep a copy of the archive and bring one back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.cli.context import (
    Session,
    complain,
    counted_progress,
    note,
    session_of,
    stdout_console,
)
from tracker.cli.text import plain
from tracker.clock import SystemClock
from tracker.reports import documents
from tracker.reports.wording import count_words

if TYPE_CHECKING:
    from tracker.backup import Restored

MAX_NAMED = 20


def backup(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the backups are kept.")],
) -> int:
    """Copy database and files, whole even while the daemon runs; only what is new takes room."""
    from tracker.backup import back_up

    session = session_of(context)
    settings = session.settings()
    with counted_progress() as show:
        copied = back_up(
            settings, folder, SystemClock(), lambda done, of: show(done, of, "copying files")
        )
    if session.json:
        session.emit(
            {
                "schema": "tracker/backup-made/1",
                "backup": str(copied.path),
                "files": copied.files,
                "bytes": copied.size_bytes,
                "new_files": copied.new_files,
                "new_bytes": copied.new_bytes,
                "damaged": list(copied.damaged),
            }
        )
    else:
        files, new = count_words(copied.files, "file"), count_words(copied.new_files, "new one")
        line = f"{copied.path}: {files}, {new} ({copied.new_bytes / 1e6:,.1f} MB)"
        stdout_console().print(plain(line), markup=False, soft_wrap=True)
    for name in copied.damaged[:MAX_NAMED]:
        complain("missing or changed in the archive; not in the backup", name)
    if len(copied.damaged) > MAX_NAMED:
        complain(f"and {len(copied.damaged) - MAX_NAMED:,} more; `tracker verify` names all")
    return 1 if copied.damaged else 0


def restore(
    context: typer.Context,
    place: Annotated[
        Path, typer.Argument(metavar="FROM", help="A backup, or a folder of them: the newest.")
    ],
) -> int:
    """Bring a backup back into an empty data_dir, and verify all of it."""
    from tracker.backup import restore as restore_backup

    session = session_of(context)
    settings = session.settings()
    with counted_progress() as show:
        restored = restore_backup(
            settings, place, SystemClock(), lambda done, of: show(done, of, "copying files")
        )
    _show(session, restored, settings.data_dir)
    return 0 if restored.verified.ok else 1


def _show(session: Session, restored: Restored, data_dir: Path) -> None:
    verified = restored.verified
    if session.json:
        session.emit(
            {
                "schema": "tracker/restored/1",
                "backup": str(restored.backup),
                "forgotten_again": list(restored.forgotten),
                "verified": documents.verified_document(verified),
            }
        )
    else:
        files = count_words(verified.files, "file")
        entries = count_words(verified.entries, "ledger entry", "ledger entries")
        state = "verified" if verified.ok else "NOT as it was recorded"
        line = f"{restored.backup} is back in {data_dir}: {entries}, {files}, {state}"
        stdout_console().print(plain(line), markup=False, soft_wrap=True)
    if restored.forgotten:
        again = count_words(len(restored.forgotten), "video")
        note(f"forgotten again, as newer backups say: {again}")
    for broken in verified.broken[:MAX_NAMED]:
        complain(broken.reason, broken.name)
