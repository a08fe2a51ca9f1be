"""Which of two possible sources a video takes after."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.columns import RowId

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_VIDEOS = ("video", "one", "other")


def upgrade() -> None:
    op.create_table(
        "leaning",
        sa.Column("algorithm_id", RowId, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in _VIDEOS),
        sa.Column("leaning", sa.Float(53), nullable=True),
        sa.ForeignKeyConstraint(
            ["algorithm_id"], ["algorithm.id"], name=op.f("fk_leaning_algorithm_id")
        ),
        *(
            sa.ForeignKeyConstraint([name], ["video.sha256"], name=op.f(f"fk_leaning_{name}"))
            for name in _VIDEOS
        ),
        sa.PrimaryKeyConstraint("algorithm_id", *_VIDEOS, name=op.f("pk_leaning")),
    )
    op.create_index(op.f("ix_leaning_video"), "leaning", ["video"], unique=False)
    # Sources are told in a new way: whatever was recorded is looked at once more.
    op.execute("UPDATE video SET evidence_version = evidence_version + 1")


def downgrade() -> None:
    op.drop_table("leaning")
