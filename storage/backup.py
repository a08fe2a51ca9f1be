"""Copies of a whole archive, each complete under its own name or not there.

A backup folder holds one directory a backup, named by its time. Files that the one before already
has are linked, so that each further backup takes no more room than what is new. A backup is made
under another name and gets its own only when everything, the list of its files included, is on
disk: what a killed run leaves behind never looks like one, and the next run removes it.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from storage.database_errors import database_errors
from storage.files import outside_errors, sync_directory
from tracker.errors import IntegrityError, OutsideError, UsageError

FILES = "files.sha256"
SUMMARY = "backup.json"
DATABASE = "tracker.db"
UNFINISHED = ".unfinished"
NAME_FORMAT = "%Y-%m-%dT%H%M%SZ"
SCHEMA = "tracker/backup/1"
MAX_SUMMARY_BYTES = 64 * 1024
CHUNK_BYTES = 1024 * 1024

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Source:
    """A file to be kept: where it is, and under which name it belongs to the archive.

    ``sha256`` is what its content must be, where that is known beforehand.
    """

    path: Path
    name: str
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Copied:
    """What a backup came to; ``damaged`` names files that were missing or altered in the archive.

    ``new_files`` and ``new_bytes`` are what the backups before did not have.
    """

    path: Path
    files: int
    size_bytes: int
    new_files: int
    new_bytes: int
    damaged: tuple[str, ...] = ()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Make the folder if need be, and be the only one that writes backups into it.

    Raises ``OutsideError`` while another process does.
    """
    with outside_errors(folder, "write backups to"):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (folder / ".lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as exc:
                raise OutsideError(f"another backup is being written to {folder}") from exc
            yield


def complete(folder: Path) -> list[Path]:
    """Return the finished backups in a folder, the oldest first."""
    with outside_errors(folder, "list"):
        return sorted(path.parent for path in folder.glob(f"*/{SUMMARY}") if _is_named(path.parent))


def begin(folder: Path, at: datetime) -> Path:
    """Return a new, empty directory to write a backup into; former leftovers are removed."""
    with outside_errors(folder, "write backups to"):
        for leftover in folder.glob(f"*{UNFINISHED}"):
            shutil.rmtree(leftover)
        directory = folder / f"{at.strftime(NAME_FORMAT)}{UNFINISHED}"
        if _final(directory).exists():
            raise OutsideError(f"there is a backup {_final(directory).name} already")
        directory.mkdir(mode=0o700)
    return directory


def copy_database(source: Path, target: Path) -> None:
    """Copy an SQLite database as it is at one moment; who writes to it meanwhile is not held up.

    Source: https://www.sqlite.org/backup.html
    """
    with database_errors(str(source)), closing(_reader(source)) as reader:
        target.unlink(missing_ok=True)
        with closing(sqlite3.connect(target, isolation_level=None)) as writer:
            reader.backup(writer)
            writer.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
    with outside_errors(target, "store"):
        target.chmod(0o600)


def copy_files(
    sources: Iterable[Source], directory: Path, former: Path | None, progress: Progress
) -> tuple[dict[str, str], Copied]:
    """Bring the files into ``directory``; return the digest of each by name, and what it came to.

    What the backup ``former`` holds is linked from there where the file system can. Files that are
    missing or not what they must be are left out and named.
    """
    known = listed(former) if former is not None else {}
    wanted = list(sources)
    digests: dict[str, str] = {}
    damaged: list[str] = []
    size = new_files = new_bytes = 0
    for done, source in enumerate(wanted, start=1):
        target = directory / source.name
        with outside_errors(target, "store"):
            target.parent.mkdir(parents=True, exist_ok=True)
            digest = _linked(source, target, former, known)
            if digest is None:
                digest = _copied(source, target)
                if digest is None:
                    damaged.append(source.name)
                    continue
                new_files += 1
                new_bytes += target.stat().st_size
            size += target.stat().st_size
        digests[source.name] = digest
        progress(done, len(wanted))
    return digests, Copied(directory, len(digests), size, new_files, new_bytes, tuple(damaged))


def finish(directory: Path, digests: Mapping[str, str], facts: Mapping[str, object]) -> Path:
    """Write the list of files and the summary, wait for the disk, and give the backup its name."""
    with outside_errors(directory, "finish"):
        lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))
        body = lines.encode()
        (directory / FILES).write_bytes(body)
        summary = {
            "schema": SCHEMA,
            **facts,
            "files": len(digests),
            "files_sha256": hashlib.sha256(body).hexdigest(),
        }
        (directory / SUMMARY).write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
        os.sync()
        final = _final(directory)
        directory.rename(final)
        sync_directory(final.parent)
    return final


def chosen(place: Path) -> Path:
    """Return the backup that ``place`` is, or the newest in it; raises ``UsageError``."""
    if (place / SUMMARY).is_file() and _is_named(place):
        return place
    if place.name.endswith(UNFINISHED):
        raise UsageError(f"{place} was never finished: it is no backup")
    found = complete(place) if place.is_dir() else []
    if not found:
        raise UsageError(f"there is no finished backup at {place}")
    return found[-1]


def summary_of(backup: Path) -> dict[str, object]:
    """Return what a backup says of itself; raises ``IntegrityError`` for anything else."""
    path = backup / SUMMARY
    with outside_errors(path, "read"), path.open("rb") as stream:
        body = stream.read(MAX_SUMMARY_BYTES + 1)
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise IntegrityError(f"{path} is no summary of a backup") from exc
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        raise IntegrityError(f"{path} is no summary of a backup of this release's kind")
    return found


def listed(backup: Path) -> dict[str, str]:
    """Return the digest of each file of a backup, by name.

    Raises ``IntegrityError`` when the list is not the one that the summary seals.
    """
    path = backup / FILES
    with outside_errors(path, "read"):
        body = path.read_bytes()
    if hashlib.sha256(body).hexdigest() != summary_of(backup).get("files_sha256"):
        raise IntegrityError(f"{path} was changed: it is not the list that {SUMMARY} seals")
    pairs = (line.partition("  ") for line in body.decode("utf-8", "replace").splitlines())
    return {_safe(name, path): digest for digest, _, name in pairs}


def restore_file(backup: Path, name: str, digest: str, target: Path) -> None:
    """Copy one file out of a backup; raises ``IntegrityError`` unless it is what was kept.

    The file appears under its name only when it is whole.
    """
    temporary = target.with_name(f"{target.name}{UNFINISHED}")
    source = Source(backup / name, name, digest)
    with outside_errors(target, "restore"):
        target.parent.mkdir(parents=True, exist_ok=True)
        if _copied(source, temporary) is None:
            temporary.unlink(missing_ok=True)
            there = (backup / name).is_file()
            raise IntegrityError(f"{backup / name} {'was changed' if there else 'is missing'}")
        temporary.replace(target)


def _linked(
    source: Source, target: Path, former: Path | None, known: Mapping[str, str]
) -> str | None:
    """Link a file from the backup before; ``None`` where it has another one, or cannot link."""
    digest = known.get(source.name)
    if former is None or digest is None or source.sha256 not in (None, digest):
        return None
    held = former / source.name
    try:
        if not _same_content(source, held):
            return None
        target.unlink(missing_ok=True)
        os.link(held, target)
    except OSError:  # a file system without links, or a file that is gone: copied anew
        return None
    return digest


def _same_content(source: Source, held: Path) -> bool:
    """Tell whether the backup's file is the source: by name where that says it, else by look."""
    ours, theirs = source.path.stat(), held.stat()
    if ours.st_size != theirs.st_size:
        return False
    return source.sha256 is not None or ours.st_mtime_ns == theirs.st_mtime_ns


def _copied(source: Source, target: Path) -> str | None:
    """Copy a file and return its digest; ``None``, and no copy, when it is not what it must be."""
    try:
        stream = source.path.open("rb")
    except FileNotFoundError:
        return None
    digest = hashlib.sha256()
    with stream, target.open("wb") as copy:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
            copy.write(chunk)
    if source.sha256 not in (None, digest.hexdigest()):
        target.unlink()
        return None
    shutil.copystat(source.path, target)
    return digest.hexdigest()


def _reader(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)
    connection.execute("PRAGMA query_only=ON")
    return connection


def _final(directory: Path) -> Path:
    return directory.with_name(directory.name.removesuffix(UNFINISHED))


def _is_named(path: Path) -> bool:
    return path.is_dir() and not path.name.endswith(UNFINISHED)


def _safe(name: str, path: Path) -> str:
    """Return a name that stays inside the archive; the list may have been made by anyone."""
    parts = Path(name).parts
    if not name or Path(name).is_absolute() or ".." in parts or "\x00" in name:
        raise IntegrityError(f"{path} names a file outside the archive: {name[:100]!r}")
    return name
