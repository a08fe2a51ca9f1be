"""What is searched: the indexes of one archive, and the step that asks them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from storage.index.hash_index import FaissHashIndex, feature_rows, features_key
from storage.index.snapshot import snapshot
from storage.index.sound_index import SoundIndex
from tracker.composition.assembly import Assembly, Part
from tracker.fingerprint.algorithm import CODE_BYTES
from tracker.identify import Identifier
from tracker.ingest.detect import ArchivedFingerprints
from tracker.ingest.stage import Archive
from tracker.matching.sound_search import SoundSearch
from tracker.model.features import CODE_BYTES as FEATURE_CODE_BYTES
from tracker.model.ledger import Broken


class Search(Assembly):
    """The archive's indexes, and what looks into them.

    They are a cache that a lookup may have to bring up to date: whoever must not write gets a
    copy of his own. Raises ``OutsideError`` where it cannot be made.
    """

    def __init__(self, archive: Archive, key: str, stack: ExitStack, *, writes: bool) -> None:
        super().__init__()
        self._archive = archive
        self._key = key
        folder = archive.index_directory
        self._indexes = _indexes(folder if writes else _copy(folder, stack), key)
        if writes:
            for cache in self._indexes:
                cache.clean()

    @Part
    def fingerprints(self) -> ArchivedFingerprints:
        """The stored fingerprints, and the indexes over them."""
        index, features, sounds = self._indexes
        return ArchivedFingerprints(self._archive, index, self._key, features, sounds)

    @Part
    def identifier(self) -> Identifier:
        """The step from a fingerprint to the videos that share footage with it."""
        index, features, sounds = self._indexes
        sound = SoundSearch(sounds, self.fingerprints.sound)
        return Identifier(index, self.fingerprints, features, sound)


def _copy(folder: Path, stack: ExitStack) -> Path:
    held = tempfile.TemporaryDirectory(prefix="tracker-index-", ignore_cleanup_errors=True)
    copy = Path(stack.enter_context(held))
    snapshot(folder, copy)
    return copy


def _indexes(folder: Path, key: str) -> tuple[FaissHashIndex, FaissHashIndex, SoundIndex]:
    """Return the indexes of hashes, of local features and of sounds."""
    return (
        FaissHashIndex(folder, key, CODE_BYTES),
        FaissHashIndex(folder, features_key(key), FEATURE_CODE_BYTES, feature_rows),
        SoundIndex(folder, key),
    )


def wrong_indexes(archive: Archive, folder: Path, key: str) -> Iterator[Broken]:
    """Yield each search index, as it lies in ``folder``, that is not what the database makes of it.

    Not of a copy: that is made of links, in which a lost file looks like none at all.
    """
    index, features, sounds = _indexes(folder, key)
    held = ArchivedFingerprints(archive, index, key, features, sounds)
    for place, reason in held.wrong_indexes():
        advice = "it is a cache of the database: delete the folder, and it is built anew"
        yield Broken("file", str(place), f"search index: {reason} ({advice})")
