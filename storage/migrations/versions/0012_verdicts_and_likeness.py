"""What persons decided about clips and videos, and how alike matched videos are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.columns import RowId

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_SHARES = ("differs", "query_moves", "reference_moves")
_TEXTS = ("clip", "video", "verdict", "judged_by", "why", "algorithm")


def upgrade() -> None:
    op.create_table(
        "verdict",
        sa.Column("id", RowId, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in _TEXTS),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["clip"], ["clip.id"], name=op.f("fk_verdict_clip")),
        sa.ForeignKeyConstraint(["video"], ["video.sha256"], name=op.f("fk_verdict_video")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdict")),
    )
    op.create_index(op.f("ix_verdict_clip"), "verdict", ["clip"], unique=False)
    op.create_index(op.f("ix_verdict_video"), "verdict", ["video"], unique=False)
    op.create_table(
        "likeness",
        sa.Column("algorithm_id", RowId, nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("bits", sa.Float(53), nullable=False),
        sa.Column("levels", sa.Float(53), nullable=True),
        *(sa.Column(name, sa.Float(53), nullable=False) for name in _SHARES),
        sa.ForeignKeyConstraint(
            ["algorithm_id"], ["algorithm.id"], name=op.f("fk_likeness_algorithm_id")
        ),
        sa.ForeignKeyConstraint(["query"], ["video.sha256"], name=op.f("fk_likeness_query")),
        sa.ForeignKeyConstraint(
            ["reference"], ["video.sha256"], name=op.f("fk_likeness_reference")
        ),
        sa.PrimaryKeyConstraint("algorithm_id", "query", "reference", name=op.f("pk_likeness")),
    )
    # Chains are made in a new way: whatever was recorded is looked at once more.
    op.execute("UPDATE video SET evidence_version = evidence_version + 1")


def downgrade() -> None:
    op.drop_table("likeness")
    op.drop_table("verdict")
