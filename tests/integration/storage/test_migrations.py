from __future__ import annotations

import multiprocessing
import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from storage import ledger, posts
from storage.database import Database
from storage.migrations import REVISIONS
from storage.migrations.runner import migration_config
from storage.tables.due_indexes import METADATA
from tests.support.values import NOW, a_post, published
from tracker.errors import DatabaseError
from tracker.model.ledger import LedgerKind


def test_migrations_make_exactly_the_tables_of_the_code(database: Database) -> None:
    with database.read() as session:
        context = MigrationContext.configure(
            session.connection(), opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, METADATA) == []


def test_migrating_again_changes_nothing_and_keeps_the_content(database: Database) -> None:
    with database.write() as session:
        posts.save_post(session, a_post(), now=NOW, depth=0, origin=None, published=published())
    database.migrate()
    with database.read() as session:
        assert posts.get_post(session, a_post().key) is not None


def test_down_and_up_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "d.db"
    database = Database(f"sqlite:///{path}")
    database.migrate()
    with database.write() as session:
        ledger.append(session, LedgerKind.CAPTURE, {"n": 1}, at=NOW)
    database.close()
    before = _schema(path)
    config = migration_config()
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        left = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'"))
        assert {name for (name,) in left} <= {"alembic_version", "sqlite_sequence"}
        command.upgrade(config, "head")
    engine.dispose()
    assert _schema(path) == before
    assert capsys.readouterr() == ("", "")


def test_a_newer_schema_is_refused_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "d.db"
    Database(f"sqlite:///{path}").migrate()
    _execute(path, "UPDATE alembic_version SET version_num = '9999'")
    database = Database(f"sqlite:///{path}")
    for call in (database.migrate, database.read().__enter__, database.write().__enter__):
        with pytest.raises(DatabaseError, match="newer release of this program"):
            call()
    database.close()


def test_an_unmigrated_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "d.db"
    _execute(path, "CREATE TABLE something (n INTEGER)")
    database = Database(f"sqlite:///{path}")
    assert not database.exists()
    with pytest.raises(DatabaseError, match="no database"), database.read():
        pass
    with pytest.raises(DatabaseError, match="no database"), database.write():
        pass
    database.migrate()
    assert database.exists()
    database.close()


def test_a_failed_migration_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "d.db"
    _execute(path, "CREATE TABLE ledger_entry (n INTEGER)")  # in the way half-way through
    database = Database(f"sqlite:///{path}")
    with pytest.raises(DatabaseError, match="already exists"):
        database.migrate()
    database.close()
    with sqlite3.connect(path) as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    connection.close()
    assert names == {"ledger_entry"}


def test_processes_that_start_at_once_do_not_collide(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'd.db'}"
    context = multiprocessing.get_context("spawn")
    barrier, failures = context.Barrier(3), context.Queue()
    started = [context.Process(target=_migrate, args=(url, barrier, failures)) for _ in range(3)]
    for process in started:
        process.start()
    for process in started:
        process.join(60)
    assert [failures.get(timeout=5) for _ in started] == [None] * 3
    database = Database(url)
    assert database.exists()
    database.close()


@pytest.mark.parametrize("table", sorted(METADATA.tables))
def test_every_table_can_be_spelled_for_postgresql(table: str) -> None:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's
    ddl = str(CreateTable(METADATA.tables[table]).compile(dialect=dialect))
    assert "BIGINT" in ddl or "TEXT" in ddl


def test_the_migration_can_be_spelled_for_postgresql(capsys: pytest.CaptureFixture[str]) -> None:
    context = MigrationContext.configure(dialect_name="postgresql", opts={"as_sql": True})
    script = ScriptDirectory.from_config(migration_config()).get_revision("0001")
    assert script is not None
    with Operations.context(context):
        script.module.upgrade()
    sql = capsys.readouterr().out
    assert "ledger_entry_refuse" in sql
    assert "BIGSERIAL" in sql
    assert "RAISE(ABORT" not in sql


def _migrate(url: str, barrier: object, failures: object) -> None:
    database = Database(url)
    barrier.wait()  # type: ignore[attr-defined]  # multiprocessing's proxies
    try:
        database.migrate()
    except DatabaseError as exc:
        failures.put(str(exc))  # type: ignore[attr-defined]  # as above
    else:
        failures.put(None)  # type: ignore[attr-defined]  # as above
    database.close()


def _execute(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement)
    connection.close()


def _schema(path: Path) -> set[tuple[str, str]]:
    connection = sqlite3.connect(path)
    rows = set(connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
    connection.close()
    return rows


def test_the_written_list_of_revisions_is_that_of_the_scripts() -> None:
    scripts = ScriptDirectory.from_config(migration_config())
    assert [s.revision for s in scripts.walk_revisions()] == list(reversed(REVISIONS))
