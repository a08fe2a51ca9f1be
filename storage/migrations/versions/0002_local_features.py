"""Local features of a fingerprint; fingerprints of former algorithms have none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("fingerprint", sa.Column("features", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("fingerprint", "features")
