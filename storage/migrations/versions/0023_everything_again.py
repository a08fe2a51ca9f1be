"""Everything is compared again, and chains are made once more: sources are told in new ways."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Pictures that could not be laid over each other may be by what the originals show.
    op.execute(sa.text("DELETE FROM detection"))
    # Of several posts of one file another one is named.
    op.execute(sa.text("UPDATE video SET evidence_version = evidence_version + 1"))


def downgrade() -> None:
    """Nothing to undo: chains are made from what is there."""
