from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.evidence.hash_chain import check_chain, entry_hash, genesis, next_entry
from tracker.model.ledger import LedgerEntry, LedgerKind

AT = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)


def a_chain(length: int) -> list[LedgerEntry]:
    chain = [genesis(AT)]
    for n in range(length - 1):
        chain.append(next_entry(chain[-1], LedgerKind.CAPTURE, {"n": n, "url": "ü"}, AT))
    return chain


def bad(chain: list[LedgerEntry]) -> list[str]:
    return [broken.name for broken in check_chain(chain)]


@given(st.integers(1, 30))
def test_a_chain_as_written_is_whole(length: int) -> None:
    assert bad(a_chain(length)) == []


def test_the_hash_is_the_one_the_documentation_describes() -> None:
    body = '{"n":1}'
    text = "0" * 64 + "\n" + '{"at":"T","body":"{\\"n\\":1}","kind":"capture","sequence":2}'
    expected = hashlib.sha256(text.encode()).hexdigest()
    assert entry_hash(2, LedgerKind.CAPTURE, "T", body, "0" * 64) == expected


CHANGES: dict[str, Any] = {
    "kind": LedgerKind.DELETION,
    "at": "2020-01-01T00:00:00.000000Z",
    "body": '{"n":99}',
    "previous_hash": "1" * 64,
    "entry_hash": "2" * 64,
}


@given(st.data())
def test_an_edit_is_named_at_its_entry(data: st.DataObject) -> None:
    chain = a_chain(data.draw(st.integers(2, 12)))
    index = data.draw(st.integers(0, len(chain) - 1))
    name = data.draw(st.sampled_from(sorted(CHANGES)))
    chain[index] = replace(chain[index], **{name: CHANGES[name]})
    assert bad(chain)[0] == str(index + 1)


@given(st.data())
def test_a_resealed_edit_shows_at_the_next_entry(data: st.DataObject) -> None:
    chain = a_chain(data.draw(st.integers(3, 12)))
    index = data.draw(st.integers(1, len(chain) - 2))
    previous = chain[index - 1]
    chain[index] = next_entry(previous, LedgerKind.CAPTURE, {"forged": True}, AT)
    assert bad(chain) == [str(index + 2)]


@given(st.data())
def test_a_missing_entry_is_named(data: st.DataObject) -> None:
    chain = a_chain(data.draw(st.integers(3, 12)))
    index = data.draw(st.integers(0, len(chain) - 2))
    del chain[index]
    found = list(check_chain(chain))
    assert f"entry {index + 1} before it is missing" in found[0].reason


def test_a_missing_stretch_is_named_from_end_to_end() -> None:
    chain = a_chain(9)
    found = list(check_chain(chain[:3] + chain[6:]))
    assert [b.name for b in found] == ["7"]
    assert "entries 4 to 6" in found[0].reason


@given(st.data())
def test_entries_out_of_order_are_named(data: st.DataObject) -> None:
    chain = a_chain(data.draw(st.integers(3, 10)))
    one, two = data.draw(
        st.lists(st.integers(0, len(chain) - 1), min_size=2, max_size=2, unique=True)
    )
    chain[one], chain[two] = chain[two], chain[one]
    assert bad(chain)


@given(st.data())
def test_two_entries_that_exchanged_their_numbers_are_named(data: st.DataObject) -> None:
    chain = a_chain(data.draw(st.integers(3, 10)))
    one, two = sorted(
        data.draw(st.lists(st.integers(0, len(chain) - 1), min_size=2, max_size=2, unique=True))
    )
    chain[one], chain[two] = (
        replace(chain[two], sequence=chain[one].sequence),
        replace(chain[one], sequence=chain[two].sequence),
    )
    assert bad(chain)[0] == str(one + 1)


def test_an_inserted_entry_is_named() -> None:
    chain = a_chain(5)
    forged = next_entry(chain[1], LedgerKind.CAPTURE, {"forged": True}, AT)
    moved = [replace(entry, sequence=entry.sequence + 1) for entry in chain[2:]]
    assert bad([*chain[:2], forged, *moved])[0] == "4"


def test_a_ledger_without_its_beginning_is_broken() -> None:
    chain = a_chain(4)
    assert bad(chain[1:]) == ["2"]


def test_a_second_genesis_is_broken() -> None:
    chain = a_chain(2)
    chain.append(next_entry(chain[-1], LedgerKind.GENESIS, {}, AT))
    assert bad(chain) == ["3"]


def test_a_check_may_begin_in_the_middle() -> None:
    chain = a_chain(6)
    assert list(check_chain(chain[3:], after=chain[2])) == []


@pytest.mark.parametrize("body", [{"score": 0.5}, {"a": "\ud800"}, {"n": 2**60}])
def test_an_unfit_body_is_refused(body: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="canonical JSON"):
        next_entry(genesis(AT), LedgerKind.CAPTURE, body, AT)


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        genesis(datetime(2026, 1, 1))  # noqa: DTZ001 - the case under test
