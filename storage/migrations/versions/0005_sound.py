"""Sound: the print of each video's, how matches agree in it, and videos that share only it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("fingerprint", sa.Column("sound", sa.LargeBinary(), nullable=True))
    op.add_column("video_match", sa.Column("sound", sa.Text(), nullable=True))
    op.create_table(
        "sound_match",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("algorithm_id", ROW_ID, nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(53), nullable=False),
        sa.Column("segments", sa.Text(), nullable=False),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["algorithm_id"], ["algorithm.id"], name=op.f("fk_sound_match_algorithm_id")
        ),
        sa.ForeignKeyConstraint(["query"], ["video.sha256"], name=op.f("fk_sound_match_query")),
        sa.ForeignKeyConstraint(
            ["reference"], ["video.sha256"], name=op.f("fk_sound_match_reference")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sound_match")),
        sa.UniqueConstraint(
            "algorithm_id",
            "query",
            "reference",
            name=op.f("uq_sound_match_algorithm_id_query_reference"),
        ),
    )
    op.create_index(
        "ix_sound_match_algorithm_id_reference", "sound_match", ["algorithm_id", "reference"]
    )


def downgrade() -> None:
    op.drop_table("sound_match")
    op.drop_column("video_match", "sound")
    op.drop_column("fingerprint", "sound")
