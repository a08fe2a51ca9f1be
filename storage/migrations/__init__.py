"""The history of the tables, applied by ``Database.migrate``."""

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010")
"""Every schema revision this release knows, oldest first; a test compares it with the scripts.

Written down so that a command which only reads need not load Alembic: that is a third of its
start-up time.
"""
