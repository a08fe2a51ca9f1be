from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlmodel import Session

from storage import captures, clips, fingerprints, ledger, matches, posts, videos
from storage.database import Database
from storage.keyframe_store import KeyframeStore
from storage.media_store import MediaStore
from tests.support.values import (
    KEY,
    NOW,
    a_fingerprint,
    a_match,
    a_post,
    an_exchange,
    published,
    some_keyframes,
)
from tracker.audit import verify_archive
from tracker.errors import DatabaseError
from tracker.evidence.digests import (
    document_digest,
    fingerprint_digest,
    keyframes_digest,
    match_digest,
)
from tracker.evidence.hash_chain import genesis, next_entry
from tracker.model.clip import Clip
from tracker.model.ids import AppearanceId, ClipId, VideoId
from tracker.model.ledger import LedgerEntry, LedgerKind
from tracker.model.summary import Verified
from tracker.model.video import Video

POST = a_post()
PAGE = b"<html>a page</html>"


@dataclass
class Archive:
    path: Path
    database: Database
    media: MediaStore
    keyframes: KeyframeStore
    one: VideoId
    two: VideoId

    def verify(self) -> Verified:
        return verify_archive(self.database, self.media, self.keyframes)

    def execute(self, statement: str, *values: object) -> None:
        """Do to the file what someone with a database tool would."""
        self.database.close()
        connection = sqlite3.connect(self.path)
        with connection:
            for trigger in ("no_update", "no_delete", "no_replace"):
                connection.execute(f"DROP TRIGGER IF EXISTS ledger_entry_{trigger}")
            connection.execute(statement, values)
        connection.close()

    def entries(self) -> list[LedgerEntry]:
        with self.database.read() as s:
            return ledger.entries(s)

    def number(self, kind: LedgerKind) -> int:
        return next(e.sequence for e in self.entries() if e.kind is kind)

    def put_entry(self, entry: LedgerEntry) -> None:
        self.execute(
            "INSERT OR REPLACE INTO ledger_entry VALUES (?, ?, ?, ?, ?, ?)",
            entry.sequence, str(entry.kind), entry.at, entry.body,
            entry.previous_hash, entry.entry_hash,
        )  # fmt: skip


@pytest.fixture
def archive(tmp_path: Path, database: Database) -> Archive:
    media, keyframes = MediaStore(tmp_path / "media"), KeyframeStore(tmp_path / "keyframes")
    names = [VideoId(media.add_bytes(f"video {n}".encode() * 99)) for n in range(2)]
    archive = Archive(
        tmp_path / "archive" / "tracker.db", database, media, keyframes, names[0], names[1]
    )
    with database.write() as s:
        posts.save_post(s, POST, now=NOW, depth=0, origin=None, published=published())
        page = media.add_bytes(PAGE)
        captures.save_exchange(s, an_exchange(), post=POST.key, body_sha256=page, video=None)
        _record(s, LedgerKind.CAPTURE, post=POST.key, url=POST.key, sha256=page, size_bytes=9)
        for n, video in enumerate(names):
            videos.save_video(s, Video(video, 99), kept=True, now=NOW)
            _record(s, LedgerKind.CAPTURE, sha256=video, video=video, post=None, url="u")
            keyframes.put(video, KEY, some_keyframes(n))
            fingerprints.save_fingerprint(s, video, a_fingerprint(n), now=NOW)
            _record(
                s, LedgerKind.FINGERPRINT, video=video, algorithm=KEY,
                digest=fingerprint_digest(a_fingerprint(n)),
                keyframes_digest=keyframes_digest(some_keyframes(n)),
            )  # fmt: skip
        _record_conclusions(s, names[1], names[0])
    return archive


def _record_conclusions(s: Session, query: VideoId, reference: VideoId) -> None:
    match = a_match(query, reference)
    matches.save_match(s, match, KEY, now=NOW)
    _record(
        s, LedgerKind.MATCH, query=query, reference=reference, algorithm=KEY,
        digest=match_digest(match),
    )  # fmt: skip
    clip = Clip(ClipId("clip-1"), reference, 0, 9000)
    clips.save_clip(s, clip, [query, reference], now=NOW)
    clips.save_revision(
        s, clip.id, revision=1, root=AppearanceId("app-1"), reason="first",
        digest=document_digest("{}"), document="{}", at=NOW,
    )  # fmt: skip
    _record(
        s, LedgerKind.CHAIN, clip=clip.id, revision=1, root="app-1", digest=document_digest("{}")
    )


def _record(s: Session, kind: LedgerKind, **body: object) -> None:
    ledger.append(s, kind, body, at=NOW)


def _flip(path: Path) -> None:
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(body)


def test_an_untouched_archive_is_whole(archive: Archive) -> None:
    seen: list[tuple[int, int]] = []
    verified = verify_archive(
        archive.database, archive.media, archive.keyframes, lambda n, of: seen.append((n, of))
    )
    assert verified == Verified(entries=9, files=5, anchors=0)
    assert verified.ok
    assert seen == [(n, 5) for n in range(1, 6)]


def test_an_empty_archive_is_whole(tmp_path: Path, database: Database) -> None:
    media, keyframes = MediaStore(tmp_path / "m"), KeyframeStore(tmp_path / "k")
    assert verify_archive(database, media, keyframes) == Verified(0, 0, 0)
    assert not (tmp_path / "m").exists()


FILES: dict[str, Callable[[Archive], Path]] = {
    "a video": lambda a: a.media.path(a.one),
    "an answer": lambda a: a.media.path(a.media.add_bytes(PAGE)),
    "keyframes": lambda a: a.keyframes.path(a.two, KEY),
}


@pytest.mark.parametrize("which", FILES)
def test_a_flipped_byte_names_the_file(archive: Archive, which: str) -> None:
    path = FILES[which](archive)
    _flip(path)
    verified = archive.verify()
    assert [(b.kind, b.name) for b in verified.broken] == [("file", str(path))]
    assert str(path) not in verified.broken[0].reason
    assert verified.files == 5


@pytest.mark.parametrize("which", FILES)
def test_a_missing_file_is_named(archive: Archive, which: str) -> None:
    path = FILES[which](archive)
    path.unlink()
    assert [(b.name, b.reason) for b in archive.verify().broken] == [(str(path), "is missing")]


def test_replaced_keyframes_are_named_though_their_seal_fits(archive: Archive) -> None:
    archive.keyframes.put(archive.one, KEY, some_keyframes(7))
    (broken,) = archive.verify().broken
    assert (broken.kind, broken.name) == ("file", str(archive.keyframes.path(archive.one, KEY)))


COLUMNS = {"kind": "deletion", "at": "2020", "body": "{}", "previous_hash": "0", "entry_hash": "1"}


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("sequence", [1, 2, 8])
def test_an_edited_entry_is_the_first_named(archive: Archive, column: str, sequence: int) -> None:
    archive.execute(
        f"UPDATE ledger_entry SET {column} = ? WHERE sequence = ?",  # noqa: S608 - names of this test
        COLUMNS[column], sequence,
    )  # fmt: skip
    first = archive.verify().broken[0]
    assert (first.kind, first.name) == ("entry", str(sequence))


@pytest.mark.parametrize("body", ["", "[]", "no json", "[" * 9999, b"\xff\xfe", "null"])
def test_an_entry_that_cannot_be_read_is_named(archive: Archive, body: object) -> None:
    archive.execute("UPDATE ledger_entry SET body = ? WHERE sequence = 3", body)
    assert archive.verify().broken[0].name == "3"


def test_a_deleted_entry_is_named(archive: Archive) -> None:
    archive.execute("DELETE FROM ledger_entry WHERE sequence = 4")
    first = archive.verify().broken[0]
    assert (first.name, first.reason.startswith("entry 4 before it is missing")) == ("5", True)


@pytest.mark.parametrize("left", range(8))
def test_entries_cut_off_the_end_show_as_rows_nobody_recorded(archive: Archive, left: int) -> None:
    archive.execute("DELETE FROM ledger_entry WHERE sequence > ?", left)
    broken = archive.verify().broken
    assert broken
    assert all("no ledger entry records it" in b.reason for b in broken)


def test_exchanged_entries_are_named(archive: Archive) -> None:
    archive.execute(
        "UPDATE ledger_entry SET sequence = CASE sequence WHEN 3 THEN -5 ELSE -3 END "
        "WHERE sequence IN (3, 5)"
    )
    archive.execute("UPDATE ledger_entry SET sequence = -sequence WHERE sequence < 0")
    assert archive.verify().broken[0].name == "3"


def test_an_inserted_entry_is_named(archive: Archive) -> None:
    entries = archive.entries()
    forged = next_entry(entries[2], LedgerKind.STATUS, {"status": "deleted"}, NOW)
    for n in range(len(entries), 3, -1):
        archive.execute("UPDATE ledger_entry SET sequence = ? WHERE sequence = ?", n + 1, n)
    archive.put_entry(forged)
    assert archive.verify().broken[0].name == "5"


def test_a_ledger_written_anew_without_an_entry_shows_in_the_rows(archive: Archive) -> None:
    kept = [e for e in archive.entries() if e.kind is not LedgerKind.MATCH][1:]
    archive.execute("DELETE FROM ledger_entry")
    head = genesis(NOW)
    archive.put_entry(head)
    for entry in kept:
        head = next_entry(head, entry.kind, json.loads(entry.body), NOW)
        archive.put_entry(head)
    (broken,) = archive.verify().broken
    assert re.match("match of .* and ", broken.name)


ROWS = {
    "fingerprint": [
        "UPDATE fingerprint SET codes = zeroblob(length(codes)) WHERE video = :one",
        "UPDATE fingerprint SET codes = x'00' WHERE video = :one",
        "UPDATE fingerprint SET pts_ms = codes, duration_ms = 1 WHERE video = :one",
        "UPDATE fingerprint SET duration_ms = 1 WHERE video = :one",
        "DELETE FROM fingerprint WHERE video = :one",
    ],
    "match": [
        "UPDATE video_match SET score = 0.1",
        "UPDATE video_match SET asserted = 0",
        "UPDATE video_match SET segments = '[[1,2]]'",
        "UPDATE video_match SET segments = 'none'",
        "UPDATE video_match SET transformations = '[]'",
        "UPDATE video_match SET reverse_transformations = transformations, transformations = '[]'",
        "DELETE FROM video_match",
    ],
    "chain": [
        "UPDATE chain_revision SET document = '{\"root\":1}'",
        "UPDATE chain_revision SET digest = 'x'",
        "UPDATE chain_revision SET revision = 2",
        "DELETE FROM chain_revision",
    ],
}


@pytest.mark.parametrize(
    ("kind", "statement"), [(kind, s) for kind, statements in ROWS.items() for s in statements]
)
def test_a_changed_row_is_named(archive: Archive, kind: str, statement: str) -> None:
    archive.execute(statement.replace(":one", f"'{archive.one}'"))
    broken = archive.verify().broken
    number = archive.number(LedgerKind(kind))
    assert broken
    assert all(b.kind == "entry" for b in broken)
    assert any(b.name == str(number) or f"entry {number} recorded" in b.reason for b in broken)


def test_a_file_nobody_recorded_is_a_note(archive: Archive) -> None:
    # What a process leaves that is killed between storing a file and recording it.
    digest = archive.media.add_bytes(b"stored, not recorded")
    archive.keyframes.put(archive.one, "another algorithm", some_keyframes())
    verified = archive.verify()
    assert verified.ok
    assert {note.split()[0] for note in verified.notes} == {
        str(archive.media.path(digest)),
        str(archive.keyframes.path(archive.one, "another algorithm")),
    }
    # The repeated step stores the same bytes, records them, and nothing is left to note.
    archive.media.add_bytes(b"stored, not recorded")
    with archive.database.write() as s:
        _record(s, LedgerKind.CAPTURE, sha256=digest, post=None, url="u", size_bytes=1)
    assert [note for note in archive.verify().notes if digest in note] == []


def test_a_video_deleted_by_retention_is_not_missed(archive: Archive) -> None:
    archive.media.remove(archive.one)
    assert not archive.verify().ok
    with archive.database.write() as s:
        videos.set_kept(s, archive.one, kept=False)
        _record(s, LedgerKind.DELETION, sha256=archive.one, reason="retention")
    verified = archive.verify()
    assert (verified.ok, verified.files) == (True, 4)


def test_bytes_that_were_never_kept_are_not_missed(archive: Archive) -> None:
    sha256 = "f" * 64
    with archive.database.write() as s:
        videos.save_video(s, Video(VideoId(sha256), 1), kept=False, now=NOW)
        _record(s, LedgerKind.CAPTURE, sha256=sha256, post=None, url="u", kept=False)
    verified = archive.verify()
    assert (verified.ok, verified.files) == (True, 5)


def test_a_video_row_that_denies_its_file_without_a_deletion_is_no_excuse(
    archive: Archive,
) -> None:
    archive.execute("UPDATE video SET kept = 0 WHERE sha256 = ?", archive.one)
    archive.media.remove(archive.one)
    assert [b.name for b in archive.verify().broken] == [str(archive.media.path(archive.one))]


def test_without_a_database_there_is_nothing_to_verify(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'none.db'}")
    with pytest.raises(DatabaseError, match="no database"):
        verify_archive(database, MediaStore(tmp_path / "m"), KeyframeStore(tmp_path / "k"))
