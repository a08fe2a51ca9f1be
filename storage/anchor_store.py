"""Files of the anchors: copies of their statements, and what authorities answered.

::

    anchors/000001-0a1b2c3d4e5f6071/anchor.json        the statement: exactly what is timestamped
    anchors/000001-0a1b2c3d4e5f6071/<sha256>.tsq       a request (RFC 3161)
    anchors/000001-0a1b2c3d4e5f6071/<sha256>.tsr       the answer to it, whatever it was
    anchors/000001-0a1b2c3d4e5f6071/<sha256>.pem       certificates
    anchors/000001-0a1b2c3d4e5f6071/<sha256>.ots       a proof of OpenTimestamps

The folder's name is the anchor's number and the beginning of its digest. So a database that was
removed, emptied or put back to an earlier state is noticed beside it, and never overwrites what
vouches for the former one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from storage.files import outside_errors, remove_leftovers, settle, write_in_place
from tracker.errors import IntegrityError
from tracker.evidence.anchors import MAX_STATEMENT_BYTES, anchor_digest, anchor_statement
from tracker.model.anchor import Anchor, Token, TokenKind
from tracker.model.ids import SHA256_HEX

STATEMENT = "anchor.json"
MAX_FILE_BYTES = 1024 * 1024
CERTIFICATES = ".pem"
REQUEST = ".tsq"
RESPONSES = {TokenKind.RFC3161: ".tsr", TokenKind.OPENTIMESTAMPS: ".ots"}


class AnchorStore:
    """Small files under ``root``, written once and read-only from then on.

    What the disk refuses raises ``OutsideError``.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._temporary = root / "tmp"

    def folder(self, anchor: Anchor) -> Path:
        """Return where the anchor's files are, or would be."""
        return self._root / f"{anchor.number:06}-{anchor_digest(anchor)[:16]}"

    def statement_path(self, anchor: Anchor) -> Path:
        """Return where the copy of the anchor's statement is, or would be."""
        return self.folder(anchor) / STATEMENT

    def put_statement(self, anchor: Anchor) -> None:
        """Keep a copy of the anchor unless there is one."""
        path = self.statement_path(anchor)
        with outside_errors(path, "store"):
            if path.exists():
                settle(path)
            else:
                write_in_place(path, anchor_statement(anchor), self._temporary)

    def put(self, anchor: Anchor, body: bytes, suffix: str) -> str:
        """Keep a file that belongs to the anchor; return its digest."""
        digest = hashlib.sha256(body).hexdigest()
        path = self.folder(anchor) / f"{digest}{suffix}"
        with outside_errors(path, "store"):
            if path.is_file() and path.stat().st_size == len(body):
                settle(path)
            else:
                write_in_place(path, body, self._temporary)
        return digest

    def path(self, anchor: Anchor, sha256: str, suffix: str) -> Path:
        """Return where that file is, or would be; ``ValueError`` for what is no digest."""
        if not SHA256_HEX.match(sha256):
            raise ValueError(f"not a SHA-256 in lower-case hex: {sha256!r}")
        return self.folder(anchor) / f"{sha256}{suffix}"

    def read(self, anchor: Anchor, sha256: str, suffix: str) -> bytes:
        """Return the whole file; raises ``IntegrityError``, naming it, if it is not what it was."""
        path = self.path(anchor, sha256, suffix)
        if not path.is_file():
            raise IntegrityError(f"{path} is missing")
        body = _bounded(path)
        found = hashlib.sha256(body).hexdigest()
        if found != sha256:
            raise IntegrityError(f"{path} was changed: its SHA-256 is {found}")
        return body

    def remove(self, anchor: Anchor, sha256: str, suffix: str) -> None:
        """Delete a file that turned out to be of no use (a request nobody answered)."""
        path = self.path(anchor, sha256, suffix)
        with outside_errors(path, "delete"):
            path.unlink(missing_ok=True)

    def statements(self) -> Iterator[tuple[Path, bytes]]:
        """Yield every kept copy of a statement as it stands, sorted by path."""
        if not self._root.is_dir():
            return
        with outside_errors(self._root, "list"):
            paths = sorted(self._root.glob(f"*/{STATEMENT}"))
        for path in paths:
            yield path, _bounded(path, MAX_STATEMENT_BYTES + 1)

    def files(self) -> Iterator[Path]:
        """Yield every other file that belongs to an anchor, sorted."""
        if not self._root.is_dir():
            return
        with outside_errors(self._root, "list"):
            found = sorted(self._root.glob("*/*"))
        yield from (p for p in found if p.name != STATEMENT and p.parent != self._temporary)

    def clean(self) -> int:
        """Delete what killed processes left half-written; return how many files."""
        with outside_errors(self._temporary, "clean"):
            return remove_leftovers(self._temporary)


def token_files(token: Token) -> dict[str, tuple[str, str]]:
    """Return (digest, suffix) of each file of a token by what it is."""
    suffixes = {
        "request": REQUEST,
        "response": RESPONSES[token.kind],
        "chain": CERTIFICATES,
        "ca": CERTIFICATES,
    }
    return {name: (digest, suffixes[name]) for name, digest in token.files().items()}


def _bounded(path: Path, limit: int = MAX_FILE_BYTES) -> bytes:
    with outside_errors(path, "read"), path.open("rb") as stream:
        return stream.read(limit)
