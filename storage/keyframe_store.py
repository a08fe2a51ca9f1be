"""Keyframes: the small pictures that stay with a fingerprint when the original is gone."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

from storage.files import outside_errors, remove_leftovers, sync_directory, write_in_place
from tracker.errors import IntegrityError
from tracker.evidence.digests import keyframes_digest
from tracker.model.ids import SHA256_HEX, VideoId
from tracker.model.keyframe import Keyframe

MAGIC = b"TKEYFRM1"
HEADER = struct.Struct("<8sI")  # magic, number of keyframes
ENTRY = struct.Struct("<qI")  # presentation time in ms, length of the JPEG in bytes
SEAL_BYTES = 32
SUFFIX = ".keyframes"


class KeyframeStore:
    """One file a video and algorithm: header, table, JPEGs, and a SHA-256 over all of it.

    Written in full or not at all; every read checks the seal, and ``verify`` also the digest
    that the ledger holds. What the disk refuses raises ``OutsideError``.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._temporary = root / "tmp"

    def path(self, video: VideoId, algorithm_key: str) -> Path:
        """Return where the keyframes are, or would be; ``ValueError`` for no video id."""
        if not SHA256_HEX.match(video):
            raise ValueError(f"not a video id: {video!r}")
        tag = hashlib.sha256(algorithm_key.encode()).hexdigest()[:16]
        return self._root / video[:2] / f"{video}.{tag}{SUFFIX}"

    def put(self, video: VideoId, algorithm_key: str, keyframes: Sequence[Keyframe]) -> str:
        """Store the keyframes, replacing former ones; return their digest for the ledger."""
        path = self.path(video, algorithm_key)
        with outside_errors(path, "store"):
            write_in_place(path, _packed(keyframes), self._temporary)
        return keyframes_digest(keyframes)

    def get(self, video: VideoId, algorithm_key: str) -> tuple[Keyframe, ...]:
        """Return the keyframes by ascending time.

        Raises ``IntegrityError``, naming the path, when they are missing or damaged.
        """
        path = self.path(video, algorithm_key)
        if not path.is_file():
            raise IntegrityError(f"{path} is missing")
        with outside_errors(path, "read"):
            body = path.read_bytes()
        return _unpacked(path, body)

    def contains(self, video: VideoId, algorithm_key: str) -> bool:
        """Tell whether keyframes are there (not whether they are still what they were)."""
        return self.path(video, algorithm_key).is_file()

    def verify(self, video: VideoId, algorithm_key: str, digest: str) -> None:
        """Raise ``IntegrityError`` unless the keyframes are those of ``digest``."""
        if keyframes_digest(self.get(video, algorithm_key)) != digest:
            path = self.path(video, algorithm_key)
            raise IntegrityError(f"{path} was replaced: it is not what the ledger recorded")

    def remove(self, video: VideoId, algorithm_key: str) -> bool:
        """Delete the keyframes (retention); return ``False`` when there were none."""
        path = self.path(video, algorithm_key)
        with outside_errors(path, "delete"):
            if not path.exists():
                return False
            path.unlink()
            sync_directory(path.parent)
        return True

    def paths(self) -> Iterator[Path]:
        """Yield every stored file, sorted."""
        if not self._root.is_dir():
            return
        with outside_errors(self._root, "list"):
            yield from sorted(self._root.glob(f"??/*{SUFFIX}"))

    def clean(self) -> int:
        """Delete what killed processes left half-written; return how many files."""
        with outside_errors(self._temporary, "clean"):
            return remove_leftovers(self._temporary)


def _packed(keyframes: Sequence[Keyframe]) -> bytes:
    parts = [HEADER.pack(MAGIC, len(keyframes))]
    parts += [ENTRY.pack(int(frame.pts_ms), len(frame.jpeg)) for frame in keyframes]
    parts += [frame.jpeg for frame in keyframes]
    body = b"".join(parts)
    return body + hashlib.sha256(body).digest()


def _unpacked(path: Path, sealed: bytes) -> tuple[Keyframe, ...]:
    body, seal = sealed[:-SEAL_BYTES], sealed[-SEAL_BYTES:]
    if hashlib.sha256(body).digest() != seal:
        raise IntegrityError(f"{path} was changed: its content does not fit its seal")
    try:
        return tuple(_keyframes(body))
    except (struct.error, ValueError) as exc:
        raise IntegrityError(f"{path} is no keyframe file: {exc}") from exc


def _keyframes(body: bytes) -> Iterator[Keyframe]:
    magic, count = HEADER.unpack_from(body)
    if magic != MAGIC:
        raise ValueError("it begins with other bytes")
    start = HEADER.size + count * ENTRY.size
    for n in range(count):
        pts_ms, size_bytes = ENTRY.unpack_from(body, HEADER.size + n * ENTRY.size)
        yield Keyframe(pts_ms, body[start : start + size_bytes])
        start += size_bytes
