"""The private directory of one call of yt-dlp, and the file it is hoped to leave there."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path

from tracker.errors import OutsideError, UnsupportedSource
from tracker.model.ids import VideoId
from tracker.net.url_syntax import shown

_CHUNK_BYTES = 1024 * 1024


class scratch:  # noqa: N801 - reads as a function in ``with``
    """A private directory for one call, with ``media`` and ``home`` in it, removed afterwards."""

    def __init__(self, parent: Path | None) -> None:
        self._parent = parent

    def __enter__(self) -> Path:
        try:
            self._path = Path(tempfile.mkdtemp(prefix="ytdlp-", dir=self._parent))
            (self._path / "media").mkdir()
            (self._path / "home").mkdir()
        except OSError as exc:
            raise OutsideError(f"cannot write into {self._parent}: {exc.strerror}") from exc
        return self._path

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._path, ignore_errors=True)


def media_file(scratch: Path, url: str) -> Path:
    """The one regular file the child wrote."""
    files = [
        path
        for path in (scratch / "media").iterdir()
        if path.is_file() and not path.is_symlink() and path.suffix not in {".part", ".ytdl"}
    ]
    if len(files) != 1:
        raise UnsupportedSource(f"yt-dlp found no video to fetch at {shown(url)}")
    return files[0]


def hashed(path: Path) -> tuple[VideoId, int]:
    """Return the SHA-256 of the file at ``path`` and its size in bytes."""
    digest = hashlib.sha256()
    size = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
    return VideoId(digest.hexdigest()), size
