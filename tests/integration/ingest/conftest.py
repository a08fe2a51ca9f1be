"""A whole application on an empty archive, with a web site on loopback and a clock to turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage import ledger
from tests.support.webserver import WebServer, serve
from tracker.app import App, open_app
from tracker.audit.states import check_states
from tracker.config import NetworkSettings, Settings
from tracker.evidence.recorded import Recorded
from tracker.model.ledger import Broken

AppMaker = Callable[..., AbstractContextManager[App]]


class TurnedClock:
    """Tells the time it was set to."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def turn(self, **ahead: float) -> None:
        """Move the time on by so many ``seconds``, ``minutes``, ``hours`` …"""
        self.at += timedelta(**ahead)


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
def site() -> Iterator[WebServer]:
    with serve() as running:
        yield running


@pytest.fixture
def make_app(tmp_path: Path, clock: TurnedClock) -> AppMaker:
    """Open the application on this test's archive, with settings by name."""

    def make(**settings: object) -> AbstractContextManager[App]:
        network = NetworkSettings(allow_private=True, read_timeout_s=5, page_timeout_s=5)
        made = Settings(data_dir=tmp_path / "data", network=network, **settings)  # type: ignore[arg-type]
        return open_app(made, clock=clock)

    return make


@pytest.fixture
def app(make_app: AppMaker) -> Iterator[App]:
    """The application; whatever a test did with it, rows and ledger still agree afterwards."""
    with make_app() as opened:
        yield opened
        assert rows_that_differ(opened) == []


def rows_that_differ(app: App) -> list[Broken]:
    """Return the rows of posts, videos and captures that are not what the ledger says."""
    recorded, after = Recorded(), 0
    with app.archive.database.read() as session:
        while batch := ledger.entries(session, after):
            for entry in batch:
                recorded.take(entry)
            after = batch[-1].sequence
        return list(check_states(session, recorded.states))
