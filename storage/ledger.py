"""The custody ledger: entries are added, never changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from sqlmodel import Session, col, select

from storage.batches import batches
from storage.columns import clean_text
from storage.rows import entry_from
from storage.tables import LedgerRow
from storage.write_memory import memory
from tracker.evidence.hash_chain import genesis, next_entry
from tracker.model.ledger import LedgerEntry, LedgerKind


def append(
    s: Session, kind: LedgerKind, body: Mapping[str, object], *, at: datetime
) -> LedgerEntry:
    """Add an entry behind the present head, in the caller's write transaction; return it.

    ``body`` holds plain JSON values without floats (see ``tracker.evidence.canonical``); an
    unfit one raises ``ValueError``. The first call begins the ledger with its genesis entry.
    """
    last = memory(s).head or head(s) or _insert(s, genesis(at))
    return _insert(s, next_entry(last, kind, _clean_mapping(body), at))


def entries(s: Session, after: int = 0, limit: int = 1000) -> list[LedgerEntry]:
    """Return up to ``limit`` entries with a sequence above ``after``, in order."""
    rows = s.exec(
        select(LedgerRow)
        .where(LedgerRow.sequence > after)
        .order_by(col(LedgerRow.sequence))
        .limit(limit)
    ).all()
    return [entry_from(row) for row in rows]


def entries_of(s: Session, kind: LedgerKind) -> Iterator[LedgerEntry]:
    """Yield every entry of one kind, in order."""
    query = select(LedgerRow).where(LedgerRow.kind == kind.value).order_by(col(LedgerRow.sequence))
    for row in s.exec(query.execution_options(yield_per=500)):
        yield entry_from(row)


def entries_at(s: Session, sequences: Iterable[int]) -> Iterator[LedgerEntry]:
    """Yield the entries of those numbers, in ascending order."""
    numbers = sorted(set(sequences))
    for batch in batches(numbers):
        query = select(LedgerRow).where(col(LedgerRow.sequence).in_(batch))
        for row in s.exec(query.order_by(col(LedgerRow.sequence))):
            yield entry_from(row)


def head(s: Session) -> LedgerEntry | None:
    """Return the last entry, or ``None`` before the first."""
    row = s.exec(select(LedgerRow).order_by(col(LedgerRow.sequence).desc()).limit(1)).first()
    return None if row is None else entry_from(row)


def of_kind(s: Session, kind: LedgerKind) -> Iterator[LedgerEntry]:
    """Yield the entries of one kind, in order."""
    query = select(LedgerRow).where(LedgerRow.kind == kind.value).order_by(col(LedgerRow.sequence))
    for row in s.exec(query.execution_options(yield_per=500)):
        yield entry_from(row)


def last_not_of_kind(s: Session, kind: LedgerKind) -> LedgerEntry | None:
    """Return the last entry of any other kind, or ``None`` before the first."""
    query = select(LedgerRow).where(LedgerRow.kind != kind.value)
    row = s.exec(query.order_by(col(LedgerRow.sequence).desc()).limit(1)).first()
    return None if row is None else entry_from(row)


def links(s: Session, through: int) -> Iterator[tuple[int, str, str]]:
    """Yield (sequence, previous hash, entry hash) of every entry up to ``through``, in order."""
    query = (
        select(LedgerRow.sequence, LedgerRow.previous_hash, LedgerRow.entry_hash)
        .where(col(LedgerRow.sequence) <= through)
        .order_by(col(LedgerRow.sequence))
        .execution_options(yield_per=5000)
    )
    for row in s.exec(query):
        yield row[0], row[1], row[2]


def _insert(s: Session, entry: LedgerEntry) -> LedgerEntry:
    s.add(
        LedgerRow(
            sequence=entry.sequence,
            kind=entry.kind.value,
            at=entry.at,
            body=entry.body,
            previous_hash=entry.previous_hash,
            entry_hash=entry.entry_hash,
        )
    )
    s.flush()
    memory(s).head = entry
    return entry


def _clean_mapping(body: Mapping[str, object]) -> dict[str, object]:
    return {clean_text(key): _clean(value) for key, value in body.items()}


def _clean(value: object) -> object:
    # Hostile text (lone surrogates) must not keep a finding out of the ledger.
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, Mapping):
        return _clean_mapping(value)
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return value
