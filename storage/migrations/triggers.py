"""Triggers as the migrations write them down, spelled for SQLite and for PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from alembic import op

COUNT = (
    "INSERT INTO tally (name, part, n) VALUES ({name}, {part}, {by}) "
    "ON CONFLICT (name, part) DO UPDATE SET n = tally.n + {by}"
)


class Trigger(NamedTuple):
    """What happens after each row of an event; ``when`` is empty where it always happens."""

    name: str
    event: str
    table: str
    when: str
    statements: Sequence[str]


def count(name: str, by: str, part: str = "''") -> str:
    """Return the statement that adds ``by`` to a tally; all three are expressions of SQL."""
    return COUNT.format(name=name, part=part, by=by)


def create(trigger: Trigger) -> None:
    """Make the trigger in the database that is being migrated."""
    body = "; ".join(trigger.statements)
    when = f"WHEN ({trigger.when})" if trigger.when else ""
    head = f"CREATE TRIGGER {trigger.name} AFTER {trigger.event} ON {trigger.table} FOR EACH ROW"
    if _is_sqlite():
        op.execute(f"{head} {when} BEGIN {body}; END")
        return
    op.execute(
        f"CREATE FUNCTION {trigger.name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {body}; RETURN NULL; END $$"
    )
    op.execute(f"{head} {when} EXECUTE FUNCTION {trigger.name}()")


def drop(trigger: Trigger) -> None:
    """Remove the trigger, and on PostgreSQL its function."""
    if _is_sqlite():
        op.execute(f"DROP TRIGGER {trigger.name}")
        return
    op.execute(f"DROP TRIGGER {trigger.name} ON {trigger.table}")
    op.execute(f"DROP FUNCTION {trigger.name}()")


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
