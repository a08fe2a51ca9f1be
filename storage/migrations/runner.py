"""Runs the migration scripts; loaded only when there is something to migrate."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection

from tracker.errors import DatabaseError


def migration_config() -> Config:
    """Return Alembic's settings; the scripts are found in the installed package."""
    config = Config()
    config.set_main_option("script_location", "storage:migrations")
    config.set_main_option("path_separator", "os")
    return config


def upgrade(connection: Connection) -> None:
    """Bring the schema behind ``connection`` to the newest revision, in its transaction.

    Raises ``DatabaseError`` where Alembic cannot; what the database itself refuses is mapped by
    the caller, as everywhere.
    """
    config = migration_config()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as exc:
        raise DatabaseError(f"the database cannot be upgraded: {exc}") from exc
