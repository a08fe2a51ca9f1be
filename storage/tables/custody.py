"""The custody ledger, its anchors and what others say of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
)
from sqlmodel import Field

from storage.columns import CleanText, Instant, RowId
from storage.tables.base import Row


class LedgerRow(Row, table=True):
    """An entry of the custody ledger; triggers refuse to change or delete one."""

    __tablename__ = "ledger_entry"
    sequence: int = Field(
        primary_key=True, sa_type=RowId, sa_column_kwargs={"autoincrement": False}
    )
    kind: str = Field(sa_type=CleanText, index=True)
    at: str = Field(sa_type=CleanText)
    body: str = Field(sa_type=CleanText)
    previous_hash: str = Field(sa_type=CleanText)
    entry_hash: str = Field(sa_type=CleanText, unique=True)


class AnchorRow(Row, table=True):
    """What the ledger was at one moment; triggers refuse to change or delete a row."""

    __tablename__ = "anchor"
    number: int = Field(primary_key=True, sa_type=RowId, sa_column_kwargs={"autoincrement": False})
    first_sequence: int = Field(sa_type=RowId)
    last_sequence: int = Field(sa_type=RowId)
    head_hash: str = Field(sa_type=CleanText)
    merkle_root: str = Field(sa_type=CleanText)
    previous: str = Field(sa_type=CleanText)
    at: str = Field(sa_type=CleanText)
    digest: str = Field(sa_type=CleanText, unique=True)


class TokenRow(Row, table=True):
    """An answer about an anchor, by the number of its ledger entry; never changed either."""

    __tablename__ = "timestamp_token"
    sequence: int = Field(
        primary_key=True, sa_type=RowId, sa_column_kwargs={"autoincrement": False}
    )
    anchor: int = Field(foreign_key="anchor.number", index=True, sa_type=RowId)
    kind: str = Field(sa_type=CleanText)
    authority: str = Field(sa_type=CleanText)
    state: str = Field(sa_type=CleanText)
    reason: str = Field(sa_type=CleanText)
    received_at: datetime = Field(sa_type=Instant)
    request: str | None = Field(default=None, sa_type=CleanText)
    response: str = Field(sa_type=CleanText)
    chain: str | None = Field(default=None, sa_type=CleanText)
    ca: str | None = Field(default=None, sa_type=CleanText)
    gen_at: datetime | None = Field(default=None, sa_type=Instant)
    policy: str | None = Field(default=None, sa_type=CleanText)
    nonce: str | None = Field(default=None, sa_type=CleanText)
    serial: str | None = Field(default=None, sa_type=CleanText)
    block_height: int | None = Field(default=None, sa_type=BigInteger)
