"""The salts of redacted exports: one a case, kept by the archive, part of no export."""

from __future__ import annotations

import os
import re
import secrets
from contextlib import suppress
from pathlib import Path

from storage.files import outside_errors, sync_directory, temporary_name
from tracker.errors import UsageError

SALT_BYTES = 32
_HEX = re.compile(r"[0-9a-f]{32,256}\Z")


def salt_of_case(root: Path, case: str) -> bytes:
    """Return the salt of ``case``, made at its first redacted export.

    It is a file of hex digits that only its owner may read. Raises ``OutsideError``.
    """
    path = root / f"{case}.salt"
    with outside_errors(path, "keep the salt"):
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists() or not path.stat().st_size:  # empty: made by a killed older release
            _make(path)
    return read_salt(path)


def _make(path: Path) -> None:
    """Write a new salt whole; the first of two that do so at once stands."""
    temporary = temporary_name(path.parent)
    try:
        temporary.touch(mode=0o600, exist_ok=False)
        with temporary.open("w", encoding="ascii") as file:
            file.write(secrets.token_hex(SALT_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            temporary.replace(path)
        else:
            with suppress(FileExistsError):
                os.link(temporary, path)
        sync_directory(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def read_salt(path: Path) -> bytes:
    """Return the salt in a file; raises ``UsageError`` unless it is 32 to 256 hex digits."""
    try:
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise UsageError(f"cannot read the salt {path}: {exc}") from exc
    if not _HEX.match(text) or len(text) % 2:
        raise UsageError(f"{path} is no salt: 32 to 256 lower-case hex digits are wanted")
    return bytes.fromhex(text)
