"""The folder for downloads: one a process, and none of a process that is gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.staging import own_folder
from tests.support.unprivileged import as_nobody, open_directory
from tracker.errors import OutsideError

KILLED = """
import os, signal, sys
from pathlib import Path
from storage.staging import own_folder
with own_folder(Path(sys.argv[1])) as folder:
    (folder / "part").mkdir()
    (folder / "part" / "download-1").write_bytes(b"half of it")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_left_goes_when_the_next_begins(tmp_path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert len(list(tmp_path.rglob("download-1"))) == 1
    with own_folder(tmp_path) as folder:
        assert list(tmp_path.iterdir()) == [folder]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_use_is_left_alone_even_by_its_own_process(tmp_path: Path) -> None:
    with own_folder(tmp_path) as first:
        (first / "download").touch()
        with own_folder(tmp_path) as second:
            assert first != second
        assert (first / "download").exists()


def test_a_folder_of_an_older_release_goes_too(tmp_path: Path) -> None:
    (tmp_path / "tmpabcdef").mkdir()
    (tmp_path / "tmpabcdef" / "download-1").touch()
    with own_folder(tmp_path) as folder:
        assert list(tmp_path.iterdir()) == [folder]


TOGETHER = """
import os, signal, sys, tempfile
from storage.staging import keep_temporary_files_together
if "early" in sys.argv:
    from multiprocessing import util
keep_temporary_files_together()
keep_temporary_files_together()
from multiprocessing import util
util.get_temp_dir()
tempfile.mkdtemp(prefix="index-")
print(tempfile.gettempdir(), flush=True)
if "kill" in sys.argv:
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def temporary() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="t-") as name:  # short: sockets are in it
        yield Path(name)


def run_together(temporary: Path, *arguments: str) -> Path:
    """Run a process that makes temporary files; return the directory it made them in."""
    done = subprocess.run(
        [sys.executable, "-c", TOGETHER, *arguments],
        env={**os.environ, "TMPDIR": str(temporary)},
        capture_output=True, text=True, check="kill" not in arguments,
    )  # fmt: skip
    assert done.stderr == ""
    return Path(done.stdout.strip())


def test_temporary_files_of_killed_processes_go_when_the_next_begins(temporary: Path) -> None:
    root = temporary / f"tracker-{os.getuid()}"
    killed = run_together(temporary, "kill")
    assert killed.parent == root
    assert {path.name.partition("-")[0] for path in killed.iterdir()} == {"pymp", "index"}
    with own_folder(root) as held:
        assert not killed.exists()
        assert run_together(temporary).parent == root
        assert run_together(temporary, "early").parent == root
        assert list(root.iterdir()) == [held]
    assert list(temporary.iterdir()) == [root]
    assert root.stat().st_mode & 0o777 == 0o700


def test_a_place_that_somebody_else_took_is_not_used(temporary: Path, tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (temporary / f"tracker-{os.getuid()}").symlink_to(tmp_path)
    assert run_together(temporary) == temporary
    assert (tmp_path / "theirs").exists()


def test_a_temporary_directory_of_too_long_a_name_is_used_as_it_is(temporary: Path) -> None:
    long = temporary / ("n" * 50)
    long.mkdir()
    assert run_together(long) == long


def test_a_read_only_place_is_named() -> None:
    with open_directory() as directory:

        def check() -> None:
            with (
                pytest.raises(OutsideError, match=r"cannot write to .*permission denied"),
                own_folder(directory / "staging"),
            ):
                os.abort()

        assert as_nobody(check) == ""
