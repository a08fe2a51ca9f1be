"""How likely a match shows one moment is kept with it; who matches is compared anew."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

COMPARED_AGAIN = """
DELETE FROM detection WHERE video IN (
    SELECT query FROM video_match WHERE asserted
    UNION SELECT reference FROM video_match WHERE asserted
)
"""


def upgrade() -> None:
    op.add_column("video_match", sa.Column("moment_odds", sa.Float(53), nullable=True))
    op.execute(sa.text(COMPARED_AGAIN))


def downgrade() -> None:
    op.drop_column("video_match", "moment_odds")
