"""Which shards make up an index, and up to where the database is in it."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from storage.files import sync_directory
from storage.index.rows import ShardName
from tracker.errors import IntegrityError

MANIFEST = "manifest.json"
HALF_WRITTEN = f"{MANIFEST}.tmp"
_FORMAT = 2


class OtherRelease(IntegrityError):
    """An index of a form that this release does not read: nothing is wrong, it is built anew."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """``checkpoint`` is the greatest row id of the database whose rows are held."""

    algorithm_key: str
    code_bytes: int
    checkpoint: int = 0
    shards: tuple[ShardName, ...] = ()


def read_manifest(directory: Path) -> Manifest | None:
    """Return the manifest in ``directory``; ``None`` if there is none; raise IntegrityError."""
    path = directory / MANIFEST
    try:
        document = json.loads(path.read_bytes())
        if document.pop("format") != _FORMAT:
            raise OtherRelease(f"{path} was written by another release")
        shards = tuple(ShardName(**shard) for shard in document.pop("shards"))
        return Manifest(**document, shards=shards)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as exc:
        raise IntegrityError(f"{path} cannot be read") from exc


def write_manifest(directory: Path, manifest: Manifest) -> None:
    """Replace the manifest in one step: a reader sees the old one or the new one."""
    temporary = directory / HALF_WRITTEN
    with temporary.open("w", encoding="utf-8") as file:
        json.dump({"format": _FORMAT, **asdict(manifest)}, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(directory / MANIFEST)
    sync_directory(directory)  # before anything the former one names is removed


@contextmanager
def locked(directory: Path, *, wait: bool = True) -> Iterator[bool]:
    """Be the only one who writes to the index in ``directory``.

    Without ``wait`` it yields whether it is: ``False`` while another process is, and for a folder
    that does not exist.
    """
    if not wait and not directory.is_dir():
        yield False
        return
    with (directory / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
