"""Anchors of the ledger and the tokens over them: added, never changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, select

from storage import ledger
from storage.tables import AnchorRow, LedgerRow, TokenRow
from tracker.evidence.anchors import (
    UPKEEP,
    LedgerHashes,
    anchor_body,
    anchor_digest,
    next_anchor,
    token_body,
)
from tracker.model.anchor import Anchor, Token, TokenKind, TokenState
from tracker.model.ledger import LedgerEntry, LedgerKind

BATCH = 1000
_ANCHOR_FIELDS = tuple(Anchor.__dataclass_fields__)
_TOKEN_FIELDS = tuple(Token.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class StoredAnchor:
    """A row as it stands; ``digest`` is what the database says it is, and may be wrong."""

    anchor: Anchor
    digest: str


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A row as it stands, by the number of the ledger entry that records it.

    ``token`` is ``None`` when the row says something no token can be.
    """

    sequence: int
    anchor: int
    token: Token | None


def make_anchor(s: Session, at: datetime) -> Anchor | None:
    """Anchor the ledger as it is now, in the caller's write transaction, and say so in it.

    ``None`` when nothing but anchors and tokens came in since the last one.
    """
    previous = last_anchor(s)
    if not _anything_new(s, previous):
        return None
    hashes = LedgerHashes(_entries(s, previous.last_sequence if previous else 0))
    anchor = next_anchor(hashes, previous, at)
    ledger.append(s, LedgerKind.ANCHOR, anchor_body(anchor), at=at)
    values = {name: getattr(anchor, name) for name in _ANCHOR_FIELDS}
    s.add(AnchorRow(**values, digest=anchor_digest(anchor)))
    s.flush()
    return anchor


def add_token(s: Session, token: Token, at: datetime) -> int:
    """Keep what an authority answered and say so in the ledger; return the entry's number."""
    entry = ledger.append(s, LedgerKind.TIMESTAMP, token_body(token), at=at)
    values = {name: getattr(token, name) for name in _TOKEN_FIELDS}
    values |= {"kind": token.kind.value, "state": token.state.value}
    s.add(TokenRow(sequence=entry.sequence, **values))
    s.flush()
    return entry.sequence


def last_anchor(s: Session) -> Anchor | None:
    """Return the newest anchor, or ``None`` before the first."""
    row = s.exec(select(AnchorRow).order_by(col(AnchorRow.number).desc()).limit(1)).first()
    return None if row is None else _anchor(row)


def anchors(s: Session) -> list[Anchor]:
    """Return every anchor by ascending number."""
    return [stored.anchor for stored in stored_anchors(s)]


def stored_anchors(s: Session) -> list[StoredAnchor]:
    """Return every anchor with the digest the database gives it, by ascending number."""
    rows = s.exec(select(AnchorRow).order_by(col(AnchorRow.number)))
    return [StoredAnchor(_anchor(row), row.digest) for row in rows]


def anchor_of(s: Session, sequence: int) -> Anchor | None:
    """Return the anchor whose root is over the ledger entry ``sequence``, if there is one yet."""
    row = s.exec(
        select(AnchorRow)
        .where(AnchorRow.last_sequence >= sequence)
        .order_by(col(AnchorRow.number))
        .limit(1)
    ).first()
    return None if row is None else _anchor(row)


def tokens(s: Session, number: int | None = None) -> list[Token]:
    """Return the tokens over one anchor (``None``: over all), in the order they came.

    A later one of the same authority and anchor goes before an earlier one.
    """
    found = (stored.token for stored in stored_tokens(s))
    return [t for t in found if t is not None and number in (None, t.anchor)]


def stored_tokens(s: Session) -> list[StoredToken]:
    """Return every row of tokens in the order they came."""
    rows = s.exec(select(TokenRow).order_by(col(TokenRow.sequence)))
    return [StoredToken(row.sequence, row.anchor, _token(row)) for row in rows]


def count_new(s: Session, previous: Anchor | None) -> int:
    """Return how many entries ``previous`` does not cover, those about anchors left aside."""
    return s.exec(select(func.count()).where(*_is_new(previous))).one()


def _anything_new(s: Session, previous: Anchor | None) -> bool:
    query = select(LedgerRow.sequence).where(*_is_new(previous)).limit(1)
    return s.exec(query).first() is not None


def _is_new(previous: Anchor | None) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return (
        col(LedgerRow.sequence) > (previous.last_sequence if previous else 0),
        col(LedgerRow.kind).not_in([kind.value for kind in UPKEEP]),
    )


def _entries(s: Session, after: int) -> Iterator[LedgerEntry]:
    while batch := ledger.entries(s, after, BATCH):
        yield from batch
        after = batch[-1].sequence


def _anchor(row: AnchorRow) -> Anchor:
    return Anchor(**{name: getattr(row, name) for name in _ANCHOR_FIELDS})


def _token(row: TokenRow) -> Token | None:
    values = {name: getattr(row, name) for name in _TOKEN_FIELDS}
    try:
        values |= {"kind": TokenKind(row.kind), "state": TokenState(row.state)}
    except ValueError:
        return None
    return Token(**values)
