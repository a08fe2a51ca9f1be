"""Which process leads, and what its jobs are doing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_INSTANTS = ("started_at", "ended_at", "progressed_at", "item_started_at", "overran_at")


def upgrade() -> None:
    op.create_table(
        "daemon",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("role", "holder", "host")),
        sa.Column("pid", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.Text(), nullable=True),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("since_at", "renewed_at", "lease_ms", "beats")
        ),
        sa.PrimaryKeyConstraint("role", name=op.f("pk_daemon")),
    )
    op.create_table(
        "job",
        sa.Column("name", sa.Text(), nullable=False),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("limit_ms", "done", "overruns")
        ),
        *(sa.Column(name, sa.BigInteger(), nullable=True) for name in _INSTANTS),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("item", "error", "overran_item")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_job")),
    )


def downgrade() -> None:
    op.drop_table("job")
    op.drop_table("daemon")
