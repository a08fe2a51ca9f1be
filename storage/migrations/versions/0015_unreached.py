"""Tries that reached nobody are counted by themselves: an outage gives nothing up."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "attempt", sa.Column("unreached", sa.Integer(), nullable=False, server_default="0")
    )


def downgrade() -> None:
    op.drop_column("attempt", "unreached")
