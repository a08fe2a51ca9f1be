"""An application with one made case, and another case beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.made_case import MadeCase, make_case
from tracker.app import App, open_app
from tracker.config import Settings

HOME = "archive"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    with open_app(Settings(data_dir=tmp_path / HOME)) as opened:
        yield opened


@pytest.fixture
def case(app: App) -> MadeCase:
    make_case(app, 2, salt="neighbour")
    return make_case(app, 3)
