"""What each video's Content Credentials say."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "content_credentials",
        sa.Column("video", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=True)
            for name in ("active_manifest", "title", "issuer", "signer")
        ),
        sa.Column("signed_at", sa.BigInteger(), nullable=True),
        sa.Column("claim_generator", sa.Text(), nullable=True),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("actions", "problems", "reason", "tools")
        ),
        sa.Column("manifest_sha256", sa.Text(), nullable=True),
        sa.Column("read_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["video"], ["video.sha256"], name=op.f("fk_content_credentials_video")
        ),
        sa.PrimaryKeyConstraint("video", name=op.f("pk_content_credentials")),
    )


def downgrade() -> None:
    op.drop_table("content_credentials")
