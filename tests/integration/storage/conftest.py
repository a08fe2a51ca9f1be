from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.database import Database


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database after all migrations, made once: copies of it are cheap."""
    path = tmp_path_factory.mktemp("migrated") / "tracker.db"
    made = Database(f"sqlite:///{path}")
    made.migrate()
    made.close()
    return path


@pytest.fixture
def database(tmp_path: Path, migrated: Path) -> Iterator[Database]:
    path = tmp_path / "archive" / "tracker.db"
    path.parent.mkdir()
    shutil.copyfile(migrated, path)
    made = Database(f"sqlite:///{path}")
    yield made
    made.close()
