"""The tables. They never leave ``storage``: rows do not validate, values do (see ``rows``).

Every change here needs a migration; a test compares the two.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Float,
    Index,
    LargeBinary,
    MetaData,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from storage.columns import CleanText, Instant, RowId

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Row(SQLModel, registry=registry(metadata=MetaData(naming_convention=NAMING))):
    """The root of all tables, apart from any other SQLModel in the process."""


def _partial(name: str, *columns: str, where: str) -> Index:
    """Return an index of the rows that meet a condition, which queries must spell alike."""
    condition = text(where)
    return Index(name, *columns, sqlite_where=condition, postgresql_where=condition)


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
        _partial("ix_post_collect_due", "depth", "id", where="fetched_at IS NULL AND NOT given_up"),
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
    __table_args__ = (
        UniqueConstraint("post_id", "url", "via"),
        _partial("ix_post_media_capture_due", "id", where="video IS NULL AND NOT given_up"),
    )
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


class VideoRow(Row, table=True):
    """A media file; ``container`` and what follows is empty until it was examined.

    ``credentials_read`` and the numbers of the algorithms that fingerprinted it and compared it
    last are kept by triggers: what is left to do is found by them without reading every row.
    """

    __tablename__ = "video"
    __table_args__ = (
        _partial(
            "ix_video_credentials_due",
            "first_observed_at",
            "sha256",
            where="kept AND NOT credentials_read",
        ),
        _partial(
            "ix_video_record_due",
            "first_observed_at",
            "sha256",
            where="recorded_version < evidence_version",
        ),
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
    way round. ``segments``, ``pairs`` and both lists of transformations are JSON.
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


class AttemptRow(Row, table=True):
    """Failed tries of one stage on one item, gone as soon as it succeeds."""

    __tablename__ = "attempt"
    __table_args__ = (Index("ix_attempt_parked_next_at", "parked", "next_at", "stage", "item"),)
    stage: str = Field(primary_key=True, sa_type=CleanText)
    item: str = Field(primary_key=True, sa_type=CleanText, index=True)
    tries: int
    error: str = Field(sa_type=CleanText)
    last_at: datetime = Field(sa_type=Instant)
    next_at: datetime = Field(sa_type=Instant)
    parked: bool
    unreached: int = Field(default=0, sa_column_kwargs={"server_default": "0"})


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
