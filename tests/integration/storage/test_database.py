from __future__ import annotations

import sqlite3
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import text

from storage import attempts, ledger, posts
from storage.columns import clean_text
from storage.database import Database
from tests.support.unprivileged import as_nobody, open_directory
from tests.support.values import NOW, a_post, published
from tracker.errors import ConfigError, DatabaseError, OutsideError
from tracker.model.ledger import LedgerKind


def save(database: Database, key: str = "https://x.test/1") -> None:
    with database.write() as session:
        posts.save_post(session, a_post(key), now=NOW, depth=0, origin=None, published=published())


def test_reading_what_does_not_exist_creates_nothing(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'a' / 'd.db'}")
    assert not database.exists()
    with pytest.raises(DatabaseError, match=r"no database at .*d\.db yet"), database.read():
        pass
    assert list(tmp_path.iterdir()) == []


def test_an_empty_file_is_no_database_yet(tmp_path: Path) -> None:
    path = tmp_path / "d.db"
    path.touch()
    database = Database(f"sqlite:///{path}")
    assert not database.exists()
    database.migrate()
    assert database.exists()
    database.close()


def test_the_connection_is_durable_and_checked(database: Database) -> None:
    with database.write() as session:
        answers = {
            name: session.connection().exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
        }
    assert answers == {
        "journal_mode": "wal", "foreign_keys": 1, "synchronous": 2, "busy_timeout": 30000,
    }  # fmt: skip


def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(DatabaseError, match="read-only"), database.read() as session:
        session.execute(text("DELETE FROM post"))


def test_an_exception_undoes_everything(database: Database) -> None:
    class Stop(Exception):
        pass

    def fail() -> None:
        with database.write() as session:
            posts.save_post(session, a_post(), now=NOW, depth=0, origin=None, published=published())
            ledger.append(session, LedgerKind.CAPTURE, {}, at=NOW)
            raise Stop

    with pytest.raises(Stop):
        fail()
    with database.read() as session:
        assert posts.get_post(session, a_post().key) is None
        assert ledger.head(session) is None


def test_a_reader_sees_one_state_and_does_not_wait(database: Database) -> None:
    save(database, "https://x.test/1")
    with database.read() as session:
        assert posts.coverage(session).posts == 1
        save(database, "https://x.test/2")
        assert posts.coverage(session).posts == 1
    with database.read() as session:
        assert posts.coverage(session).posts == 2


def test_a_locked_database_is_named(database: Database, tmp_path: Path) -> None:
    database.close()
    other = sqlite3.connect(tmp_path / "archive" / "tracker.db", isolation_level=None)
    with database.read():  # opens while it may
        pass
    other.execute("BEGIN IMMEDIATE")
    with database.read() as session:
        assert posts.coverage(session).posts == 0  # readers go on
    quick = Database(f"sqlite:///{tmp_path / 'archive' / 'tracker.db'}", busy_timeout_s=0.1)
    with pytest.raises(DatabaseError, match="locked by another process") as caught, quick.write():
        pass
    assert caught.value.retryable
    other.close()
    quick.close()


def test_threads_write_one_after_the_other(database: Database) -> None:
    def work(name: str) -> None:
        for n in range(10):
            with database.write() as session:
                attempts.record_failure(
                    session, "collect", "item", error=f"{name}{n}", retryable=True,
                    retry_at=None, now=NOW,
                )  # fmt: skip

    threads = [threading.Thread(target=work, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as session:
        assert attempts.failing(session)[0].tries == 30


def test_a_file_of_other_bytes_is_named(tmp_path: Path) -> None:
    path = tmp_path / "d.db"
    path.write_bytes(b"no database at all, but long enough to be looked at" * 40)
    database = Database(f"sqlite:///{path}")
    with pytest.raises(DatabaseError, match="is damaged"):
        database.migrate()
    with pytest.raises(DatabaseError, match="is damaged"), database.read():
        pass
    database.close()


def test_a_damaged_page_is_named(tmp_path: Path) -> None:
    path = tmp_path / "d.db"
    database = Database(f"sqlite:///{path}")
    database.migrate()
    for n in range(50):
        save(database, f"https://x.test/{n}")
    database.close()
    body = bytearray(path.read_bytes())
    body[4096 * 2 :] = b"\xa5" * (len(body) - 4096 * 2)
    path.write_bytes(body)
    with pytest.raises(DatabaseError, match="is damaged"), database.read() as session:
        posts.coverage(session)
    database.close()


def test_a_full_disk_is_named(database: Database) -> None:
    def fill() -> None:
        with database.write() as session:
            pages = session.connection().exec_driver_sql("PRAGMA page_count").scalar()
            session.connection().exec_driver_sql(f"PRAGMA max_page_count={pages}")
            ledger.append(session, LedgerKind.CAPTURE, {"text": "x" * 200_000}, at=NOW)

    with pytest.raises(DatabaseError, match="disk is full"):
        fill()
    database.close()
    with database.read() as session:
        assert ledger.head(session) is None


def test_a_read_only_directory_can_be_read_and_not_written() -> None:
    with open_directory() as directory:
        path = directory / "d.db"
        database = Database(f"sqlite:///{path}")
        database.migrate()
        save(database)
        database.close()
        path.chmod(0o444)
        directory.chmod(0o555)

        def check() -> None:
            reader = Database(f"sqlite:///{path}")
            assert reader.exists()
            with reader.read() as session:
                assert posts.coverage(session).posts == 1
            with pytest.raises(DatabaseError, match="read-only"), reader.write():
                pass
            with pytest.raises(DatabaseError, match="read-only"):
                reader.migrate()
            reader.close()

        assert as_nobody(check) == ""
        assert [p.name for p in directory.iterdir()] == ["d.db"]
        directory.chmod(0o755)


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    database = Database(f"sqlite:///{tmp_path / 'file' / 'd.db'}")
    with pytest.raises(OutsideError, match="cannot create the directory"):
        database.migrate()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "sqlite://",
        "sqlite:///:memory:",
        "mysql://h/d",
        "foo://x",
        "oracle://x/y",
        "postgresql+psycopg://u:p@:bad:port/x",
        "postgresql+psycopg://u@h:99x/d",
    ],
)
def test_an_impossible_address_is_a_config_error(url: str) -> None:
    with pytest.raises(ConfigError, match=r"database\.url"):
        Database(url)


def test_a_missing_driver_is_named() -> None:
    database = Database("postgresql+pg8000://u@h/d")
    with pytest.raises(ConfigError, match="needs the package pg8000"):
        database.exists()


def test_no_password_is_shown() -> None:
    assert "geheim" not in Database("postgresql+psycopg://u:geheim@h/d").name


def test_times_come_back_as_they_went_in(database: Database) -> None:
    zone = timezone(timedelta(hours=5, minutes=30))
    at = datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=zone)
    with database.write() as session:
        posts.save_post(session, a_post(), now=at, depth=0, origin=None, published=None)
    with database.read() as session:
        stored = posts.get_post(session, a_post().key)
        assert stored is not None
        assert stored.first_observed_at == at
        assert stored.first_observed_at.tzinfo is UTC
        raw = session.execute(text("SELECT typeof(first_observed_at), first_observed_at FROM post"))
        assert raw.one() == ("integer", -19_800_000_001)


def test_a_naive_time_is_refused(database: Database) -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 - the case under test
    with pytest.raises(DatabaseError, match="without zone"), database.write() as session:
        posts.save_post(session, a_post(), now=naive, depth=0, origin=None, published=None)


def test_hostile_text_is_made_storable(database: Database) -> None:
    post = a_post(title="a\ud800b\x00c", text="\udc00", links=(), leads=())
    with database.write() as session:
        posts.save_post(session, post, now=NOW, depth=0, origin=None, published=None)
        ledger.append(session, LedgerKind.STATUS, {"t": ["\ud800"], "k\ud800": 1}, at=NOW)
    with database.read() as session:
        stored = posts.get_post(session, post.key)
        assert stored is not None
        assert (stored.post.title, stored.post.text) == ("a\ufffdb\ufffdc", "\ufffd")


@pytest.mark.parametrize("whole", ["plain", "ü€😀", "", "\u2028"])
def test_good_text_stays(whole: str) -> None:
    assert clean_text(whole) == whole
