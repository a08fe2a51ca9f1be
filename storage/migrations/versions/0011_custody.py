"""Checks of kept files, legal holds and deletions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.columns import RowId

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fixity_check",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("kind", "name", "part")),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("size_bytes", RowId, nullable=False),
        sa.Column("checked_at", sa.BigInteger(), nullable=False),
        sa.Column("since_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "name", "part", name=op.f("pk_fixity_check")),
    )
    op.create_index(op.f("ix_fixity_check_checked_at"), "fixity_check", ["checked_at"])
    op.create_index(op.f("ix_fixity_check_result"), "fixity_check", ["result"])
    op.create_table(
        "legal_hold",
        sa.Column("id", RowId, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("kind", "subject")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("added_by", "why")),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("removed_by", "removed_why")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_hold")),
    )
    op.create_table(
        "deletion",
        sa.Column("id", RowId, nullable=False),
        sa.Column("video", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("rule", "decided_by", "why")),
        sa.Column("size_bytes", RowId, nullable=False),
        sa.Column("with_keyframes", sa.Boolean(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.Column("remade_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["video"], ["video.sha256"], name=op.f("fk_deletion_video")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deletion")),
    )
    op.create_index(op.f("ix_deletion_video"), "deletion", ["video"])


def downgrade() -> None:
    op.drop_table("deletion")
    op.drop_table("legal_hold")
    op.drop_table("fixity_check")
