"""Anchors of the ledger and the tokens over them, append-only like the ledger itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.columns import RowId

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

NEWEST = {
    "anchor": "NEW.number <= (SELECT max(number) FROM anchor) "
    "OR EXISTS (SELECT 1 FROM anchor WHERE digest = NEW.digest)",
    "timestamp_token": "NEW.sequence <= (SELECT max(sequence) FROM timestamp_token)",
}
REFUSED = "anchors are append-only"


def upgrade() -> None:
    op.create_table(
        "anchor",
        sa.Column("number", RowId, autoincrement=False, nullable=False),
        sa.Column("first_sequence", RowId, nullable=False),
        sa.Column("last_sequence", RowId, nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("head_hash", "merkle_root", "previous", "at", "digest")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_anchor")),
        sa.UniqueConstraint("digest", name=op.f("uq_anchor_digest")),
    )
    op.create_table(
        "timestamp_token",
        sa.Column("sequence", RowId, autoincrement=False, nullable=False),
        sa.Column("anchor", RowId, nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("kind", "authority", "state", "reason")
        ),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("request", sa.Text(), nullable=True),
        sa.Column("response", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("chain", "ca")),
        sa.Column("gen_at", sa.BigInteger(), nullable=True),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("policy", "nonce", "serial")),
        sa.Column("block_height", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["anchor"], ["anchor.number"], name=op.f("fk_timestamp_token_anchor")
        ),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_timestamp_token")),
    )
    op.create_index(op.f("ix_timestamp_token_anchor"), "timestamp_token", ["anchor"], unique=False)
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _sqlite_triggers() if sqlite else _postgresql_triggers():
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("timestamp_token")
    op.drop_table("anchor")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION anchor_refuse()")


def _sqlite_triggers() -> list[str]:
    return [
        f"CREATE TRIGGER {table}_{name} BEFORE {event} ON {table} {condition} "
        f"BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
        for table, known in NEWEST.items()
        for name, event, condition in (
            ("no_update", "UPDATE", ""),
            ("no_delete", "DELETE", ""),
            # INSERT OR REPLACE deletes a row without asking the trigger above.
            ("no_replace", "INSERT", f"WHEN {known}"),
        )
    ]


def _postgresql_triggers() -> list[str]:
    refuse = (
        "CREATE FUNCTION anchor_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSED}'; END $$"
    )
    return [refuse] + [
        f"CREATE TRIGGER {table}_{name} BEFORE {event} ON {table} "
        f"FOR EACH {each} EXECUTE FUNCTION anchor_refuse()"
        for table in NEWEST
        for name, event, each in (
            ("no_change", "UPDATE OR DELETE", "ROW"),
            ("no_truncate", "TRUNCATE", "STATEMENT"),
        )
    ]
