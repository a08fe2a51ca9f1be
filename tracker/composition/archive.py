"""The archive as it is opened: database and stores under one data directory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from storage.anchor_store import AnchorStore
from storage.database import Database
from storage.files import make_private
from storage.keyframe_store import KeyframeStore
from storage.media_store import MediaStore
from storage.staging import own_folder
from tracker.clock import Clock
from tracker.config import Settings
from tracker.errors import OutsideError
from tracker.ingest.stage import Archive
from tracker.model.ledger import Broken

RESTORING = "restore.unfinished"
"""A file that stands in the data directory from the first to the last file of a restore."""


def open_archive(settings: Settings, stack: ExitStack, clock: Clock, *, writes: bool) -> Archive:
    """Return the archive under ``data_dir``; migrated and tidied where this process may write.

    Whoever only reads gets an empty archive in a temporary folder where there is none. Raises
    ``OutsideError`` where a restore was interrupted.
    """
    root = settings.data_dir
    database = Database(settings.database_url, now=clock.now)
    stack.callback(database.close)
    if not writes and not database.exists():
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tracker-empty-")))
        database, writes = Database(f"sqlite:///{root / 'tracker.db'}", now=clock.now), True
        stack.callback(database.close)
    staging = root / "staging"
    archive = Archive(
        database,
        MediaStore(root / "media"),
        KeyframeStore(root / "keyframes"),
        staging,
        root / "index",
        AnchorStore(settings.data_dir / "anchors"),  # they outlive a database that was removed
    )
    if (settings.data_dir / RESTORING).exists():
        raise OutsideError(
            f"a restore into {settings.data_dir} was interrupted: run the same `tracker restore` "
            "again"
        )
    if writes:
        make_private(root)
        database.migrate()
        archive.media.clean()  # what a killed process left unfinished
        archive.keyframes.clean()
        archive.anchors.clean()
        return replace(archive, staging=stack.enter_context(own_folder(staging)))
    return archive


def lost_database(settings: Settings) -> Iterator[Broken]:
    """Yield the database where there is none, though files were taken in beside it."""
    database = Database(settings.database_url)
    try:
        kept = next(MediaStore(settings.data_dir / "media").digests(), None)
        if kept is not None and not database.exists():
            yield Broken("file", database.name, "it is gone, yet what it recorded lies beside it")
    finally:
        database.close()
