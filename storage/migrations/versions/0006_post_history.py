"""When each status was last found, and what read otherwise than before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.columns import RowId

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("post", sa.Column("edited_at", sa.BigInteger(), nullable=True))
    op.add_column("post_status", sa.Column("last_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "post_edit",
        sa.Column("id", RowId, nullable=False),
        sa.Column("post_id", RowId, nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("first_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("edited_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_post_edit_post_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post_edit")),
    )
    op.create_index(op.f("ix_post_edit_post_id"), "post_edit", ["post_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_post_edit_post_id"), table_name="post_edit")
    op.drop_table("post_edit")
    op.drop_column("post_status", "last_at")
    op.drop_column("post", "edited_at")
