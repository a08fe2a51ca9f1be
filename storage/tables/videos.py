"""Videos: files, claims, credentials, what is checked, held and deleted of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Index,
    false,
)
from sqlmodel import Field

from storage.columns import CleanText, Instant, RowId
from storage.tables.base import Row


class VideoRow(Row, table=True):
    """A media file; ``container`` and what follows is empty until it was examined.

    ``broken_packets`` and ``stated_duration_ms`` are empty where all of it decodes.

    ``credentials_read`` and the numbers of the algorithms that fingerprinted it and compared it
    last are kept by triggers: what is left to do is found by them without reading every row.
    """

    __tablename__ = "video"
    __table_args__ = (
        Index("ix_video_fingerprinted_by", "kept", "fingerprinted_by"),
        Index("ix_video_detected_by", "detected_by"),
        Index("ix_video_kept_first_observed_at", "kept", "first_observed_at", "sha256"),
    )
    sha256: str = Field(primary_key=True, sa_type=CleanText)
    size_bytes: int = Field(sa_type=RowId)
    kept: bool
    first_observed_at: datetime = Field(sa_type=Instant, index=True)
    container: str | None = Field(default=None, sa_type=CleanText)
    codec: str = Field(default="", sa_type=CleanText)
    width: int = 0
    height: int = 0
    duration_ms: int = Field(default=0, sa_type=RowId)
    has_audio: bool = False
    creation_at: datetime | None = Field(default=None, sa_type=Instant)
    broken_packets: int | None = Field(default=None, sa_type=BigInteger)
    stated_duration_ms: int | None = Field(default=None, sa_type=BigInteger)
    evidence_version: int = 1
    recorded_version: int = 0
    credentials_read: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    fingerprinted_by: int | None = Field(default=None, sa_type=RowId)
    detected_by: int | None = Field(default=None, sa_type=RowId)


class VideoFileRow(Row, table=True):
    """A path from which an operator took a video in."""

    __tablename__ = "video_file"
    video: str = Field(primary_key=True, foreign_key="video.sha256", sa_type=CleanText)
    path: str = Field(primary_key=True, sa_type=CleanText)


class VideoClaimRow(Row, table=True):
    """A statement about when a file was made, sent or seen, apart from any post."""

    __tablename__ = "video_claim"
    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    video: str = Field(foreign_key="video.sha256", index=True, sa_type=CleanText)
    kind: str = Field(sa_type=CleanText)
    earliest_at: datetime | None = Field(default=None, sa_type=Instant)
    latest_at: datetime | None = Field(default=None, sa_type=Instant)
    forgeable_by: str = Field(sa_type=CleanText)
    source: str = Field(sa_type=CleanText)


class CredentialsRow(Row, table=True):
    """What a video's Content Credentials say; ``actions``, ``problems``, ``tools`` are JSON.

    ``manifest_sha256`` names the manifest store in the media store.
    """

    __tablename__ = "content_credentials"
    video: str = Field(primary_key=True, foreign_key="video.sha256", sa_type=CleanText)
    state: str = Field(sa_type=CleanText)
    active_manifest: str | None = Field(default=None, sa_type=CleanText)
    title: str | None = Field(default=None, sa_type=CleanText)
    issuer: str | None = Field(default=None, sa_type=CleanText)
    signer: str | None = Field(default=None, sa_type=CleanText)
    signed_at: datetime | None = Field(default=None, sa_type=Instant)
    claim_generator: str | None = Field(default=None, sa_type=CleanText)
    actions: str = Field(default="[]", sa_type=CleanText)
    problems: str = Field(default="[]", sa_type=CleanText)
    reason: str = Field(default="", sa_type=CleanText)
    tools: str = Field(default="[]", sa_type=CleanText)
    manifest_sha256: str | None = Field(default=None, sa_type=CleanText, index=True)
    read_at: datetime = Field(sa_type=Instant)


class FixityRow(Row, table=True):
    """What the last check of a kept file found, and since when checks find the same.

    Triggers add a line for every file as it is kept, and take it away with the file. Before the
    first check ``result`` is empty and the times are those of 1970.
    """

    __tablename__ = "fixity_check"
    kind: str = Field(primary_key=True, sa_type=CleanText)
    name: str = Field(primary_key=True, sa_type=CleanText)
    part: str = Field(primary_key=True, sa_type=CleanText)
    result: str = Field(sa_type=CleanText, index=True)
    reason: str = Field(sa_type=CleanText)
    size_bytes: int = Field(sa_type=RowId)
    checked_at: datetime = Field(sa_type=Instant, index=True)
    since_at: datetime = Field(sa_type=Instant)


class HoldRow(Row, table=True):
    """An order that nothing of a clip, video or post may be deleted."""

    __tablename__ = "legal_hold"
    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    kind: str = Field(sa_type=CleanText)
    subject: str = Field(sa_type=CleanText)
    added_by: str = Field(sa_type=CleanText)
    why: str = Field(sa_type=CleanText)
    added_at: datetime = Field(sa_type=Instant)
    removed_at: datetime | None = Field(default=None, sa_type=Instant)
    removed_by: str | None = Field(default=None, sa_type=CleanText)
    removed_why: str | None = Field(default=None, sa_type=CleanText)


class DeletionRow(Row, table=True):
    """The decision to delete an original: first decided and recorded, then carried out."""

    __tablename__ = "deletion"
    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    video: str = Field(foreign_key="video.sha256", index=True, sa_type=CleanText)
    rule: str = Field(sa_type=CleanText)
    decided_by: str = Field(sa_type=CleanText)
    why: str = Field(sa_type=CleanText)
    size_bytes: int = Field(sa_type=RowId)
    with_keyframes: bool
    decided_at: datetime = Field(sa_type=Instant)
    removed_at: datetime | None = Field(default=None, sa_type=Instant, index=True)
    remade_at: datetime | None = Field(default=None, sa_type=Instant)
