"""The archive as it is opened: database, stores and indexes under one data directory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from storage.anchor_store import AnchorStore
from storage.database import Database
from storage.files import make_private
from storage.index.hash_index import FaissHashIndex, feature_rows, features_key
from storage.index.snapshot import snapshot
from storage.index.sound_index import SoundIndex
from storage.keyframe_store import KeyframeStore
from storage.media_store import MediaStore
from storage.staging import own_folder
from tracker.clock import Clock
from tracker.config import Settings
from tracker.errors import OutsideError
from tracker.fingerprint.algorithm import CODE_BYTES
from tracker.ingest.detect import ArchivedFingerprints
from tracker.ingest.stage import Archive
from tracker.model.features import CODE_BYTES as FEATURE_CODE_BYTES
from tracker.model.ledger import Broken

RESTORING = "restore.unfinished"
"""A file that stands in the data directory from the first to the last file of a restore."""


def open_archive(settings: Settings, stack: ExitStack, clock: Clock, *, writes: bool) -> Archive:
    """Return the archive under ``data_dir``; migrated and tidied where this process may write.

    Whoever only reads gets a copy of the index, and an empty archive in a temporary folder where
    there is none. Raises ``OutsideError`` where a restore was interrupted.
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
    # The index is a cache that a lookup may have to bring up to date: in a copy of its own.
    copy = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tracker-index-")))
    snapshot(archive.index_directory, copy)
    return replace(archive, index_directory=copy)


def indexes(archive: Archive, key: str) -> tuple[FaissHashIndex, FaissHashIndex, SoundIndex]:
    """Return the indexes of hashes, of local features and of sounds."""
    folder = archive.index_directory
    return (
        FaissHashIndex(folder, key, CODE_BYTES),
        FaissHashIndex(folder, features_key(key), FEATURE_CODE_BYTES, feature_rows),
        SoundIndex(folder, key),
    )


def lost_database(settings: Settings) -> Iterator[Broken]:
    """Yield the database where there is none, though files were taken in beside it."""
    database = Database(settings.database_url)
    try:
        kept = next(MediaStore(settings.data_dir / "media").digests(), None)
        if kept is not None and not database.exists():
            yield Broken("file", database.name, "it is gone, yet what it recorded lies beside it")
    finally:
        database.close()


def wrong_indexes(settings: Settings, archive: Archive, key: str) -> Iterator[Broken]:
    """Yield each search index, as it lies on disk, that is not what the database makes of it."""
    # Whoever only reads has a copy of links, in which a lost file looks like none at all.
    own = replace(archive, index_directory=settings.data_dir / "index")
    index, features, sounds = indexes(own, key)
    held = ArchivedFingerprints(own, index, key, features, sounds)
    for folder, reason in held.wrong_indexes():
        advice = "it is a cache of the database: delete the folder, and it is built anew"
        yield Broken("file", str(folder), f"search index: {reason} ({advice})")
