"""What originals say of a match is kept with it; everything is compared again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("video_match", sa.Column("instants", sa.Text(), nullable=True))
    # Candidates are kept nowhere, and some of them are matches by what their originals show.
    op.execute(sa.text("DELETE FROM detection"))


def downgrade() -> None:
    op.drop_column("video_match", "instants")
