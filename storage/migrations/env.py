"""Runs the migrations on the connection that ``Database.migrate`` holds the write lock on."""

from __future__ import annotations

from alembic import context

from storage.tables.due_indexes import METADATA

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=METADATA,
    render_as_batch=connection.dialect.name == "sqlite",
    # Our own BEGIN makes SQLite's DDL transactional, which Alembic cannot know.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
