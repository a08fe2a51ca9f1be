"""The JavaScript runtime by which yt-dlp solves YouTube's challenges: Deno, and no other.

The script comes from YouTube and could do whatever its runtime lets it. Deno gives it no network,
no files and no programs unless told to; Node, Bun and QuickJS, which yt-dlp could use as well,
would let it connect past the address guard.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

RUNTIMES: dict[str, dict[str, str]] = {"deno": {}}
"""What yt-dlp is allowed, in its own form."""
OLDEST_DENO = (2, 3, 0)
"""Source: yt-dlp's wiki, "EJS"."""
_VERSION = re.compile(r"^deno (\d+)\.(\d+)\.(\d+)", re.MULTILINE)


def child_path() -> str:
    """Return where yt-dlp's child looks for programs: beside Python, then in the system."""
    return os.pathsep.join((str(Path(sys.executable).parent), os.defpath))


def deno_version(path: str | None = None) -> tuple[int, int, int] | None:
    """Return the version of the Deno that is found on ``path``; ``None`` where none answers."""
    program = shutil.which("deno", path=path or child_path())
    if program is None:
        return None
    try:
        done = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return None
    found = _VERSION.search(done.stdout)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None
