"""Reads of billed interfaces by month, and the numbers behind account names."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_reads",
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("reads", sa.BigInteger(), nullable=False),
        sa.Column("read_limit", sa.BigInteger(), nullable=False),
        sa.Column("stopped_because", sa.Text(), nullable=True),
        sa.Column("stopped_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("platform", "month", name=op.f("pk_api_reads")),
    )
    op.create_table(
        "api_account",
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "handle", name=op.f("pk_api_account")),
    )


def downgrade() -> None:
    op.drop_table("api_account")
    op.drop_table("api_reads")
