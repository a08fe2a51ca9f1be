"""The history of the tables, applied by ``Database.migrate``."""

REVISIONS = tuple(f"{number:04}" for number in range(1, 24))
"""Every schema revision this release knows, oldest first; a test compares it with the scripts.

Written down so that a command which only reads need not load Alembic: that is a third of its
start-up time.
"""
