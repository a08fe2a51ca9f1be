"""Retention killed at any moment: no file missing without its entry, none left with one."""

from __future__ import annotations

import json
import multiprocessing
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session

from storage import credentials, fingerprints, ledger, videos
from storage.anchor_store import AnchorStore
from storage.database import Database
from storage.keyframe_store import KeyframeStore
from storage.media_store import MediaStore
from tests.support.values import ALGORITHM, a_fingerprint, some_keyframes
from tracker.audit import verify_archive
from tracker.clock import SystemClock
from tracker.evidence.content_credentials import credentials_digest
from tracker.evidence.digests import fingerprint_digest, keyframes_digest
from tracker.ingest.stage import Archive
from tracker.model.credentials import ContentCredentials, CredentialState
from tracker.model.ids import VideoId
from tracker.model.ledger import LedgerKind
from tracker.model.video import Video
from tracker.retention import Retention, RetentionRule

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
ORIGINALS = 40


def open_archive(root: Path) -> Archive:
    return Archive(
        Database(f"sqlite:///{root / 'tracker.db'}"),
        MediaStore(root / "media"),
        KeyframeStore(root / "keyframes"),
        root / "staging",
        root / "index",
        AnchorStore(root / "anchors"),
    )


def retention(archive: Archive) -> Retention:
    rule = RetentionRule(timedelta(days=30))
    return Retention(archive, ALGORITHM.key, rule, SystemClock())


def delete_all(root: Path) -> None:
    retention(open_archive(root)).run()


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """Many small originals that the rule lets go, fully recorded."""
    archive = open_archive(tmp_path)
    archive.database.migrate()
    with archive.database.write() as s:
        for n in range(ORIGINALS):
            _store(archive, s, n)
    yield archive
    archive.database.close()


def _store(archive: Archive, s: Session, n: int) -> None:
    video = VideoId(archive.media.add_bytes(f"original {n}".encode()))
    videos.save_video(s, Video(video, 10), kept=True, now=LONG_AGO)
    ledger.append(s, LedgerKind.CAPTURE, {"sha256": video}, at=LONG_AGO)
    found = ContentCredentials(CredentialState.ABSENT)
    credentials.save_credentials(s, video, found, LONG_AGO)
    body: dict[str, object] = {"video": video, "digest": credentials_digest(found)}
    ledger.append(s, LedgerKind.CREDENTIALS, body, at=LONG_AGO)
    archive.keyframes.put(video, ALGORITHM.key, some_keyframes(n))
    fingerprints.save_fingerprint(s, video, a_fingerprint(n), now=LONG_AGO)
    fingerprints.mark_detected(s, video, ALGORITHM.key, now=LONG_AGO)
    body = {
        "video": video,
        "algorithm": ALGORITHM.key,
        "digest": fingerprint_digest(a_fingerprint(n)),
        "keyframes_digest": keyframes_digest(some_keyframes(n)),
    }
    ledger.append(s, LedgerKind.FINGERPRINT, body, at=LONG_AGO)


def deleted(archive: Archive) -> set[str]:
    with archive.database.read() as s:
        entries = list(ledger.entries_of(s, LedgerKind.DELETION))
    names = [str(json.loads(entry.body)["sha256"]) for entry in entries]
    assert len(names) == len(set(names))
    return set(names)


def test_killed_again_and_again_it_ends_true(archive: Archive, tmp_path: Path) -> None:
    every = set(archive.media.digests())
    process = multiprocessing.get_context("spawn")
    for least in (1, 20):
        child = process.Process(target=delete_all, args=(tmp_path,))
        child.start()
        while len(every) - len(set(archive.media.digests())) < least and child.is_alive():
            time.sleep(0.001)
        child.kill()
        child.join()
        missing = every - set(archive.media.digests())
        assert missing <= deleted(archive)
        verified = verify_archive(archive.database, archive.media, archive.keyframes)
        assert verified.ok, verified.broken
    retention(archive).run()
    assert set(archive.media.digests()) == set()
    assert deleted(archive) == every
    verified = verify_archive(archive.database, archive.media, archive.keyframes)
    assert (verified.ok, verified.notes) == (True, ())
