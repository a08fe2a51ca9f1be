"""Everything is compared again: more copies of still shots are found, and more is said of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(sa.text("DELETE FROM detection"))


def downgrade() -> None:
    """Nothing to undo: who was compared is found out again."""
