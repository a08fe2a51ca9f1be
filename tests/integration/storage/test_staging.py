"""The folder for downloads: one a process, and none of a process that is gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
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


def test_a_read_only_place_is_named() -> None:
    with open_directory() as directory:

        def check() -> None:
            with (
                pytest.raises(OutsideError, match=r"cannot write to .*permission denied"),
                own_folder(directory / "staging"),
            ):
                os.abort()

        assert as_nobody(check) == ""
