"""Check that everything the archive holds is still what was recorded.

Three questions: is the ledger's chain whole; do the database's rows say what the ledger says;
is every file there, byte for byte. Rows are asked in both directions, so that entries cut off
the end of the ledger show as rows that no entry records.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from sqlmodel import Session

from storage import (
    captures,
    clips,
    credentials,
    fingerprints,
    ledger,
    matches,
    sounds,
    verdicts,
    videos,
)
from storage.anchor_store import AnchorStore
from storage.database import Database
from storage.keyframe_store import KeyframeStore
from storage.media_store import MediaStore
from storage.misfits import misfits
from tracker.audit import anchored
from tracker.audit.states import check_states
from tracker.errors import IntegrityError, OutsideError
from tracker.evidence.anchors import LedgerHashes
from tracker.evidence.content_credentials import credentials_digest
from tracker.evidence.digests import (
    document_digest,
    fingerprint_digest,
    match_digest,
    sound_match_digest,
    verdict_digest,
)
from tracker.evidence.hash_chain import check_chain, stamp
from tracker.evidence.recorded import Recorded, RecordedDigest
from tracker.model.ids import VideoId
from tracker.model.ledger import Broken, LedgerEntry
from tracker.model.summary import Verified

Progress = Callable[[int, int], None]
"""Called with (files checked, files to check)."""

NameT = TypeVar("NameT")
ValueT = TypeVar("ValueT")

BATCH = 1000
MAX_NOTES = 100


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of the database that the ledger should know; no digest when it cannot be read."""

    label: str
    digest: str | None
    must_be_recorded: bool = True


@dataclass(frozen=True, slots=True)
class _File:
    """A file that should be there; ``check`` raises when it is not as recorded."""

    path: Path
    check: Callable[[], None]


def verify_archive(
    database: Database,
    media_store: MediaStore,
    keyframes: KeyframeStore,
    progress: Progress | None = None,
    *,
    anchors: AnchorStore | None = None,
    with_files: bool = True,
) -> Verified:
    """Check ledger, rows and files; return what was checked and everything that is broken.

    Changes nothing. The database is read in one snapshot, files afterwards and outside any
    transaction, so the daemon may go on working. ``notes`` names files that no entry knows:
    a process killed between storing a file and recording it leaves them, and the repeated step
    takes them up. ``anchors`` is where copies of the anchors and their tokens lie. Without
    ``with_files`` ledger, rows and copies of anchors alone are checked. Raises ``DatabaseError``
    and, for a folder that cannot be listed, ``OutsideError``.
    """
    disk = anchored.on_disk(anchors) if anchors is not None else anchored.OnDisk()
    with database.read(as_is=True) as session:
        recorded, hashes = Recorded(), LedgerHashes()
        broken = list(check_chain(_hashed(_entries(session, recorded), hashes)))
        broken += _check_rows(session, recorded)
        broken += check_states(session, recorded.states)
        held = anchored.anchors_held(session)
        broken += _unreadable(session)
    broken += anchored.check_rows(held, hashes, recorded.anchors, recorded.tokens)
    broken += anchored.check_copies(held, hashes, disk)
    count = len(held.anchors)
    if not with_files:
        return Verified(recorded.entries, 0, count, tuple(broken))
    files = [*_media_files(media_store, recorded), *_keyframe_files(keyframes, recorded)]
    for done, file in enumerate(files, start=1):
        broken += _check_file(file)
        if progress is not None:
            progress(done, len(files))
    notes = _unrecorded(database, media_store, keyframes)
    checked = len(files)
    if anchors is not None:
        broken += anchored.check_files(held, anchors)
        notes += tuple(anchored.notes(held, anchors, disk))
        checked += anchored.count_files(held)
    return Verified(recorded.entries, checked, count, tuple(broken), notes)


def _hashed(entries: Iterable[LedgerEntry], hashes: LedgerHashes) -> Iterator[LedgerEntry]:
    for entry in entries:
        hashes.take(entry)
        yield entry


def _entries(session: Session, recorded: Recorded, after: int = 0) -> Iterator[LedgerEntry]:
    """Yield the whole ledger, gathering what it says on the way."""
    while batch := ledger.entries(session, after, BATCH):
        for entry in batch:
            recorded.take(entry)
            yield entry
        after = batch[-1].sequence


def _check_rows(session: Session, recorded: Recorded) -> Iterator[Broken]:
    yield from _check_known(session, recorded)
    yield from _compare(recorded.fingerprints, _fingerprint_rows(session), "fingerprint")
    yield from _compare(recorded.matches, _match_rows(session), "match")
    yield from _compare(recorded.sound_matches, _sound_match_rows(session), "sound match")
    yield from _compare(recorded.chains, _chain_rows(session), "chain revision")
    yield from _check_answers(session, recorded)
    yield from _compare(recorded.verdicts, _verdict_rows(session), "verdict")
    yield from _compare(recorded.credentials, _credential_rows(session), "content credentials")


def _check_known(session: Session, recorded: Recorded) -> Iterator[Broken]:
    """Yield kept videos and answers that no entry records."""
    for label, digests in (
        ("video", videos.kept_digests(session)),
        ("answer", sorted(captures.body_digests(session), key=str)),
        ("manifest store", sorted(credentials.manifest_digests(session), key=str)),
    ):
        for digest in digests:
            if digest not in recorded.files and digest not in recorded.absent:
                yield _unknown(f"{label} {digest}")


def _compare(
    recorded: Mapping[NameT, RecordedDigest], rows: Iterable[tuple[NameT, _Row]], noun: str
) -> Iterator[Broken]:
    """Yield rows that differ from their entry, rows without entry, entries without row."""
    missing = dict(recorded)
    for name, row in rows:
        entry = missing.pop(name, None)
        if entry is None:
            if row.must_be_recorded:
                yield _unknown(row.label)
        elif row.digest != entry.value:
            reason = f"the database no longer says what entry {entry.sequence} recorded"
            yield Broken("entry", row.label, reason)
    for entry in missing.values():
        yield Broken("entry", str(entry.sequence), f"the {noun} it records is gone")


def _check_answers(session: Session, recorded: Recorded) -> Iterator[Broken]:
    """Yield revisions that no longer say what was answered, when, and why it changed."""
    for stored in clips.all_revisions(session):
        due = recorded.answers.get((stored.clip, stored.revision))
        answer = (stored.root, stored.reason, stamp(stored.at))
        if due is not None and answer != due.said:
            reason = f"the database no longer says what entry {due.sequence} recorded"
            yield Broken("entry", f"answer {stored.revision} of {stored.clip}", reason)


def _unreadable(session: Session) -> Iterator[Broken]:
    """Yield rows that hold what this program cannot have written, of whatever table."""
    for misfit in misfits(session):
        reason = f"what its column {misfit.column} holds cannot be read: it was changed by hand"
        yield Broken("entry", f"row {misfit.row} of {misfit.table}", reason)


def _digest(digest_of: Callable[[ValueT], str], value: ValueT | None) -> str | None:
    """Return the digest of what a row says; ``None`` where it says what no row can."""
    try:
        return None if value is None else digest_of(value)
    except (ValueError, TypeError, AttributeError):  # bytes in the place of text or numbers
        return None


def _unknown(label: str) -> Broken:
    return Broken("entry", label, "no ledger entry records it (entries were removed)")


def _fingerprint_rows(session: Session) -> Iterator[tuple[tuple[VideoId, str], _Row]]:
    for video, algorithm, fingerprint in fingerprints.all_fingerprints(session):
        digest = _digest(fingerprint_digest, fingerprint)
        yield (video, algorithm), _Row(f"fingerprint of {video}", digest)


def _match_rows(session: Session) -> Iterator[tuple[tuple[frozenset[str], str], _Row]]:
    for stored in matches.all_matches(session):
        label = f"match of {' and '.join(sorted(stored.videos))}"
        digest = _digest(match_digest, stored.match)
        asserted = stored.match is None or stored.match.asserted
        yield (stored.videos, stored.algorithm_key), _Row(label, digest, asserted)


def _sound_match_rows(session: Session) -> Iterator[tuple[tuple[frozenset[str], str], _Row]]:
    for stored in sounds.all_sound_matches(session):
        label = f"sound match of {' and '.join(sorted(stored.videos))}"
        digest = _digest(sound_match_digest, stored.match)
        yield (stored.videos, stored.algorithm_key), _Row(label, digest)


def _chain_rows(session: Session) -> Iterator[tuple[tuple[str, int], _Row]]:
    for stored in clips.all_revisions(session):
        digest = _digest(document_digest, stored.document)
        whole = digest if digest == stored.digest else None
        yield (stored.clip, stored.revision), _Row(f"{stored.clip} r{stored.revision}", whole)


def _verdict_rows(session: Session) -> Iterator[tuple[int, _Row]]:
    for number, verdict in verdicts.all_verdicts(session):
        digest = _digest(verdict_digest, verdict)
        yield number, _Row(f"verdict {number}", digest)


def _credential_rows(session: Session) -> Iterator[tuple[str, _Row]]:
    for video, found in credentials.all_credentials(session):
        digest = _digest(credentials_digest, found)
        yield video, _Row(f"content credentials of {video}", digest)


def _media_files(store: MediaStore, recorded: Recorded) -> Iterator[_File]:
    for digest in sorted(recorded.files):
        yield _File(store.path(digest), partial(store.verify, digest))


def _keyframe_files(store: KeyframeStore, recorded: Recorded) -> Iterator[_File]:
    for (video, algorithm), entry in sorted(recorded.keyframes.items(), key=lambda item: item[0]):
        check = partial(store.verify, video, algorithm, entry.value)
        yield _File(store.path(video, algorithm), check)


def _check_file(file: _File) -> Iterator[Broken]:
    try:
        file.check()
    except (IntegrityError, OutsideError) as exc:
        name = str(file.path)
        yield Broken("file", name, str(exc).removeprefix(f"{name} "))


def _unrecorded(
    database: Database, media_store: MediaStore, keyframes: KeyframeStore
) -> tuple[str, ...]:
    """Return a sentence for each stored file that no entry knows, at most ``MAX_NOTES``."""
    stored = [media_store.path(digest) for digest in media_store.digests()]
    stored += [*media_store.strangers(), *keyframes.paths()]
    # The ledger is read after the files are listed: whatever was recorded meanwhile is known.
    recorded = Recorded()
    with database.read(as_is=True) as session:
        for _ in _entries(session, recorded):
            pass
    known = {media_store.path(digest) for digest in recorded.files}
    known |= {keyframes.path(video, algorithm) for video, algorithm in recorded.keyframes}
    deleted = {media_store.path(digest) for digest in recorded.absent}
    notes = [f"{path} {_why_unknown(path, deleted)}" for path in stored if path not in known]
    more = len(notes) - MAX_NOTES
    return tuple(notes[:MAX_NOTES] + ([f"and {more} files more"] if more > 0 else []))


def _why_unknown(path: Path, deleted: Container[Path]) -> str:
    if path in deleted:
        return "is still there though its deletion is recorded; the next `tracker run` removes it"
    return "is recorded nowhere"
