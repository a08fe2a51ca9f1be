"""Import: a folder of videos with the sidecars that yt-dlp wrote beside them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tracker.errors import SourceError
from tracker.ingest.add import Add, Progress
from tracker.model.added import AddedResult
from tracker.sources.sidecar import read_sidecars


class Imports:
    """Takes folders in, one file after the other; what is already held is passed over."""

    def __init__(self, add: Add) -> None:
        self._add = add

    def directory(
        self, directory: Path, progress: Progress = lambda _stage, _label: None
    ) -> Iterator[AddedResult]:
        """Yield one result a file. Raises ``SourceError`` when there is no such folder."""
        if not directory.is_dir():
            raise SourceError(f"there is no folder {directory}")
        for path, post in read_sidecars(directory):
            yield self._add.file(path, post, progress)
