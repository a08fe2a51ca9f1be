from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from storage import anchors, ledger
from storage.anchor_store import REQUEST, AnchorStore, token_files
from storage.database import Database
from tests.support.values import HOUR, NOW
from tracker.errors import DatabaseError, IntegrityError
from tracker.evidence.anchors import anchor_statement, token_body, verify_anchors
from tracker.model.anchor import Anchor, Token, TokenKind, TokenState
from tracker.model.ledger import LedgerEntry, LedgerKind

TOKEN = Token(
    anchor=1,
    kind=TokenKind.RFC3161,
    authority="https://tsa.test/",
    state=TokenState.VERIFIED,
    reason="",
    received_at=NOW,
    request="1" * 64,
    response="2" * 64,
    chain="3" * 64,
    ca="4" * 64,
    gen_at=NOW,
    policy="1.2.3",
    nonce="18405237383320375326",
    serial="2",
)


def note(database: Database, count: int = 1) -> None:
    with database.write() as s:
        for n in range(count):
            ledger.append(s, LedgerKind.WATCH, {"n": n}, at=NOW)


def anchored(database: Database) -> Anchor | None:
    with database.write() as s:
        return anchors.make_anchor(s, NOW)


def entries(database: Database) -> list[LedgerEntry]:
    with database.read() as s:
        return ledger.entries(s)


def test_each_anchor_covers_what_came_since_the_last(database: Database) -> None:
    note(database, 3)
    first = anchored(database)
    note(database, 2)
    second = anchored(database)
    assert first is not None
    assert second is not None
    assert (first.number, first.first_sequence, first.last_sequence) == (1, 1, 4)
    # the entry about the first anchor is covered by the second
    assert (second.number, second.first_sequence, second.last_sequence) == (2, 5, 7)
    with database.read() as s:
        assert anchors.anchors(s) == [first, second]
        assert anchors.last_anchor(s) == second
        assert [anchors.anchor_of(s, n) for n in (1, 4, 5, 7, 8)] == [
            first, first, second, second, None,
        ]  # fmt: skip
    ledger_entries = entries(database)
    assert [e.sequence for e in ledger_entries if e.kind is LedgerKind.ANCHOR] == [5, 8]
    assert list(verify_anchors(ledger_entries, [first, second])) == []


def test_an_idle_ledger_is_not_anchored_again(database: Database) -> None:
    assert anchored(database) is None
    note(database)
    assert anchored(database) is not None
    with database.write() as s:
        anchors.add_token(s, TOKEN, NOW)
    assert anchored(database) is None


def test_a_token_is_kept_with_its_ledger_entry(database: Database) -> None:
    note(database)
    anchored(database)
    with database.write() as s:
        sequence = anchors.add_token(s, TOKEN, NOW)
        later = replace(TOKEN, state=TokenState.HELD, reason="why not", received_at=NOW + HOUR)
        anchors.add_token(s, later, NOW)
    with database.read() as s:
        assert anchors.tokens(s) == anchors.tokens(s, 1) == [TOKEN, later]
        assert anchors.tokens(s, 2) == []
        assert anchors.stored_tokens(s)[0].sequence == sequence
    entry = entries(database)[sequence - 1]
    assert entry.kind is LedgerKind.TIMESTAMP
    assert '"nonce":"18405237383320375326"' in entry.body
    assert token_body(TOKEN)["gen_at"] == "2026-03-01T12:00:00.123456Z"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE anchor SET head_hash = 'x'",
        "DELETE FROM anchor",
        "INSERT OR REPLACE INTO anchor SELECT number, 1, 1, 'x', 'x', 'x', 'x', 'x' FROM anchor",
        "INSERT OR REPLACE INTO anchor SELECT 9, 1, 1, 'x', 'x', 'x', 'x', digest FROM anchor",
        "UPDATE timestamp_token SET state = 'verified'",
        "DELETE FROM timestamp_token",
    ],
)
def test_the_database_itself_refuses_to_change_them(database: Database, statement: str) -> None:
    note(database)
    anchored(database)
    with database.write() as s:
        anchors.add_token(s, TOKEN, NOW)
    with pytest.raises(DatabaseError, match="append-only"), database.write() as s:
        s.execute(text(statement))


def test_a_row_that_no_release_wrote_is_passed_on(database: Database) -> None:
    note(database)
    anchored(database)
    with database.write() as s:
        anchors.add_token(s, TOKEN, NOW)
        s.execute(text("DROP TRIGGER timestamp_token_no_update"))
        s.execute(text("UPDATE timestamp_token SET state = 'invented'"))
    with database.read() as s:
        assert [stored.token for stored in anchors.stored_tokens(s)] == [None]
        assert anchors.tokens(s) == []


def test_files_of_an_anchor(database: Database, tmp_path: Path) -> None:
    note(database)
    anchor = anchored(database)
    assert anchor is not None
    store = AnchorStore(tmp_path / "anchors")
    assert list(store.statements()) == []
    assert list(store.files()) == []
    store.put_statement(anchor)
    store.put_statement(anchor)
    path = store.statement_path(anchor)
    assert list(store.statements()) == [(path, anchor_statement(anchor))]
    assert path.parent.name.startswith("000001-")
    assert path.stat().st_mode & 0o222 == 0
    digest = store.put(anchor, b"a request", REQUEST)
    assert store.put(anchor, b"a request", REQUEST) == digest
    assert store.read(anchor, digest, REQUEST) == b"a request"
    assert list(store.files()) == [store.path(anchor, digest, REQUEST)]
    assert store.clean() == 0


def test_a_changed_file_is_named(database: Database, tmp_path: Path) -> None:
    note(database)
    anchor = anchored(database)
    assert anchor is not None
    store = AnchorStore(tmp_path / "anchors")
    digest = store.put(anchor, b"a request", REQUEST)
    path = store.path(anchor, digest, REQUEST)
    path.chmod(0o644)
    path.write_bytes(b"A request")
    with pytest.raises(IntegrityError, match="was changed"):
        store.read(anchor, digest, REQUEST)
    path.unlink()
    with pytest.raises(IntegrityError, match="is missing"):
        store.read(anchor, digest, REQUEST)
    with pytest.raises(ValueError, match="not a SHA-256"):
        store.path(anchor, "../../etc", REQUEST)


def test_what_files_a_token_has() -> None:
    assert token_files(TOKEN)["response"] == ("2" * 64, ".tsr")
    proof = replace(TOKEN, kind=TokenKind.OPENTIMESTAMPS, request=None, chain=None, ca=None)
    assert token_files(proof) == {"response": ("2" * 64, ".ots")}
