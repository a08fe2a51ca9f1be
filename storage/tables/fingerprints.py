"""Fingerprints and what comparing them found."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    Float,
    Index,
    LargeBinary,
    UniqueConstraint,
    true,
)
from sqlmodel import Field

from storage.columns import CleanText, Instant, RowId
from storage.tables.base import Row


class AlgorithmRow(Row, table=True):
    """An exact way of making fingerprints; ``parameters`` and ``versions`` are JSON lists."""

    __tablename__ = "algorithm"
    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    key: str = Field(sa_type=CleanText, unique=True)
    name: str | None = Field(default=None, sa_type=CleanText)
    parameters: str = Field(default="[]", sa_type=CleanText)
    versions: str = Field(default="[]", sa_type=CleanText)


class FingerprintRow(Row, table=True):
    """Arrays as bytes: codes and views and quality uint8, ``pts_ms`` little-endian int32.

    ``features`` is what :mod:`storage.feature_bytes` packs, ``sound`` what
    :mod:`storage.sound_bytes` packs, ``thumbnails`` what :mod:`storage.thumbnail_bytes` packs;
    null where there are none. ``boxes`` uint8, four a hash, null where they are not known.

    Row ids only grow and are never given twice: they are the checkpoint of the search index.
    ``keyframes_entry`` is the ledger's entry that records the keyframes.
    """

    __tablename__ = "fingerprint"
    __table_args__ = (UniqueConstraint("algorithm_id", "video"), {"sqlite_autoincrement": True})
    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    video: str = Field(foreign_key="video.sha256", index=True, sa_type=CleanText)
    algorithm_id: int = Field(foreign_key="algorithm.id", sa_type=RowId)
    hashes: int
    frames: int
    duration_ms: int = Field(sa_type=RowId)
    codes: bytes = Field(sa_type=LargeBinary)
    pts_ms: bytes = Field(sa_type=LargeBinary)
    views: bytes = Field(sa_type=LargeBinary)
    quality: bytes = Field(sa_type=LargeBinary)
    features: bytes | None = Field(default=None, sa_type=LargeBinary)
    thumbnails: bytes | None = Field(default=None, sa_type=LargeBinary)
    boxes: bytes | None = Field(default=None, sa_type=LargeBinary)
    sound: bytes | None = Field(default=None, sa_type=LargeBinary)
    made_at: datetime = Field(sa_type=Instant)
    keyframes_entry: int | None = Field(default=None, sa_type=RowId)


class DetectionRow(Row, table=True):
    """Says that a video was compared with everything stored before it."""

    __tablename__ = "detection"
    video: str = Field(primary_key=True, foreign_key="video.sha256", sa_type=CleanText)
    algorithm_id: int = Field(primary_key=True, foreign_key="algorithm.id", sa_type=RowId)
    at: datetime = Field(sa_type=Instant)


class MatchRow(Row, table=True):
    """What an unordered pair has in common; ``query`` is the lexicographically smaller id.

    ``transformations`` describe the query as a copy of the reference, the reverse ones the other
    way round. ``segments``, ``pairs``, both lists of transformations, ``laid`` and ``instants`` are
    JSON.
    """

    __tablename__ = "video_match"
    __table_args__ = (
        UniqueConstraint("algorithm_id", "query", "reference"),
        Index("ix_video_match_algorithm_id_reference", "algorithm_id", "reference"),
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    algorithm_id: int = Field(foreign_key="algorithm.id", sa_type=RowId)
    query: str = Field(foreign_key="video.sha256", sa_type=CleanText)
    reference: str = Field(foreign_key="video.sha256", sa_type=CleanText)
    score: float = Field(sa_type=Float(53))
    asserted: bool
    segments: str = Field(sa_type=CleanText)
    pairs: str = Field(default="[]", sa_type=CleanText)
    transformations: str = Field(default="[]", sa_type=CleanText)
    reverse_transformations: str = Field(default="[]", sa_type=CleanText)
    sound: str | None = Field(default=None, sa_type=CleanText)
    laid: str | None = Field(default=None, sa_type=CleanText)
    moment_told: bool = Field(default=True, sa_column_kwargs={"server_default": true()})
    moment_odds: float | None = Field(default=None, sa_type=Float(53))
    instants: str | None = Field(default=None, sa_type=CleanText)
    found_at: datetime = Field(sa_type=Instant)


class LikenessRow(Row, table=True):
    """How alike two matched videos are; ``query`` is the lexicographically smaller id.

    Worked out from their fingerprints and kept because chains ask again and again.
    """

    __tablename__ = "likeness"
    algorithm_id: int = Field(primary_key=True, foreign_key="algorithm.id", sa_type=RowId)
    query: str = Field(primary_key=True, foreign_key="video.sha256", sa_type=CleanText)
    reference: str = Field(primary_key=True, foreign_key="video.sha256", sa_type=CleanText)
    bits: float = Field(sa_type=Float(53))
    levels: float | None = Field(default=None, sa_type=Float(53))
    differs: float = Field(sa_type=Float(53))
    query_moves: float = Field(sa_type=Float(53))
    reference_moves: float = Field(sa_type=Float(53))


class LeaningRow(Row, table=True):
    """Which of two possible sources a video takes after; ``one`` is the smaller id of the two.

    Worked out from originals, which are decoded for it once. ``leaning`` is positive where it takes
    after ``one``, null where the pictures tell nothing.
    """

    __tablename__ = "leaning"
    algorithm_id: int = Field(primary_key=True, foreign_key="algorithm.id", sa_type=RowId)
    video: str = Field(primary_key=True, foreign_key="video.sha256", sa_type=CleanText, index=True)
    one: str = Field(primary_key=True, foreign_key="video.sha256", sa_type=CleanText)
    other: str = Field(primary_key=True, foreign_key="video.sha256", sa_type=CleanText)
    leaning: float | None = Field(default=None, sa_type=Float(53))


class SoundMatchRow(Row, table=True):
    """The same sound in an unordered pair; ``query`` is the lexicographically smaller id.

    Nothing is said about the picture, and no clip is made of these. ``segments`` is JSON.
    """

    __tablename__ = "sound_match"
    __table_args__ = (
        UniqueConstraint("algorithm_id", "query", "reference"),
        Index("ix_sound_match_algorithm_id_reference", "algorithm_id", "reference"),
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    algorithm_id: int = Field(foreign_key="algorithm.id", sa_type=RowId)
    query: str = Field(foreign_key="video.sha256", sa_type=CleanText)
    reference: str = Field(foreign_key="video.sha256", sa_type=CleanText)
    score: float = Field(sa_type=Float(53))
    segments: str = Field(sa_type=CleanText)
    found_at: datetime = Field(sa_type=Instant)
