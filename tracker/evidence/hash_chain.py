"""A chain of entries in which nothing can be changed without changing all that follows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from tracker.evidence.canonical import canonical_json
from tracker.model.ledger import Broken, LedgerEntry, LedgerKind

GENESIS_PREVIOUS = "0" * 64
ROW_KINDS = ("captures", "clips", "posts", "videos")
"""Rows whose digests are entered whenever they change: see ``storage.row_changes``."""
FORMAT = "tracker/ledger/1"


def entry_hash(sequence: int, kind: LedgerKind, at: str, body: str, previous_hash: str) -> str:
    """Return the hash that seals an entry, 64 lower-case hex digits.

    SHA-256 over the 64 ASCII digits of ``previous_hash``, a line feed, and the canonical JSON
    of ``{"at", "body", "kind", "sequence"}`` (``body`` being the entry's own JSON as text).
    """
    facts = {"at": at, "body": body, "kind": str(kind), "sequence": sequence}
    text = previous_hash.encode("ascii", "replace") + b"\n" + canonical_json(facts)
    return hashlib.sha256(text).hexdigest()


def genesis(at: datetime) -> LedgerEntry:
    """Return the entry every ledger begins with.

    ``complete`` names the kinds of rows of which every one has its digest in an entry.
    """
    body = {"complete": [*ROW_KINDS], "format": FORMAT}
    return _sealed(1, LedgerKind.GENESIS, body, at, GENESIS_PREVIOUS)


def complete_kinds(body: Mapping[str, object]) -> frozenset[str]:
    """Return the kinds of rows that are all recorded by the word of an entry's ``body``.

    ``true`` was said before clips were recorded.
    """
    said = body.get("complete")
    if said is True:
        return frozenset(ROW_KINDS) - {"clips"}
    return frozenset(ROW_KINDS).intersection(map(str, said if isinstance(said, list) else ()))


def next_entry(
    head: LedgerEntry, kind: LedgerKind, body: Mapping[str, object], at: datetime
) -> LedgerEntry:
    """Return the entry that follows ``head``; raises ``ValueError`` for an unfit ``body``."""
    return _sealed(head.sequence + 1, kind, body, at, head.entry_hash)


def check_chain(
    entries: Iterable[LedgerEntry], after: LedgerEntry | None = None
) -> Iterator[Broken]:
    """Yield every place where the chain is broken, the first bad entry first.

    ``entries`` are in the order of their sequence and follow ``after`` (``None``: they are
    the whole ledger). One change is reported once: after a broken entry the check goes on from
    what that entry says of itself.
    """
    previous = after
    for entry in entries:
        reason = _reason(entry, previous)
        if reason:
            yield Broken("entry", str(entry.sequence), reason)
        previous = entry


def _sealed(
    sequence: int, kind: LedgerKind, body: Mapping[str, object], at: datetime, previous: str
) -> LedgerEntry:
    told, text = stamp(at), canonical_json(body).decode()
    return LedgerEntry(
        sequence, kind, told, text, previous, entry_hash(sequence, kind, told, text, previous)
    )


def stamp(at: datetime) -> str:
    """Return an instant as entries hold it; raises ``ValueError`` for one without time zone."""
    if at.tzinfo is None:
        raise ValueError(f"a ledger entry needs a time zone: {at!r}")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _reason(entry: LedgerEntry, previous: LedgerEntry | None) -> str | None:
    expected = previous.sequence + 1 if previous else 1
    if entry.sequence > expected:
        return _missing(expected, entry.sequence - 1)
    if entry.sequence < expected:
        return f"out of order: number {expected} was due here"
    if _recomputed(entry) != entry.entry_hash:
        return "its content is not what was recorded (edited, moved or inserted)"
    if entry.previous_hash != (previous.entry_hash if previous else GENESIS_PREVIOUS):
        return "does not follow the entry before it (one of the two was replaced or inserted)"
    if (entry.kind is LedgerKind.GENESIS) is not (previous is None):
        return "a ledger begins with one genesis entry and has no other"
    return None


def _recomputed(entry: LedgerEntry) -> str | None:
    try:
        return entry_hash(entry.sequence, entry.kind, entry.at, entry.body, entry.previous_hash)
    except ValueError:
        return None  # text that could never have been recorded


def _missing(first: int, last: int) -> str:
    if first == last:
        return f"entry {first} before it is missing (deleted or moved)"
    return f"entries {first} to {last} before it are missing (deleted or moved)"
