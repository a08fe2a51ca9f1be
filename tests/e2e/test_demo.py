"""The demo a newcomer runs first: the real command line, end to end, judged by the truth."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import demo


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_demo_finds_what_is_true(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "out"
    assert demo.main(["--output", str(output)]) == 0
    assert "Everything found is true" in capfd.readouterr().out
    assert (output / "report.html").stat().st_size > 5_000


def test_the_demo_overwrites_no_folder_of_somebody_else(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    assert demo.main(["--output", str(tmp_path)]) == 1
    assert "not empty" in capfd.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
