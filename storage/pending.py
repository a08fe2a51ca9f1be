"""What is left to do, as queries: there is no queue that a crash could lose.

Each ``…_query`` lists the items of one stage, oldest first. ``ready`` leaves out those whose
next try is later; ``unparked`` those that are given up.

None of them reads the archive: marks on the videos, which triggers keep, lead to the few rows that
may be due, and what decides is asked of those alone. A test holds every query to it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    String,
    TextClause,
    cast,
    exists,
    func,
    select,
    text,
    union_all,
)
from sqlmodel import col

from storage.tables import (
    AlgorithmRow,
    AttemptRow,
    CredentialsRow,
    DeletionRow,
    DetectionRow,
    FingerprintRow,
    MediaRow,
    PostRow,
    VideoRow,
)

COLLECT = "collect"
CAPTURE = "capture"
CREDENTIALS = "credentials"
FINGERPRINT = "fingerprint"
DETECT = "detect"
RECORD = "record"


def ready(stage: str, item: SQLColumnExpression[str], now: datetime) -> ColumnElement[bool]:
    """Return the condition that ``item`` is neither parked nor held back until later."""
    return ~exists().where(_is(stage, item), late(now))


def late(now: datetime) -> ColumnElement[bool]:
    """Return the condition that a row of failed tries is parked, or its next try lies ahead.

    What failed tomorrow waits for nothing: the clock was set back since, and it would wait for as
    long as that too much.
    """
    ahead = (col(AttemptRow.next_at) > now) & (col(AttemptRow.last_at) <= now)
    return col(AttemptRow.parked) | ahead


def unparked(stage: str, item: SQLColumnExpression[str]) -> ColumnElement[bool]:
    """Return the condition that ``item`` is not given up."""
    return ~exists().where(_is(stage, item), col(AttemptRow.parked))


def media_item() -> ColumnElement[str]:
    """Return the name by which attempts know a media reference: its id as text."""
    return cast(col(MediaRow.id), String)


def posts_due() -> TextClause:
    """Return the condition that a post was neither fetched nor given up, as the index spells it."""
    return text("post.fetched_at IS NULL AND NOT post.given_up")


def posts_query() -> Select[PostRow]:
    """Posts that were discovered and not yet fetched, those nearest to a watch first.

    That is those from which the most links are still to be followed.
    """
    return select(PostRow).where(posts_due()).order_by(col(PostRow.depth).desc(), col(PostRow.id))


def media_query() -> Select[MediaRow, str]:
    """Media references whose video is not held, with the key of their post."""
    return (
        select(MediaRow, col(PostRow.key))
        .join(PostRow, col(PostRow.id) == col(MediaRow.post_id))
        .where(text("post_media.video IS NULL AND NOT post_media.given_up"))
        .order_by(col(MediaRow.id))
    )


def credentials_query() -> Select[str]:
    """Kept videos whose Content Credentials were not looked for."""
    done = exists().where(col(CredentialsRow.video) == col(VideoRow.sha256))
    return (
        select(col(VideoRow.sha256))
        .where(text("video.kept AND NOT video.credentials_read"), ~done)
        .order_by(col(VideoRow.first_observed_at), col(VideoRow.sha256))
    )


def fingerprints_query(algorithm_key: str) -> Select[str]:
    """Kept videos without a fingerprint of the algorithm, or whose keyframes were deleted.

    Without its original a video can never get one: it is told of in the status instead.
    """
    done = exists().where(
        col(FingerprintRow.video) == col(VideoRow.sha256),
        col(FingerprintRow.algorithm_id) == algorithm_id(algorithm_key),
    )
    without_keyframes = exists().where(
        col(DeletionRow.video) == col(VideoRow.sha256),
        col(DeletionRow.with_keyframes),
        col(DeletionRow.remade_at).is_(None),
    )
    return (
        select(col(VideoRow.sha256))
        .where(
            marked_otherwise(
                col(VideoRow.sha256), VideoRow.fingerprinted_by, algorithm_key, col(VideoRow.kept)
            ),
            ~done | without_keyframes,
        )
        .order_by(col(VideoRow.first_observed_at), col(VideoRow.sha256))
    )


def detections_query(algorithm_key: str) -> Select[str]:
    """Videos with a fingerprint of the algorithm that were not yet compared."""
    done = exists().where(
        col(DetectionRow.video) == col(FingerprintRow.video),
        col(DetectionRow.algorithm_id) == col(FingerprintRow.algorithm_id),
    )
    return (
        select(col(FingerprintRow.video))
        .where(
            marked_otherwise(col(FingerprintRow.video), VideoRow.detected_by, algorithm_key),
            col(FingerprintRow.algorithm_id) == algorithm_id(algorithm_key),
            ~done,
        )
        .order_by(col(FingerprintRow.id))
    )


def records_query(algorithm_key: str) -> Select[str]:
    """Videos compared under the algorithm that have evidence no chain has taken up yet.

    One that only a former algorithm compared waits: its chains would lose what that one found.
    """
    detected = exists().where(
        col(DetectionRow.video) == col(VideoRow.sha256),
        col(DetectionRow.algorithm_id) == algorithm_id(algorithm_key),
    )
    return (
        select(col(VideoRow.sha256))
        .where(text("video.recorded_version < video.evidence_version"), detected)
        .order_by(col(VideoRow.first_observed_at), col(VideoRow.sha256))
    )


def marked_otherwise(
    video: SQLColumnExpression[str], mark: Any, algorithm_key: str, *also: SQLColumnExpression[bool]
) -> ColumnElement[bool]:
    """Return the condition that a video's mark is not the algorithm's, and what else is asked.

    Spelled as three stretches of the mark's index, which leaves the database no other way. An
    algorithm that it does not know is nobody's mark.
    """
    present = func.coalesce(algorithm_id(algorithm_key), 0)
    marked = select(col(VideoRow.sha256)).where(*also)
    stretches = (col(mark).is_(None), col(mark) < present, col(mark) > present)
    return video.in_(union_all(*(marked.where(stretch) for stretch in stretches)))


def algorithm_id(algorithm_key: str) -> Any:
    """Return the subquery for the algorithm's row id (no row equals it when it is unknown)."""
    return (
        select(col(AlgorithmRow.id)).where(col(AlgorithmRow.key) == algorithm_key).scalar_subquery()
    )


def _is(stage: str, item: SQLColumnExpression[str]) -> ColumnElement[bool]:
    return (col(AttemptRow.stage) == stage) & (col(AttemptRow.item) == item)
