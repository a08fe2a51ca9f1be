"""What the tests of the whole command share: a fresh home, made footage, a loopback site."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.footage import Edit, make_copy, make_footage
from tests.support.tracker_cli import TrackerCommand
from tests.support.webserver import WebServer, serve


@dataclass(frozen=True, slots=True)
class Clips:
    """A source of 12 s, a mirrored trim of it, and footage that has nothing to do with it."""

    source: Path
    copy: Path
    foreign: Path


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    """Footage for the whole session."""
    folder = tmp_path_factory.mktemp("clips")
    made = Clips(folder / "source.mp4", folder / "copy.mp4", folder / "foreign.mp4")
    make_footage(made.source, seed=1, seconds=12)
    make_copy(made.source, made.copy, Edit(start_s=3, end_s=9, mirror=True, crf=30))
    make_footage(made.foreign, seed=99, seconds=8)
    return made


@pytest.fixture
def tracker(tmp_path: Path) -> TrackerCommand:
    """The command with an empty home."""
    home = tmp_path / "home"
    home.mkdir()
    return TrackerCommand(home)


@pytest.fixture
def site() -> Iterator[WebServer]:
    """A web site on loopback, empty at first."""
    with serve() as running:
        yield running
