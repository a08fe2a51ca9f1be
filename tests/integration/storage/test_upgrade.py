"""An archive that an older release filled is taken up by today's commands."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import create_engine

from storage import videos
from storage.database import Database
from storage.migrations import REVISIONS
from storage.migrations.runner import migration_config
from tests.support.made_case import MadeCase, make_case
from tracker.app import open_app
from tracker.backup import back_up, restore
from tracker.clock import SystemClock
from tracker.config import Settings
from tracker.errors import DatabaseError

OLD = ("0007", "0008", "0010", "0012", "0013")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, MadeCase]:
    """An archive with one clip of three appearances, and nothing newer than those."""
    home = tmp_path_factory.mktemp("filled")
    with open_app(Settings(data_dir=home)) as app:
        return home, make_case(app, 3)


def _as_of(revision: str, filled: Path, home: Path) -> Settings:
    """Return the settings of a copy whose schema is that of an older release."""
    shutil.copytree(filled, home)
    engine = create_engine(f"sqlite:///{home / 'tracker.db'}")
    config = migration_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
    engine.dispose()
    return Settings(data_dir=home)


@pytest.mark.parametrize("revision", OLD)
def test_an_older_archive_is_taken_up_whole(
    filled: tuple[Path, MadeCase], tmp_path: Path, revision: str
) -> None:
    home, case = filled
    settings = _as_of(revision, home, tmp_path / "old")
    with (
        pytest.raises(DatabaseError, match="older release"),
        open_app(settings, writes=False) as app,
    ):
        app.status()
    with open_app(settings) as app:
        before = app.verify()
        assert before.ok, before.broken
        app.anchoring.run()
        (chain,) = app.subjects.chains(case.videos[0])
        assert (chain.clip, len(chain.links)) == (case.clip, 3)
        status = app.status()
        assert (status.held.posts, status.held.videos, status.clips) == (3, len(case.videos), 1)
        assert status.fixity is not None
        assert status.fixity.files == status.fixity.never > 0
        assert app.fixity.run_slice() == status.fixity.files
        assert app.verify().ok


def test_chains_of_a_release_that_named_other_parents_are_made_once_more(
    filled: tuple[Path, MadeCase], tmp_path: Path
) -> None:
    home, case = shutil.copytree(filled[0], tmp_path / "new"), filled[1]
    with open_app(Settings(data_dir=home)) as app, app.archive.database.write() as session:
        for video in case.videos:
            videos.mark_recorded(session, video, videos.evidence_version(session, video))
            assert not videos.is_unrecorded(session, video)
    settings = _as_of("0022", home, tmp_path / "old")
    with open_app(settings) as app, app.archive.database.read() as session:
        assert all(videos.is_unrecorded(session, video) for video in case.videos)


def test_a_backup_of_an_older_archive_stays_as_it_was_and_comes_back_as_todays(
    filled: tuple[Path, MadeCase], tmp_path: Path
) -> None:
    settings = _as_of("0012", filled[0], tmp_path / "old")
    copied = back_up(settings, tmp_path / "b", SystemClock())
    assert copied.damaged == ()
    database = Database(f"sqlite:///{copied.path / 'tracker.db'}")
    assert not database.is_current()
    database.close()
    restored = restore(Settings(data_dir=tmp_path / "new"), tmp_path / "b", SystemClock())
    assert restored.verified.ok, restored.verified.broken
    assert REVISIONS[-1] > "0012"
