"""A cheap private copy of an index, for those who may not write to the original."""

from __future__ import annotations

import shutil
from pathlib import Path

from storage.files import outside_errors


def snapshot(directory: Path, into: Path) -> None:
    """Make ``into`` an index that holds what the one in ``directory`` holds.

    Shards never change, so they are linked, not copied. If the original drops one meanwhile, the
    copy is found damaged when it is opened and built anew from the database.
    """
    with outside_errors(directory, "read the search index"):
        for part in directory.glob("*/") if directory.is_dir() else ():
            target = into / part.name
            target.mkdir()
            for file in sorted(part.iterdir()):
                if file.name.startswith("shard-"):
                    (target / file.name).symlink_to(file.absolute())
                elif file.name != "lock":
                    shutil.copyfile(file, target / file.name)
