"""Credentials: what a stored video's own signed manifest says of its making.

A new video is looked at between its download and its place in the store (see ``capture``); this
stage takes up those of an archive that is older than this reader.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlmodel import Session

from storage import credentials as credential_rows
from storage import ledger
from storage import videos as video_rows
from storage.media_store import MediaStore
from tracker.clock import Clock
from tracker.errors import MediaError
from tracker.evidence.content_credentials import (
    ReadCredentials,
    credentials_claims,
    credentials_digest,
    read_credentials,
    unreadable,
)
from tracker.ingest.stage import Archive
from tracker.model.credentials import ContentCredentials
from tracker.model.ids import VideoId
from tracker.model.ledger import LedgerKind


class CredentialsStage:
    """Reads the Content Credentials of kept videos that were not looked at."""

    name = "credentials"

    def __init__(
        self, archive: Archive, executor: Executor, clock: Clock, anchors: str = ""
    ) -> None:
        self._archive = archive
        self._executor = executor
        self._clock = clock
        self._anchors = anchors

    def pending(self, limit: int) -> Sequence[VideoId]:
        """Return kept videos whose credentials were not read."""
        with self._archive.database.read() as session:
            return credential_rows.pending_credentials(session, now=self._clock.now(), limit=limit)

    def key(self, item: VideoId) -> str:
        """Return the video's digest."""
        return item

    def process(self, item: VideoId) -> None:
        """Read the stored original, which is what was downloaded byte for byte, and record it."""
        self._archive.media.verify(item)
        path = self._archive.media.path(item)
        read = read_original(self._executor, path, self._anchors)
        found = keep_manifest(self._archive.media, read)
        with self._archive.database.write() as session:
            record_credentials(session, item, found, self._clock.now())


def read_original(executor: Executor, path: Path, anchors: str = "") -> ReadCredentials:
    """Return the credentials of the file at ``path``, read in a child process with limits.

    ``anchors`` are as ``read_credentials`` takes them.

    A file on which the reader dies or overruns its limits is a finding like any other. Raises
    ``ToolError`` when the work was stopped.
    """
    try:
        return executor.submit(read_credentials, path, anchors).result()
    except MediaError as exc:
        return ReadCredentials(unreadable(str(exc)))


def keep_manifest(media: MediaStore, read: ReadCredentials) -> ContentCredentials:
    """Put the manifest store into the media store and return the findings with its digest."""
    if not read.manifest_store:
        return read.credentials
    return replace(read.credentials, manifest_sha256=media.add_bytes(read.manifest_store))


def record_credentials(
    session: Session, video: VideoId, found: ContentCredentials, now: datetime
) -> None:
    """Record what was found, once a video: in the rows, as time claims and in the ledger."""
    if credential_rows.get_credentials(session, video) is not None:
        return  # another process was faster: what it recorded stands
    credential_rows.save_credentials(session, video, found, now)
    claims = credentials_claims(found)
    video_rows.add_video_claims(session, video, claims)
    if claims:
        video_rows.touch(session, video)
    body = {
        "video": video,
        "state": found.state.value,
        "digest": credentials_digest(found),
        "manifest": found.manifest_sha256,
    }
    ledger.append(session, LedgerKind.CREDENTIALS, body, at=now)
