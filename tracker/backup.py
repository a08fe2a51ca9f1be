"""Use cases: keep a copy of the whole archive, and bring one back.

A backup is the database as it was at one moment and every file that it names, so it is whole by
itself, whatever the daemon writes meanwhile. The database is copied first: files are stored before
they are recorded, so all that the copy names are there; what a rule deletes between the two steps
has the database copied once more.

What was forgotten by order of a person must not come back with an older backup: whatever newer
backups in the same folder say was forgotten is forgotten again, with entries of its own.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sqlmodel import Session

from storage import backup as copies
from storage import deletions, ledger
from storage import fixity as fixity_rows
from storage.anchor_store import AnchorStore
from storage.backup import Copied, Source
from storage.database import Database
from storage.files import outside_errors
from storage.keyframe_store import KeyframeStore
from storage.media_store import MediaStore
from tracker import __version__
from tracker.app import App, open_app
from tracker.clock import Clock
from tracker.composition.archive import RESTORING
from tracker.config import Settings
from tracker.errors import IntegrityError, UnknownSubject, UsageError
from tracker.model.fixity import KeptFile, KeptKind
from tracker.model.ids import VideoId
from tracker.model.summary import Verified
from tracker.reports.documents import instant_text
from tracker.retention import FORGET

TRIES = 5
"""So often the database is copied again because files were deleted meanwhile."""

FORGOTTEN_BY = "restore"
_NOTHING: copies.Progress = lambda _done, _of: None  # noqa: E731 - a default that is called


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back: from which backup, how it was found to be, what was forgotten again."""

    backup: Path
    verified: Verified
    forgotten: tuple[VideoId, ...] = ()


def back_up(
    settings: Settings, folder: Path, clock: Clock, progress: copies.Progress = _NOTHING
) -> Copied:
    """Write a new backup into ``folder`` and return what it came to.

    Raises ``UsageError`` for PostgreSQL or a folder inside the archive, ``DatabaseError`` where
    there is no database, and ``OutsideError`` for what the disk refuses.
    """
    data_dir = settings.data_dir
    with closing(Database(settings.database_url)) as database:
        path = _file_of(database)
        if folder.absolute().is_relative_to(data_dir):
            raise UsageError(f"{folder} is inside the archive; name a place outside {data_dir}")
        if not database.exists():
            raise UnknownSubject(f"there is nothing to back up: no database at {path}")
        with copies.locked(folder):
            former = next(reversed(copies.complete(folder)), None)
            directory = copies.begin(folder, clock.now())
            target = directory / copies.DATABASE
            for _ in range(TRIES):
                copies.copy_database(path, target)
                with _today(target) as copy:
                    sources = [*_sources(copy, data_dir)]
                    facts = _facts(copy, clock)
                digests, copied = copies.copy_files(sources, directory, former, progress)
                if not _let_go(database, copied.damaged):
                    break
            digests[copies.DATABASE] = _digest(target)
            final = copies.finish(directory, digests, facts)
    return replace(copied, path=final, files=copied.files + 1)


def restore(
    settings: Settings, place: Path, clock: Clock, progress: copies.Progress = _NOTHING
) -> Restored:
    """Bring a backup back into the empty data directory of the settings, and verify it.

    ``place`` is one backup, or a folder of them: then the newest. Raises ``UsageError`` unless the
    data directory is empty (or an interrupted restore is in it), ``IntegrityError`` for a file of
    the backup that is not what was kept.
    """
    backup = copies.chosen(place)
    digests = copies.listed(backup)
    if copies.DATABASE not in digests:
        raise IntegrityError(f"{backup} holds no database")
    with closing(Database(settings.database_url)) as database:
        path = _file_of(database)
    marker = _begin(settings.data_dir, path)
    names = sorted(digests.keys() - {copies.DATABASE})
    for done, name in enumerate((*names, copies.DATABASE), start=1):  # the database comes last
        target = path if name == copies.DATABASE else settings.data_dir / name
        copies.restore_file(backup, name, digests[name], target)
        progress(done, len(digests))
    with outside_errors(marker, "finish the restore"):
        marker.unlink()
    with open_app(settings, clock=clock) as app:  # brings an older schema up to date
        forgotten = tuple(_forget_again(app, backup))
        verified = app.verify()
    return Restored(backup, verified, forgotten)


# --- what belongs to an archive ------------------------------------------------------------------


@contextmanager
def _today(database: Path) -> Iterator[Database]:
    """Give the copied database to ask; that of an older release as a migrated copy of its own.

    So a backup made right before an upgrade still is what the older release can read.
    """
    with closing(Database(f"sqlite:///{database}")) as copy:
        if copy.is_current():
            yield copy
            return
    migrated = database.with_suffix(".migrated")
    copies.copy_database(database, migrated)
    with closing(Database(f"sqlite:///{migrated}")) as copy:
        copy.migrate()
        yield copy
    migrated.unlink()


def _sources(database: Database, data_dir: Path) -> Iterator[Source]:
    """Yield every file that the database names, and those that belong to it without a row."""
    media, keyframes = MediaStore(data_dir / "media"), KeyframeStore(data_dir / "keyframes")
    with database.read() as session:
        for file in fixity_rows.kept_files(session):
            source = _source(file, media, keyframes, data_dir)
            if source is not None:
                yield source
    anchors = AnchorStore(data_dir / "anchors")
    for path in (*(path for path, _ in anchors.statements()), *anchors.files()):
        yield _plain(path, data_dir)
    for path in sorted((data_dir / "redaction").glob("*.salt")):
        yield _plain(path, data_dir)


def _source(
    file: KeptFile, media: MediaStore, keyframes: KeyframeStore, data_dir: Path
) -> Source | None:
    match file.kind:
        case KeptKind.MEDIA:
            return replace(_plain(media.path(file.name), data_dir), sha256=file.name)
        case KeptKind.KEYFRAMES:
            return _plain(keyframes.path(VideoId(file.name), file.part), data_dir)
        case KeptKind.TOKEN:  # among the files of the anchors
            return None


def _plain(path: Path, data_dir: Path) -> Source:
    return Source(path, path.relative_to(data_dir).as_posix())


def _let_go(database: Database, damaged: tuple[str, ...]) -> bool:
    """Tell whether any missing file was deleted by rule since the database was copied."""
    if not damaged:
        return False
    names = {Path(name).name.partition(".")[0] for name in damaged}
    with database.read() as session:
        return any(_is_gone(session, VideoId(name)) for name in names if len(name) == 64)


def _is_gone(session: Session, video: VideoId) -> bool:
    media = KeptFile(KeptKind.MEDIA, video)
    return not fixity_rows.is_kept(session, media) or deletions.keyframes_gone(session, video)


def _facts(database: Database, clock: Clock) -> Mapping[str, object]:
    with database.read() as session:
        head = ledger.head(session)
    return {
        "made_at": instant_text(clock.now()),
        "program": __version__,
        "ledger_entries": head.sequence if head else 0,
        "ledger_head": head.entry_hash if head else None,
    }


def _file_of(database: Database) -> Path:
    if database.path is None:
        raise UsageError(
            "the database is PostgreSQL: `pg_dump` copies it, and then media, keyframes and "
            "anchors under data_dir; docs/operations.md has the lines"
        )
    return database.path


def _digest(path: Path) -> str:
    with outside_errors(path, "read"), path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


# --- bringing it back ----------------------------------------------------------------------------


def _begin(data_dir: Path, database: Path) -> Path:
    """Mark the data directory as being restored; raises ``UsageError`` unless it is empty."""
    marker = data_dir / RESTORING
    with outside_errors(data_dir, "restore into"):
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not marker.exists():
            if any(path.name != "lost+found" for path in data_dir.iterdir()):
                raise UsageError(f"{data_dir} is not empty; restore into an empty data_dir")
            marker.touch()
        if database.exists() and database.stat().st_size:
            raise UsageError(f"there is a database at {database} already")
        database.parent.mkdir(parents=True, exist_ok=True)
    return marker


def _forget_again(app: App, backup: Path) -> Iterator[VideoId]:
    """Delete what newer backups of the same folder say was forgotten; yields each video."""
    newer = [path for path in copies.complete(backup.parent) if path.name > backup.name]
    if not newer:
        return
    for video, decided_by, why in _forgotten(newer[-1] / copies.DATABASE):
        try:
            app.retention.forget(
                video,
                by=FORGOTTEN_BY,
                why=f"an older backup was restored; forgotten before by {decided_by}: {why}",
            )
        except UnknownSubject:
            continue  # it came in after the backup was made
        except UsageError:
            continue  # the backup holds nothing of it, or it is on hold
        yield video


def _forgotten(database: Path) -> list[tuple[VideoId, str, str]]:
    """Return what the database of a backup says was forgotten and is still gone."""
    query = (
        "SELECT video, decided_by, why FROM deletion JOIN video ON sha256 = video "
        "WHERE rule = ? AND remade_at IS NULL AND NOT kept ORDER BY id"
    )
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as rows:
            return [(VideoId(v), by, why) for v, by, why in rows.execute(query, (FORGET,))]
    except sqlite3.Error as exc:
        raise IntegrityError(f"{database} cannot be read: {exc}") from exc
