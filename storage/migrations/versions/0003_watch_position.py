"""How far a watch goes back, and how far it has come."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("watch", sa.Column("back_to", sa.BigInteger(), nullable=True))
    op.add_column("watch", sa.Column("cursor", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("watch", "cursor")
    op.drop_column("watch", "back_to")
