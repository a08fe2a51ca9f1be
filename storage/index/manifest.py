"""Which shards make up an index, and up to where the database is in it."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from storage.index.rows import ShardName
from tracker.errors import IntegrityError

MANIFEST = "manifest.json"
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
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as exc:
        raise IntegrityError(f"{path} cannot be read") from exc


def write_manifest(directory: Path, manifest: Manifest) -> None:
    """Replace the manifest in one step: a reader sees the old one or the new one."""
    temporary = directory / f"{MANIFEST}.tmp"
    with temporary.open("w", encoding="utf-8") as file:
        json.dump({"format": _FORMAT, **asdict(manifest)}, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(directory / MANIFEST)
