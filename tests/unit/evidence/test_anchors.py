from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.json_schema import load, problems
from tracker.evidence.anchors import (
    LedgerHashes,
    anchor_digest,
    anchor_statement,
    is_covered,
    next_anchor,
    prove_inclusion,
    read_statement,
    verify_anchors,
)
from tracker.evidence.hash_chain import genesis, next_entry
from tracker.model.anchor import Anchor
from tracker.model.ledger import LedgerEntry, LedgerKind

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def a_ledger(length: int) -> list[LedgerEntry]:
    entries = [genesis(NOW)]
    for n in range(1, length):
        entries.append(next_entry(entries[-1], LedgerKind.WATCH, {"n": n}, NOW))
    return entries


def anchors_over(entries: list[LedgerEntry], *ends: int) -> list[Anchor]:
    made: list[Anchor] = []
    for n, end in enumerate(ends):
        previous = made[-1] if made else None
        at = NOW + timedelta(hours=n)
        made.append(next_anchor(LedgerHashes(entries[:end]), previous, at))
    return made


def reasons(entries: list[LedgerEntry], anchors: list[Anchor]) -> list[tuple[str, str]]:
    return [(broken.name, broken.reason) for broken in verify_anchors(entries, anchors)]


def test_anchors_of_an_untouched_ledger_hold() -> None:
    entries = a_ledger(9)
    first, second = anchors_over(entries, 4, 9)
    assert (first.first_sequence, first.last_sequence) == (1, 4)
    assert (second.first_sequence, second.last_sequence) == (5, 9)
    assert second.previous == anchor_digest(first)
    assert second.head_hash == entries[-1].entry_hash
    assert reasons(entries, [first, second]) == []


def test_the_statement_and_the_first_entry_are_what_their_schemas_say() -> None:
    entries = a_ledger(4)
    for name, text in (
        ("ledger", entries[0].body),
        ("anchor", anchor_statement(anchors_over(entries, 4)[0])),
    ):
        said = json.loads(text)
        assert problems(said, load(name)) == []
        assert problems({**said, "format": "tracker/other/1"}, load(name))


def test_a_ledger_goes_on_behind_its_last_anchor() -> None:
    entries = a_ledger(9)
    assert reasons(entries, anchors_over(entries, 4)) == []


def test_a_cut_tail_is_found() -> None:
    entries = a_ledger(9)
    ((name, reason),) = reasons(entries[:8], anchors_over(entries, 4, 9))
    assert name == "2"
    assert "ends at entry 8" in reason


def test_an_emptied_ledger_breaks_every_anchor() -> None:
    assert [name for name, _ in reasons([], anchors_over(a_ledger(9), 4, 9))] == ["1", "2"]


def test_a_rewritten_ledger_is_found() -> None:
    entries = a_ledger(9)
    anchors = anchors_over(entries, 4, 9)
    forged = entries[:5]
    for n in range(5, 9):
        forged.append(next_entry(forged[-1], LedgerKind.WATCH, {"n": -n}, NOW))
    ((name, reason),) = reasons(forged, anchors)
    assert name == "2"
    assert "rewritten" in reason


def test_an_entry_missing_in_the_middle_is_found() -> None:
    entries = a_ledger(9)
    anchors = anchors_over(entries, 9)
    ((_, reason),) = reasons(entries[:3] + entries[4:], anchors)
    assert "1 to 9" in reason


@pytest.mark.parametrize(
    "change",
    [
        {"previous": "1" * 64},
        {"merkle_root": "1" * 64},
        {"head_hash": "1" * 64},
        {"first_sequence": 4},
        {"number": 3},
    ],
)
def test_a_changed_anchor_is_found(change: dict[str, object]) -> None:
    entries = a_ledger(9)
    first, second = anchors_over(entries, 4, 9)
    assert reasons(entries, [first, replace(second, **change)])  # type: ignore[arg-type]  # by name


def test_an_anchor_left_out_is_found() -> None:
    entries = a_ledger(9)
    _, second, third = anchors_over(entries, 4, 6, 9)
    assert [name for name, _ in reasons(entries, [second, third])] == ["2"]


def test_nothing_new_is_no_anchor() -> None:
    entries = a_ledger(4)
    (only,) = anchors_over(entries, 4)
    with pytest.raises(ValueError, match="new entries"):
        next_anchor(LedgerHashes(entries), only, NOW)


@given(st.integers(1, 40), st.integers(1, 40))
def test_every_entry_of_an_anchor_can_be_proved(length: int, pick: int) -> None:
    entries = a_ledger(length)
    (anchor,) = anchors_over(entries, length)
    entry = entries[(pick - 1) % length]
    proof = prove_inclusion(LedgerHashes(entries), anchor, entry.sequence)
    assert is_covered(entry, anchor, proof)
    assert not is_covered(replace(entry, entry_hash="0" * 64), anchor, proof)
    if length > 1:
        other = replace(entry, sequence=entry.sequence % length + 1)
        assert not is_covered(other, anchor, proof)


def test_a_statement_reads_back() -> None:
    (anchor,) = anchors_over(a_ledger(3), 3)
    assert read_statement(anchor_statement(anchor)) == anchor


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"{",
        b"[" * 100_000,
        b'{"number": 1}',
        b"\xff\xfe",
        b" " * 5000,
    ],
)
def test_what_is_no_statement_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match="anchor"):
        read_statement(text)


@given(st.data())
def test_a_statement_is_read_to_the_letter(data: st.DataObject) -> None:
    (anchor,) = anchors_over(a_ledger(3), 3)
    statement = bytearray(anchor_statement(anchor))
    place = data.draw(st.integers(0, len(statement) - 1))
    statement[place] ^= data.draw(st.integers(1, 255))
    try:
        read = read_statement(bytes(statement))
    except ValueError:
        return
    assert read != anchor
