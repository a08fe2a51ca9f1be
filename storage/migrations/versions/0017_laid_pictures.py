"""How far matched pictures agree, and if the moment is told; who matches is compared anew."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

COMPARED_AGAIN = """
DELETE FROM detection WHERE video IN (
    SELECT query FROM video_match WHERE asserted
    UNION SELECT reference FROM video_match WHERE asserted
)
"""


def upgrade() -> None:
    op.add_column("video_match", sa.Column("laid", sa.Text(), nullable=True))
    op.add_column(
        "video_match",
        sa.Column("moment_told", sa.Boolean(), nullable=False, server_default=sa.true()),
    )
    op.execute(sa.text(COMPARED_AGAIN))


def downgrade() -> None:
    op.drop_column("video_match", "moment_told")
    op.drop_column("video_match", "laid")
