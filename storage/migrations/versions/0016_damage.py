"""What of a video's file does not decode, where that is so."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

COLUMNS = ("broken_packets", "stated_duration_ms")


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column("video", sa.Column(name, sa.BigInteger(), nullable=True))


def downgrade() -> None:
    for name in COLUMNS:
        op.drop_column("video", name)
