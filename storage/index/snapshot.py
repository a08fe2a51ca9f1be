"""A cheap private copy of an index, for those who may not write to the original."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from storage.files import outside_errors
from storage.index.manifest import MANIFEST


def snapshot(directory: Path, into: Path) -> None:
    """Make ``into`` an index that holds what the one in ``directory`` holds.

    Shards never change, so they are linked, not copied. The manifest is copied first: whatever
    it names is there to be linked. If the original merges one away meanwhile, the copy is found
    damaged when it is opened and built anew from the database.
    """
    with outside_errors(directory, "read the search index"):
        for part in directory.iterdir() if directory.is_dir() else ():
            if part.is_dir():
                _copy(part, into / part.name)


def _copy(part: Path, target: Path) -> None:
    target.mkdir()
    with suppress(FileNotFoundError):  # an index that nothing was written to yet
        shutil.copyfile(part / MANIFEST, target / MANIFEST)
    for file in part.glob("shard-*"):
        (target / file.name).symlink_to(file.absolute())
