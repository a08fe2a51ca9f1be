"""The first tables, and the triggers that keep the ledger append-only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

REFUSED = "the ledger is append-only"

SQLITE_TRIGGERS = tuple(
    f"CREATE TRIGGER ledger_entry_{name} BEFORE {event} ON ledger_entry {condition} "
    f"BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
    for name, event, condition in (
        ("no_update", "UPDATE", ""),
        ("no_delete", "DELETE", ""),
        # INSERT OR REPLACE deletes a row without asking the trigger above.
        (
            "no_replace",
            "INSERT",
            (
                "WHEN NEW.sequence <= (SELECT max(sequence) FROM ledger_entry) "
                "OR EXISTS (SELECT 1 FROM ledger_entry WHERE entry_hash = NEW.entry_hash)"
            ),
        ),
    )
)

POSTGRESQL_TRIGGERS = (
    (
        "CREATE FUNCTION ledger_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSED}'; END $$"
    ),
    (
        "CREATE TRIGGER ledger_entry_no_change BEFORE UPDATE OR DELETE ON ledger_entry "
        "FOR EACH ROW EXECUTE FUNCTION ledger_entry_refuse()"
    ),
    (
        "CREATE TRIGGER ledger_entry_no_truncate BEFORE TRUNCATE ON ledger_entry "
        "FOR EACH STATEMENT EXECUTE FUNCTION ledger_entry_refuse()"
    ),
)


def upgrade() -> None:
    op.create_table(
        "algorithm",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("versions", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_algorithm")),
        sa.UniqueConstraint("key", name=op.f("uq_algorithm_key")),
    )
    op.create_table(
        "attempt",
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("parked", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("stage", "item", name=op.f("pk_attempt")),
    )
    op.create_table(
        "ledger_entry",
        sa.Column("sequence", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.Text(), nullable=False),
        sa.Column("entry_hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_ledger_entry")),
        sa.UniqueConstraint("entry_hash", name=op.f("uq_ledger_entry_entry_hash")),
    )
    op.create_index(op.f("ix_ledger_entry_kind"), "ledger_entry", ["kind"], unique=False)
    op.create_table(
        "post",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=True),
        sa.Column("first_observed_at", sa.BigInteger(), nullable=False),
        sa.Column("fetched_at", sa.BigInteger(), nullable=True),
        sa.Column("checked_at", sa.BigInteger(), nullable=True),
        sa.Column("next_check_at", sa.BigInteger(), nullable=True),
        sa.Column("published_earliest_at", sa.BigInteger(), nullable=True),
        sa.Column("published_latest_at", sa.BigInteger(), nullable=True),
        sa.Column("published_basis", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post")),
        sa.UniqueConstraint("key", name=op.f("uq_post_key")),
    )
    op.create_index(op.f("ix_post_fetched_at"), "post", ["fetched_at"], unique=False)
    op.create_index(op.f("ix_post_next_check_at"), "post", ["next_check_at"], unique=False)
    op.create_index(
        "ix_post_origin_first_observed_at", "post", ["origin", "first_observed_at"], unique=False
    )
    op.create_table(
        "video",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size_bytes", ROW_ID, nullable=False),
        sa.Column("kept", sa.Boolean(), nullable=False),
        sa.Column("first_observed_at", sa.BigInteger(), nullable=False),
        sa.Column("container", sa.Text(), nullable=True),
        sa.Column("codec", sa.Text(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("duration_ms", ROW_ID, nullable=False),
        sa.Column("has_audio", sa.Boolean(), nullable=False),
        sa.Column("creation_at", sa.BigInteger(), nullable=True),
        sa.Column("evidence_version", sa.Integer(), nullable=False),
        sa.Column("recorded_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_video")),
    )
    op.create_index(
        op.f("ix_video_first_observed_at"), "video", ["first_observed_at"], unique=False
    )
    op.create_table(
        "watch",
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("interval_s", sa.Integer(), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("budget", sa.Integer(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("last_polled_at", sa.BigInteger(), nullable=True),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("from_config", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("target", name=op.f("pk_watch")),
    )
    op.create_table(
        "capture",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("post_id", ROW_ID, nullable=True),
        sa.Column("requested_url", sa.Text(), nullable=False),
        sa.Column("final_url", sa.Text(), nullable=False),
        sa.Column("status_code", sa.Integer(), nullable=True),
        sa.Column("content_type", sa.Text(), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=False),
        sa.Column("body_sha256", sa.Text(), nullable=True),
        sa.Column("video", sa.Text(), nullable=True),
        sa.Column("redirects", sa.Text(), nullable=False),
        sa.Column("tools", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_capture_post_id")),
        sa.ForeignKeyConstraint(["video"], ["video.sha256"], name=op.f("fk_capture_video")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_capture")),
    )
    op.create_index(op.f("ix_capture_post_id"), "capture", ["post_id"], unique=False)
    op.create_index(op.f("ix_capture_video"), "capture", ["video"], unique=False)
    op.create_table(
        "clip",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("start_ms", ROW_ID, nullable=False),
        sa.Column("end_ms", ROW_ID, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("retired_at", sa.BigInteger(), nullable=True),
        sa.Column("retired_reason", sa.Text(), nullable=True),
        sa.Column("merged_into", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["merged_into"], ["clip.id"], name=op.f("fk_clip_merged_into")),
        sa.ForeignKeyConstraint(["reference"], ["video.sha256"], name=op.f("fk_clip_reference")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clip")),
    )
    op.create_index(op.f("ix_clip_reference"), "clip", ["reference"], unique=False)
    op.create_table(
        "detection",
        sa.Column("video", sa.Text(), nullable=False),
        sa.Column("algorithm_id", ROW_ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["algorithm_id"], ["algorithm.id"], name=op.f("fk_detection_algorithm_id")
        ),
        sa.ForeignKeyConstraint(["video"], ["video.sha256"], name=op.f("fk_detection_video")),
        sa.PrimaryKeyConstraint("video", "algorithm_id", name=op.f("pk_detection")),
    )
    op.create_table(
        "fingerprint",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("video", sa.Text(), nullable=False),
        sa.Column("algorithm_id", ROW_ID, nullable=False),
        sa.Column("hashes", sa.Integer(), nullable=False),
        sa.Column("frames", sa.Integer(), nullable=False),
        sa.Column("duration_ms", ROW_ID, nullable=False),
        sa.Column("codes", sa.LargeBinary(), nullable=False),
        sa.Column("pts_ms", sa.LargeBinary(), nullable=False),
        sa.Column("views", sa.LargeBinary(), nullable=False),
        sa.Column("quality", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["algorithm_id"], ["algorithm.id"], name=op.f("fk_fingerprint_algorithm_id")
        ),
        sa.ForeignKeyConstraint(["video"], ["video.sha256"], name=op.f("fk_fingerprint_video")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fingerprint")),
        sa.UniqueConstraint(
            "algorithm_id", "video", name=op.f("uq_fingerprint_algorithm_id_video")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_fingerprint_video"), "fingerprint", ["video"], unique=False)
    op.create_table(
        "lead",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("post_id", ROW_ID, nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("source_url", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_lead_post_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead")),
        sa.UniqueConstraint("post_id", "identity", name=op.f("uq_lead_post_id_identity")),
    )
    op.create_table(
        "post_claim",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("post_id", ROW_ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("earliest_at", sa.BigInteger(), nullable=True),
        sa.Column("latest_at", sa.BigInteger(), nullable=True),
        sa.Column("forgeable_by", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_post_claim_post_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post_claim")),
    )
    op.create_index(op.f("ix_post_claim_post_id"), "post_claim", ["post_id"], unique=False)
    op.create_table(
        "post_link",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("post_id", ROW_ID, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_post_link_post_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post_link")),
        sa.UniqueConstraint(
            "post_id", "url", "relation", name=op.f("uq_post_link_post_id_url_relation")
        ),
    )
    op.create_index(op.f("ix_post_link_url"), "post_link", ["url"], unique=False)
    op.create_table(
        "post_media",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("post_id", ROW_ID, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("platform_media_id", sa.Text(), nullable=True),
        sa.Column("video", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_post_media_post_id")),
        sa.ForeignKeyConstraint(["video"], ["video.sha256"], name=op.f("fk_post_media_video")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post_media")),
        sa.UniqueConstraint("post_id", "url", "via", name=op.f("uq_post_media_post_id_url_via")),
    )
    op.create_index(
        op.f("ix_post_media_platform_media_id"), "post_media", ["platform_media_id"], unique=False
    )
    op.create_index(op.f("ix_post_media_video"), "post_media", ["video"], unique=False)
    op.create_table(
        "post_spelling",
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("post_id", ROW_ID, nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_post_spelling_post_id")),
        sa.PrimaryKeyConstraint("url", name=op.f("pk_post_spelling")),
    )
    op.create_index(op.f("ix_post_spelling_post_id"), "post_spelling", ["post_id"], unique=False)
    op.create_table(
        "post_status",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("post_id", ROW_ID, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_post_status_post_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post_status")),
    )
    op.create_index(op.f("ix_post_status_post_id"), "post_status", ["post_id"], unique=False)
    op.create_table(
        "video_claim",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("video", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("earliest_at", sa.BigInteger(), nullable=True),
        sa.Column("latest_at", sa.BigInteger(), nullable=True),
        sa.Column("forgeable_by", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["video"], ["video.sha256"], name=op.f("fk_video_claim_video")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_video_claim")),
    )
    op.create_index(op.f("ix_video_claim_video"), "video_claim", ["video"], unique=False)
    op.create_table(
        "video_file",
        sa.Column("video", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["video"], ["video.sha256"], name=op.f("fk_video_file_video")),
        sa.PrimaryKeyConstraint("video", "path", name=op.f("pk_video_file")),
    )
    op.create_table(
        "video_match",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("algorithm_id", ROW_ID, nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(precision=53), nullable=False),
        sa.Column("asserted", sa.Boolean(), nullable=False),
        sa.Column("segments", sa.Text(), nullable=False),
        sa.Column("pairs", sa.Text(), nullable=False),
        sa.Column("transformations", sa.Text(), nullable=False),
        sa.Column("reverse_transformations", sa.Text(), nullable=False),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["algorithm_id"], ["algorithm.id"], name=op.f("fk_video_match_algorithm_id")
        ),
        sa.ForeignKeyConstraint(["query"], ["video.sha256"], name=op.f("fk_video_match_query")),
        sa.ForeignKeyConstraint(
            ["reference"], ["video.sha256"], name=op.f("fk_video_match_reference")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_video_match")),
        sa.UniqueConstraint(
            "algorithm_id",
            "query",
            "reference",
            name=op.f("uq_video_match_algorithm_id_query_reference"),
        ),
    )
    op.create_index(
        "ix_video_match_algorithm_id_reference",
        "video_match",
        ["algorithm_id", "reference"],
        unique=False,
    )
    op.create_table(
        "chain_revision",
        sa.Column("clip", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["clip"], ["clip.id"], name=op.f("fk_chain_revision_clip")),
        sa.PrimaryKeyConstraint("clip", "revision", name=op.f("pk_chain_revision")),
    )
    op.create_table(
        "clip_member",
        sa.Column("clip", sa.Text(), nullable=False),
        sa.Column("video", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["clip"], ["clip.id"], name=op.f("fk_clip_member_clip")),
        sa.ForeignKeyConstraint(["video"], ["video.sha256"], name=op.f("fk_clip_member_video")),
        sa.PrimaryKeyConstraint("clip", "video", name=op.f("pk_clip_member")),
    )
    op.create_index(op.f("ix_clip_member_video"), "clip_member", ["video"], unique=False)
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in SQLITE_TRIGGERS if sqlite else POSTGRESQL_TRIGGERS:
        op.execute(statement)


def downgrade() -> None:
    op.drop_index(op.f("ix_clip_member_video"), table_name="clip_member")
    op.drop_table("clip_member")
    op.drop_table("chain_revision")
    op.drop_index("ix_video_match_algorithm_id_reference", table_name="video_match")
    op.drop_table("video_match")
    op.drop_table("video_file")
    op.drop_index(op.f("ix_video_claim_video"), table_name="video_claim")
    op.drop_table("video_claim")
    op.drop_index(op.f("ix_post_status_post_id"), table_name="post_status")
    op.drop_table("post_status")
    op.drop_index(op.f("ix_post_spelling_post_id"), table_name="post_spelling")
    op.drop_table("post_spelling")
    op.drop_index(op.f("ix_post_media_video"), table_name="post_media")
    op.drop_index(op.f("ix_post_media_platform_media_id"), table_name="post_media")
    op.drop_table("post_media")
    op.drop_index(op.f("ix_post_link_url"), table_name="post_link")
    op.drop_table("post_link")
    op.drop_index(op.f("ix_post_claim_post_id"), table_name="post_claim")
    op.drop_table("post_claim")
    op.drop_table("lead")
    op.drop_index(op.f("ix_fingerprint_video"), table_name="fingerprint")
    op.drop_table("fingerprint")
    op.drop_table("detection")
    op.drop_index(op.f("ix_clip_reference"), table_name="clip")
    op.drop_table("clip")
    op.drop_index(op.f("ix_capture_video"), table_name="capture")
    op.drop_index(op.f("ix_capture_post_id"), table_name="capture")
    op.drop_table("capture")
    op.drop_table("watch")
    op.drop_index(op.f("ix_video_first_observed_at"), table_name="video")
    op.drop_table("video")
    op.drop_index("ix_post_origin_first_observed_at", table_name="post")
    op.drop_index(op.f("ix_post_next_check_at"), table_name="post")
    op.drop_index(op.f("ix_post_fetched_at"), table_name="post")
    op.drop_table("post")
    op.drop_index(op.f("ix_ledger_entry_kind"), table_name="ledger_entry")
    op.drop_table("ledger_entry")
    op.drop_table("attempt")
    op.drop_table("algorithm")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION ledger_entry_refuse()")
