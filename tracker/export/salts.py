"""The salts of redacted exports: one a case, kept by the archive, part of no export."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

from tracker.errors import OutsideError, UsageError

SALT_BYTES = 32
_HEX = re.compile(r"[0-9a-f]{32,256}\Z")


def salt_of_case(root: Path, case: str) -> bytes:
    """Return the salt of ``case``, made at its first redacted export.

    It is a file of hex digits that only its owner may read. Raises ``OutsideError``.
    """
    path = root / f"{case}.salt"
    try:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            path.touch(mode=0o600, exist_ok=False)
            path.write_text(secrets.token_hex(SALT_BYTES) + "\n", encoding="ascii")
        except FileExistsError:
            pass
    except OSError as exc:
        raise OutsideError(f"cannot keep the salt {path}: {exc.strerror}") from exc
    return read_salt(path)


def read_salt(path: Path) -> bytes:
    """Return the salt in a file; raises ``UsageError`` unless it is 32 to 256 hex digits."""
    try:
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise UsageError(f"cannot read the salt {path}: {exc}") from exc
    if not _HEX.match(text) or len(text) % 2:
        raise UsageError(f"{path} is no salt: 32 to 256 lower-case hex digits are wanted")
    return bytes.fromhex(text)
