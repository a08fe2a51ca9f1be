"""Import: a folder of videos with the sidecars that yt-dlp wrote beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tracker.errors import SourceError
from tracker.ingest.add import Add, Progress
from tracker.model.added import AddedError, AddedResult
from tracker.model.post import Post
from tracker.sources.sidecar import read_sidecars


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A video in the folder; ``problem`` says what of it or its sidecar cannot be read.

    ``post`` is ``None`` for a file that is left out altogether.
    """

    path: Path
    post: Post | None
    problem: SourceError | None = None


class Imports:
    """Takes folders in, one file after the other; what is already held is passed over."""

    def __init__(self, add: Add) -> None:
        self._add = add

    def found(self, directory: Path) -> Iterator[FoundFile]:
        """Yield every video below ``directory``. Raises ``SourceError`` for no such folder."""
        if not directory.is_dir():
            raise SourceError(f"there is no folder {directory}")
        problems: dict[Path, SourceError] = {}
        for path, post in read_sidecars(directory, problems.__setitem__):
            own = problems.pop(path, None)
            yield from _left_out(problems)
            yield FoundFile(path, post, own)
        yield from _left_out(problems)

    def take_in(
        self, found: FoundFile, progress: Progress = lambda _stage, _label: None
    ) -> AddedResult:
        """Take one file in; a sidecar that cannot be read is an error beside the video."""
        result = AddedResult(str(found.path))
        if found.post is not None:
            result = self._add.file(found.path, found.post, progress)
        if found.problem is None:
            return result
        problem = AddedError(str(found.path), str(found.problem), found.problem.exit_code)
        return replace(result, errors=(problem, *result.errors))


def _left_out(problems: dict[Path, SourceError]) -> Iterator[FoundFile]:
    while problems:
        path, problem = problems.popitem()
        yield FoundFile(path, None, problem)
