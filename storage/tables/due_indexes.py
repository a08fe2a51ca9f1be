"""Indexes of what is due: of the rows alone that meet a condition, which queries must spell alike.

Apart from the tables, because SQLAlchemy loads PostgreSQL's part of itself to take such a condition
down, and every command would wait for that. Whoever compares the tables with a database takes
them from here; no query needs these.
"""

from __future__ import annotations

from sqlalchemy import Index, text

from storage.tables import MediaRow, PostRow, Row, VideoRow


def _partial(table: type[Row], name: str, *columns: str, where: str) -> None:
    condition = text(where)
    of_table = Row.metadata.tables[str(table.__tablename__)].columns
    Index(
        name,
        *(of_table[column] for column in columns),
        sqlite_where=condition,
        postgresql_where=condition,
    )


_partial(PostRow, "ix_post_collect_due", "depth", "id", where="fetched_at IS NULL AND NOT given_up")
# ``video`` is nothing in all of them: it stands there so that SQLite prefers this index to the one
# of videos, in which it would pass all media that were given up.
_partial(
    MediaRow, "ix_post_media_capture_due", "video", "id", where="video IS NULL AND NOT given_up"
)
_partial(
    VideoRow,
    "ix_video_credentials_due",
    "first_observed_at",
    "sha256",
    where="kept AND NOT credentials_read",
)
_partial(
    VideoRow,
    "ix_video_record_due",
    "first_observed_at",
    "sha256",
    where="recorded_version < evidence_version",
)

METADATA = Row.metadata
"""All tables with all their indexes."""
