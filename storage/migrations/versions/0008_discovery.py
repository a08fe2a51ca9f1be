"""Searches for earlier uploads of clips."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.columns import RowId

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_COUNTS = ("hits", "earlier", "without_preview", "compared", "likely", "fetched")


def upgrade() -> None:
    op.create_table(
        "discovery",
        sa.Column("id", RowId, nullable=False),
        sa.Column("clip", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("until_at", sa.BigInteger(), nullable=False),
        sa.Column("searched_at", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _COUNTS),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["clip"], ["clip.id"], name=op.f("fk_discovery_clip")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discovery")),
    )
    op.create_index(op.f("ix_discovery_clip"), "discovery", ["clip"], unique=False)
    op.create_index(op.f("ix_discovery_searched_at"), "discovery", ["searched_at"], unique=False)


def downgrade() -> None:
    op.drop_table("discovery")
