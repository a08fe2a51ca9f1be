"""What is to be done: failed tries, standing orders, billed reads."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Index,
    false,
)
from sqlmodel import Field

from storage.columns import CleanText, Instant
from storage.tables.base import Row


class AttemptRow(Row, table=True):
    """Failed tries of one stage on one item, gone as soon as it succeeds.

    ``finding`` is kept by triggers: whether it was given up because its platform gave an answer.
    """

    __tablename__ = "attempt"
    __table_args__ = (
        Index("ix_attempt_finding_parked_next_at", "finding", "parked", "next_at", "stage", "item"),
    )
    stage: str = Field(primary_key=True, sa_type=CleanText)
    item: str = Field(primary_key=True, sa_type=CleanText, index=True)
    tries: int
    error: str = Field(sa_type=CleanText)
    last_at: datetime = Field(sa_type=Instant)
    next_at: datetime = Field(sa_type=Instant)
    parked: bool
    unreached: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    finding: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


class WatchRow(Row, table=True):
    """A standing order."""

    __tablename__ = "watch"
    target: str = Field(primary_key=True, sa_type=CleanText)
    interval_s: int
    depth: int
    budget: int
    paused: bool = False
    last_polled_at: datetime | None = Field(default=None, sa_type=Instant)
    etag: str | None = Field(default=None, sa_type=CleanText)
    last_modified: str | None = Field(default=None, sa_type=CleanText)
    from_config: bool = False
    back_to: datetime | None = Field(default=None, sa_type=Instant)
    cursor: str | None = Field(default=None, sa_type=CleanText)


class ApiReadsRow(Row, table=True):
    """How many billed reads of a platform one calendar month has taken, and whether it ended."""

    __tablename__ = "api_reads"
    platform: str = Field(primary_key=True, sa_type=CleanText)
    month: str = Field(primary_key=True, sa_type=CleanText)  # 2026-11, in UTC
    reads: int = Field(sa_type=BigInteger)
    read_limit: int = Field(sa_type=BigInteger)  # as configured when it was last asked for
    stopped_because: str | None = Field(default=None, sa_type=CleanText)
    stopped_at: datetime | None = Field(default=None, sa_type=Instant)


class ApiAccountRow(Row, table=True):
    """The platform's number of an account, so that asking for it is billed only once."""

    __tablename__ = "api_account"
    platform: str = Field(primary_key=True, sa_type=CleanText)
    handle: str = Field(primary_key=True, sa_type=CleanText)
    account_id: str = Field(sa_type=CleanText)
    seen_at: datetime = Field(sa_type=Instant)
