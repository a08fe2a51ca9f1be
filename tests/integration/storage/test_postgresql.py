"""The same archive on a real PostgreSQL: tables, append-only tables, and the whole way through."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from pydantic import SecretStr
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from storage import attempts, posts
from storage.database import Database
from storage.pending import COLLECT
from storage.tables.due_indexes import METADATA
from tests.support.footage import Edit, make_copy, make_footage
from tests.support.postgres import serve_postgres
from tests.support.values import NOW, a_post
from tracker.app import App, open_app
from tracker.config import DatabaseSettings, Settings
from tracker.ingest.add import Stated
from tracker.model.chain import Relation
from tracker.model.status import PostStatus

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serve_postgres() as url:
        yield url


@pytest.fixture(scope="module")
def app(address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """An archive of two videos, the second a mirrored copy of the first, that was anchored."""
    root = tmp_path_factory.mktemp("postgresql")
    make_footage(root / "film.mp4", seed=1, seconds=6)
    make_copy(root / "film.mp4", root / "copy.mp4", Edit(mirror=True))
    settings = Settings(data_dir=root / "data", database=DatabaseSettings(url=SecretStr(address)))
    with open_app(settings) as opened:
        for name in ("film.mp4", "copy.mp4"):
            assert opened.add.take_in(str(root / name), Stated()).errors == ()
        opened.anchoring.run()
        yield opened


@pytest.fixture
def engine(app: App, address: str) -> Iterator[Engine]:
    """The database as its owner sees it, past everything of ours."""
    made = create_engine(address)
    yield made
    made.dispose()


def test_migrations_make_exactly_the_tables_of_the_code(app: App, address: str) -> None:
    database = Database(address)
    with database.read() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
    database.close()


def test_a_video_added_has_its_chain_and_all_of_it_verifies(app: App, tmp_path: Path) -> None:
    (summary,) = app.subjects.summaries()
    (chain,) = app.subjects.chains(summary.clip)
    assert [link.relation for link in chain.links] == [Relation.ROOT, Relation.COPY]
    assert app.reports.write(summary.clip, "bundle", tmp_path / "case.zip").exists()
    found = app.verify()
    assert found.broken == ()
    assert found.anchors == 1


def test_what_fails_is_counted_and_told_from_findings(app: App) -> None:
    with app.archive.database.write() as session:
        for number in range(4):
            attempts.record_failure(
                session, COLLECT, f"https://x.test/a/status/{number}", error="no",
                retryable=number == 3, retry_at=None, now=NOW,
            )  # fmt: skip
        assert attempts.count_failing(session) == {(COLLECT, True): 3, (COLLECT, False): 1}
        for number, others in ((0, ()), (9, ("https://x.test/a/status/1",))):
            post = a_post(
                f"https://x.test/a/status/{number}", status=PostStatus.DELETED, spellings=others
            )
            posts.save_post(session, post, now=NOW, depth=0, origin=None, published=None)
        assert attempts.count_failing(session) == {(COLLECT, True): 1, (COLLECT, False): 1}
        assert [f.item[-1] for f in attempts.failing(session)] == ["2", "3"]
        for number in range(4):
            attempts.clear(session, COLLECT, f"https://x.test/a/status/{number}")
        assert attempts.count_failing(session) == {}


@pytest.mark.parametrize("table", ["ledger_entry", "anchor"])
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE {0} SET at = at",
        "DELETE FROM {0}",
        "TRUNCATE {0} CASCADE",
        "INSERT INTO {0} SELECT * FROM {0} ON CONFLICT ({1}) DO UPDATE SET at = EXCLUDED.at",
    ],
)
def test_the_database_itself_refuses_to_change_what_is_append_only(
    engine: Engine, table: str, change: str
) -> None:
    key = "sequence" if table == "ledger_entry" else "number"
    statement = change.format(table, key)
    with engine.connect() as connection:
        before = connection.scalar(text(f"SELECT count(*) FROM {table}"))  # noqa: S608 - our own
        assert before
    with engine.begin() as connection, pytest.raises(DBAPIError, match="append-only"):
        connection.execute(text(statement))
    with engine.connect() as connection:
        assert connection.scalar(text(f"SELECT count(*) FROM {table}")) == before  # noqa: S608


def test_verify_names_an_entry_changed_by_whoever_drops_the_triggers(
    app: App, engine: Engine
) -> None:
    body = "SELECT body FROM ledger_entry WHERE sequence = 2"
    with engine.begin() as connection:
        old = connection.scalar(text(body))
        connection.execute(text("ALTER TABLE ledger_entry DISABLE TRIGGER ALL"))
        _write(connection, "{}")
    assert ("entry", "2") in {(broken.kind, broken.name) for broken in app.verify().broken}
    with engine.begin() as connection:
        _write(connection, old)
        connection.execute(text("ALTER TABLE ledger_entry ENABLE TRIGGER ALL"))
    assert app.verify().broken == ()


def _write(connection: Connection, body: object) -> None:
    statement = text("UPDATE ledger_entry SET body = :body WHERE sequence = 2")
    connection.execute(statement, {"body": body})
