from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest
from sqlalchemy import text

from storage import ledger
from storage.database import Database
from tests.support.values import NOW
from tracker.errors import DatabaseError
from tracker.evidence.hash_chain import check_chain
from tracker.model.ledger import LedgerKind

WRITERS, ENTRIES = 2, 25
REPLACE = (
    "INSERT OR REPLACE INTO ledger_entry SELECT {sequence}, kind, at, '{{}}', previous_hash, "
    "{entry_hash} FROM ledger_entry WHERE sequence = 2"
)


def fill(database: Database, count: int = 3) -> None:
    for n in range(count):
        with database.write() as s:
            ledger.append(s, LedgerKind.CAPTURE, {"n": n}, at=NOW)


def test_the_first_entry_is_preceded_by_the_genesis(database: Database) -> None:
    with database.write() as s:
        assert ledger.head(s) is None
        entry = ledger.append(s, LedgerKind.CAPTURE, {"url": "ü", "n": 1}, at=NOW)
    with database.read() as s:
        assert ledger.head(s) == entry
        found = ledger.entries(s)
    assert [e.kind for e in found] == [LedgerKind.GENESIS, LedgerKind.CAPTURE]
    assert (entry.sequence, entry.body) == (2, '{"n":1,"url":"ü"}')
    assert entry.at == "2026-03-01T12:00:00.123456Z"
    assert list(check_chain(found)) == []


def test_several_entries_in_one_transaction(database: Database) -> None:
    with database.write() as s:
        for n in range(5):
            ledger.append(s, LedgerKind.MATCH, {"n": n}, at=NOW)
        assert [e.sequence for e in ledger.entries(s, after=2, limit=3)] == [3, 4, 5]
        assert ledger.entries(s, after=6) == []


def test_an_unfit_body_undoes_the_transaction(database: Database) -> None:
    fill(database)
    with pytest.raises(ValueError, match="float"), database.write() as s:
        ledger.append(s, LedgerKind.MATCH, {"score": 0.5}, at=NOW)
    with database.read() as s:
        assert len(ledger.entries(s)) == 4


def _append_and_fail(database: Database) -> None:
    with database.write() as s:
        ledger.append(s, LedgerKind.MATCH, {"n": "undone"}, at=NOW)
        raise RuntimeError


def test_what_was_undone_is_not_remembered(database: Database) -> None:
    fill(database)
    with pytest.raises(RuntimeError):
        _append_and_fail(database)
    fill(database, 1)
    with database.read() as s:
        found = ledger.entries(s)
    assert [e.sequence for e in found] == [1, 2, 3, 4, 5]
    assert list(check_chain(found)) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entry SET body = '{}' WHERE sequence = 2",
        "UPDATE ledger_entry SET sequence = 99 WHERE sequence = 4",
        "UPDATE OR REPLACE ledger_entry SET sequence = 2 WHERE sequence = 4",
        "DELETE FROM ledger_entry WHERE sequence = 4",
        "DELETE FROM ledger_entry",
        REPLACE.format(sequence=2, entry_hash="'x'"),
        REPLACE.format(sequence=9, entry_hash="entry_hash"),
        "INSERT INTO ledger_entry VALUES (0, 'capture', '', '{}', '', 'x')",
    ],
)
def test_the_database_itself_refuses_to_change_it(database: Database, statement: str) -> None:
    fill(database)
    with database.read() as s:
        before = ledger.entries(s)
    with pytest.raises(DatabaseError, match="append-only"), database.write() as s:
        s.execute(text(statement))
    with database.read() as s:
        assert ledger.entries(s) == before


def test_an_unknown_kind_is_passed_on_to_the_check(database: Database) -> None:
    fill(database)
    with database.write() as s:
        s.execute(text("DROP TRIGGER ledger_entry_no_update"))
        s.execute(text("UPDATE ledger_entry SET kind = 'invented' WHERE sequence = 3"))
    with database.read() as s:
        assert [b.name for b in check_chain(ledger.entries(s))] == ["3"]


def test_two_processes_write_one_chain(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'd.db'}"
    database = Database(url)
    database.migrate()
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_append, args=(url, n)) for n in range(WRITERS)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0] * WRITERS
    with database.read() as s:
        found = ledger.entries(s)
    database.close()
    assert len(found) == 1 + WRITERS * ENTRIES
    assert list(check_chain(found)) == []
    for n in range(WRITERS):
        mine = [e.body for e in found if f'"writer":{n}' in e.body]
        assert mine == [f'{{"n":{i},"writer":{n}}}' for i in range(ENTRIES)]


def _append(url: str, writer: int) -> None:
    database = Database(url)
    for n in range(ENTRIES):
        with database.write() as s:
            ledger.append(s, LedgerKind.STATUS, {"writer": writer, "n": n}, at=NOW)
    database.close()
