"""Clips, their chains, people's verdicts, and searches for earlier uploads."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field

from storage.columns import CleanText, Instant, RowId
from storage.tables.base import Row


class ClipRow(Row, table=True):
    """A stretch of footage; once merged or withdrawn it stays, so that its name resolves."""

    __tablename__ = "clip"
    id: str = Field(primary_key=True, sa_type=CleanText)
    reference: str = Field(foreign_key="video.sha256", index=True, sa_type=CleanText)
    start_ms: int = Field(sa_type=RowId)
    end_ms: int = Field(sa_type=RowId)
    created_at: datetime = Field(sa_type=Instant)
    retired_at: datetime | None = Field(default=None, sa_type=Instant)
    retired_reason: str | None = Field(default=None, sa_type=CleanText)
    merged_into: str | None = Field(
        default=None, foreign_key="clip.id", sa_type=CleanText, index=True
    )


class ClipMemberRow(Row, table=True):
    """Says that a video shows a clip."""

    __tablename__ = "clip_member"
    clip: str = Field(primary_key=True, foreign_key="clip.id", sa_type=CleanText)
    video: str = Field(primary_key=True, foreign_key="video.sha256", index=True, sa_type=CleanText)


class RevisionRow(Row, table=True):
    """One state of a clip's chain; ``document`` is its JSON, ``digest`` names its content."""

    __tablename__ = "chain_revision"
    clip: str = Field(primary_key=True, foreign_key="clip.id", sa_type=CleanText)
    revision: int = Field(primary_key=True)
    root: str = Field(sa_type=CleanText)
    reason: str = Field(sa_type=CleanText)
    digest: str = Field(sa_type=CleanText)
    document: str = Field(sa_type=CleanText)
    at: datetime = Field(sa_type=Instant)


class VerdictRow(Row, table=True):
    """A person's judgement of whether a video shows a clip; the latest is obeyed, all stay."""

    __tablename__ = "verdict"
    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    clip: str = Field(foreign_key="clip.id", index=True, sa_type=CleanText)
    video: str = Field(foreign_key="video.sha256", index=True, sa_type=CleanText)
    verdict: str = Field(sa_type=CleanText)
    judged_by: str = Field(sa_type=CleanText)
    why: str = Field(sa_type=CleanText)
    algorithm: str = Field(sa_type=CleanText)
    at: datetime = Field(sa_type=Instant)


class DiscoveryRow(Row, table=True):
    """One search of a platform for earlier uploads of a clip, entered before it is made."""

    __tablename__ = "discovery"
    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    clip: str = Field(foreign_key="clip.id", index=True, sa_type=CleanText)
    platform: str = Field(sa_type=CleanText)
    query: str = Field(sa_type=CleanText)
    target: str = Field(sa_type=CleanText)
    until_at: datetime = Field(sa_type=Instant)
    searched_at: datetime = Field(sa_type=Instant, index=True)
    hits: int = 0
    earlier: int = 0
    without_preview: int = 0
    compared: int = 0
    likely: int = 0
    fetched: int = 0
    error: str | None = Field(default=None, sa_type=CleanText)
