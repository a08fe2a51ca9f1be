"""Counts kept by triggers, and what the daemons are doing."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
)
from sqlmodel import Field

from storage.columns import CleanText, Instant
from storage.tables.base import Row


class TallyRow(Row, table=True):
    """How many there are of something, kept by triggers; ``part`` divides it (by platform)."""

    __tablename__ = "tally"
    name: str = Field(primary_key=True, sa_type=CleanText)
    part: str = Field(primary_key=True, sa_type=CleanText)
    n: int = Field(sa_type=BigInteger)


class DaemonRow(Row, table=True):
    """A role and the daemon that has it: ``leader`` is the lease, ``standby`` a note.

    ``holder`` is empty when the role was given back.
    """

    __tablename__ = "daemon"
    role: str = Field(primary_key=True, sa_type=CleanText)
    holder: str = Field(sa_type=CleanText)
    host: str = Field(sa_type=CleanText)
    pid: int = Field(sa_type=BigInteger)
    place: str | None = Field(default=None, sa_type=CleanText)
    since_at: datetime = Field(sa_type=Instant)
    renewed_at: datetime = Field(sa_type=Instant)
    lease_ms: int = Field(sa_type=BigInteger)
    beats: int = Field(sa_type=BigInteger)


class JobRow(Row, table=True):
    """What a job of the daemon is doing, or did last, as of the leader's latest renewal."""

    __tablename__ = "job"
    name: str = Field(primary_key=True, sa_type=CleanText)
    limit_ms: int = Field(sa_type=BigInteger)
    started_at: datetime | None = Field(default=None, sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    progressed_at: datetime | None = Field(default=None, sa_type=Instant)
    done: int = Field(sa_type=BigInteger)
    item: str | None = Field(default=None, sa_type=CleanText)
    item_started_at: datetime | None = Field(default=None, sa_type=Instant)
    error: str | None = Field(default=None, sa_type=CleanText)
    overruns: int = Field(sa_type=BigInteger)
    overran_at: datetime | None = Field(default=None, sa_type=Instant)
    overran_item: str | None = Field(default=None, sa_type=CleanText)
