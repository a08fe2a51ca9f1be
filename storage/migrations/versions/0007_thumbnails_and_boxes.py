"""Thumbnails of a fingerprint and what part of the frame each hash describes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("fingerprint", sa.Column("thumbnails", sa.LargeBinary(), nullable=True))
    op.add_column("fingerprint", sa.Column("boxes", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("fingerprint", "boxes")
    op.drop_column("fingerprint", "thumbnails")
