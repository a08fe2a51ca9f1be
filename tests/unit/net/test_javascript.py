"""Which JavaScript runtime is found, and that no other than Deno is ever used."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracker.net.javascript import OLDEST_DENO, RUNTIMES, child_path, deno_version
from tracker.net.ytdlp import _environment


def program(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{text}'\n")
    path.chmod(0o755)
    return str(folder)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("deno 2.3.0 (stable, release, x86_64)", (2, 3, 0)),
        ("deno 1.46.3", (1, 46, 3)),
        ("something else", None),
    ],
)
def test_deno_says_its_version(
    text: str, version: tuple[int, int, int] | None, tmp_path: Path
) -> None:
    assert deno_version(program(tmp_path, "deno", text)) == version


def test_other_runtimes_do_not_count(tmp_path: Path) -> None:
    assert deno_version(program(tmp_path, "node", "v24.0.0")) is None
    assert list(RUNTIMES) == ["deno"]
    assert OLDEST_DENO < (2, 4, 0)


def test_the_child_looks_where_the_doctor_looks(tmp_path: Path) -> None:
    assert _environment(tmp_path)["PATH"] == child_path()
