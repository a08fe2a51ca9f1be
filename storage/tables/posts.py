"""Posts, what they link, claim and show, and each request for them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    Index,
    UniqueConstraint,
    false,
)
from sqlmodel import Field

from storage.columns import CleanText, Instant, RowId
from storage.tables.base import Row


class PostRow(Row, table=True):
    """A post, known by address from the start and filled in when it is fetched.

    ``given_up`` is kept by triggers: whether the attempts to fetch it are parked.
    """

    __tablename__ = "post"
    __table_args__ = (
        Index("ix_post_origin_first_observed_at", "origin", "first_observed_at"),
        Index("ix_post_origin_fetched_at", "origin", "fetched_at"),
        Index(
            "ix_post_published_latest_at",
            "published_latest_at",
            "published_earliest_at",
            "first_observed_at",
        ),
        Index("ix_post_published_earliest_at", "published_earliest_at", "published_latest_at"),
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    key: str = Field(sa_type=CleanText, unique=True)
    url: str = Field(sa_type=CleanText)
    platform: str = Field(sa_type=CleanText)
    kind: str = Field(default="post", sa_type=CleanText)
    account: str | None = Field(default=None, sa_type=CleanText)
    title: str | None = Field(default=None, sa_type=CleanText)
    text: str | None = Field(default=None, sa_type=CleanText)
    status: str = Field(default="unknown", sa_type=CleanText)
    depth: int = 0
    origin: str | None = Field(default=None, sa_type=CleanText)
    first_observed_at: datetime = Field(sa_type=Instant)
    fetched_at: datetime | None = Field(default=None, sa_type=Instant)
    checked_at: datetime | None = Field(default=None, sa_type=Instant)
    next_check_at: datetime | None = Field(default=None, sa_type=Instant, index=True)
    published_earliest_at: datetime | None = Field(default=None, sa_type=Instant)
    published_latest_at: datetime | None = Field(default=None, sa_type=Instant)
    published_basis: str | None = Field(default=None, sa_type=CleanText)
    edited_at: datetime | None = Field(default=None, sa_type=Instant)
    given_up: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


class SpellingRow(Row, table=True):
    """Another address of the same post."""

    __tablename__ = "post_spelling"
    url: str = Field(primary_key=True, sa_type=CleanText)
    post_id: int = Field(foreign_key="post.id", index=True, sa_type=RowId)


class LinkRow(Row, table=True):
    """A pointer from a post to an address."""

    __tablename__ = "post_link"
    __table_args__ = (UniqueConstraint("post_id", "url", "relation"),)
    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    post_id: int = Field(foreign_key="post.id", sa_type=RowId)
    url: str = Field(sa_type=CleanText, index=True)
    relation: str = Field(sa_type=CleanText)


class MediaRow(Row, table=True):
    """A place where a post's video can be fetched, and the video once it was.

    ``given_up`` is kept by triggers: whether the attempts to fetch it are parked.
    """

    __tablename__ = "post_media"
    __table_args__ = (UniqueConstraint("post_id", "url", "via"),)
    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    post_id: int = Field(foreign_key="post.id", sa_type=RowId)
    url: str = Field(sa_type=CleanText)
    via: str = Field(sa_type=CleanText)
    platform_media_id: str | None = Field(default=None, sa_type=CleanText, index=True)
    video: str | None = Field(
        default=None, foreign_key="video.sha256", index=True, sa_type=CleanText
    )
    given_up: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


class PostClaimRow(Row, table=True):
    """A statement about when a post was published."""

    __tablename__ = "post_claim"
    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    post_id: int = Field(foreign_key="post.id", index=True, sa_type=RowId)
    kind: str = Field(sa_type=CleanText)
    earliest_at: datetime | None = Field(default=None, sa_type=Instant)
    latest_at: datetime | None = Field(default=None, sa_type=Instant)
    forgeable_by: str = Field(sa_type=CleanText)
    source: str = Field(sa_type=CleanText)


class LeadRow(Row, table=True):
    """A post or video that a text attributes to an account without linking it."""

    __tablename__ = "lead"
    __table_args__ = (UniqueConstraint("post_id", "identity"),)
    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    post_id: int = Field(foreign_key="post.id", sa_type=RowId)
    identity: str = Field(sa_type=CleanText)
    text: str = Field(sa_type=CleanText)
    platform: str = Field(sa_type=CleanText)
    account: str = Field(sa_type=CleanText)
    source_url: str = Field(sa_type=CleanText)
    day: str | None = Field(default=None, sa_type=CleanText)


class StatusRow(Row, table=True):
    """One step in the history of a post's visibility, first found ``at``, last at ``last_at``."""

    __tablename__ = "post_status"
    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    post_id: int = Field(foreign_key="post.id", index=True, sa_type=RowId)
    status: str = Field(sa_type=CleanText)
    at: datetime = Field(sa_type=Instant)
    last_at: datetime | None = Field(default=None, sa_type=Instant)


class EditRow(Row, table=True):
    """A text of a post that read otherwise than before."""

    __tablename__ = "post_edit"
    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    post_id: int = Field(foreign_key="post.id", index=True, sa_type=RowId)
    field: str = Field(sa_type=CleanText)
    before: str = Field(sa_type=CleanText)
    after: str = Field(sa_type=CleanText)
    last_seen_at: datetime = Field(sa_type=Instant)
    first_seen_at: datetime = Field(sa_type=Instant)
    edited_at: datetime | None = Field(default=None, sa_type=Instant)


class CaptureRow(Row, table=True):
    """One request and its answer; ``redirects`` and ``tools`` are JSON."""

    __tablename__ = "capture"
    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    post_id: int | None = Field(default=None, foreign_key="post.id", index=True, sa_type=RowId)
    requested_url: str = Field(sa_type=CleanText)
    final_url: str = Field(sa_type=CleanText)
    status_code: int | None = None
    content_type: str | None = Field(default=None, sa_type=CleanText)
    started_at: datetime = Field(sa_type=Instant)
    finished_at: datetime = Field(sa_type=Instant)
    body_sha256: str | None = Field(default=None, sa_type=CleanText, index=True)
    video: str | None = Field(
        default=None, foreign_key="video.sha256", index=True, sa_type=CleanText
    )
    redirects: str = Field(default="[]", sa_type=CleanText)
    tools: str = Field(default="[]", sa_type=CleanText)
