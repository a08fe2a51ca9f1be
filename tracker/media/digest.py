"""What a file is called: the digest of its bytes."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tracker.errors import SourceError
from tracker.model.ids import VideoId


def sha256_of(path: Path) -> VideoId:
    """Return the SHA-256 of the file at ``path``; raises ``SourceError`` if it cannot be read."""
    try:
        with path.open("rb") as file:
            return VideoId(hashlib.file_digest(file, "sha256").hexdigest())
    except OSError as exc:
        raise SourceError(f"cannot read {path}: {exc.strerror}") from exc
