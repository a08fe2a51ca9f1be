"""Capture: from a post's media address to a file in the store."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from storage import captures as capture_rows
from storage import ledger, post_media
from storage import videos as video_rows
from storage.captures import PendingMedia
from storage.credentials import get_credentials
from tracker.acquire import Acquirer, media_name
from tracker.clock import Clock
from tracker.errors import OutsideError, ToolError, speaking_of
from tracker.ingest.collect import observe
from tracker.ingest.credentials import keep_manifest, read_original, record_credentials
from tracker.ingest.stage import Archive
from tracker.media.playable import playable
from tracker.media.probe import MediaLimits
from tracker.model.capture import FetchedMedia
from tracker.model.credentials import ContentCredentials
from tracker.model.ids import VideoId
from tracker.model.ledger import LedgerKind
from tracker.model.video import MediaInfo, Video
from tracker.net.url_syntax import local_path


@dataclass(frozen=True, slots=True)
class Captured:
    """A video in the store; ``new`` is False when its bytes were held before."""

    video: VideoId
    new: bool


class Capture:
    """Fetches media, checks that it is a video, and keeps it under its digest."""

    name = "capture"

    def __init__(
        self,
        archive: Archive,
        acquirer: Acquirer,
        executor: Executor,
        limits: MediaLimits,
        clock: Clock,
        anchors: str = "",
    ) -> None:
        self._archive = archive
        self._acquirer = acquirer
        self._executor = executor
        self._limits = limits
        self._clock = clock
        self._anchors = anchors

    def pending(self, limit: int) -> Sequence[PendingMedia]:
        """Return media addresses without a video, of each upload to a platform only one.

        The others of the same upload come next: then there may be nothing left to fetch.
        """
        with self._archive.database.read() as session:
            found = capture_rows.pending_media(session, now=self._clock.now(), limit=limit)
        first: dict[object, PendingMedia] = {}
        for item in found:
            upload = (item.ref.platform_media_id, item.ref.url, item.ref.via)
            first.setdefault(item.id if upload[0] is None else upload, item)
        return list(first.values())

    def key(self, item: PendingMedia) -> str:
        """Return the row's number: one address may belong to several posts."""
        return str(item.id)

    def process(self, item: PendingMedia) -> None:
        """Fetch the media and record it."""
        self.take(item)

    def take(self, item: PendingMedia) -> Captured:
        """Fetch the media, keep it, and say whether its bytes are new.

        A file of the platform that another post has already served is not transferred again.
        """
        held = self._held(item)
        if held is not None:
            return Captured(held, new=False)
        with _staging_folder(self._archive.staging) as staging:
            fetched = self._acquirer.media(item.ref, staging)
            with speaking_of(media_name(item.ref), fetched.path.name):
                self.check(fetched.path)
            # First of all, on the very bytes that were served: nothing may touch them before.
            credentials = self._credentials(fetched)
            self._archive.media.add_file(fetched.path, fetched.video)
        return Captured(fetched.video, self._record(item, fetched, credentials))

    def _credentials(self, fetched: FetchedMedia) -> ContentCredentials | None:
        """Return the Content Credentials of a file that was not looked at before."""
        with self._archive.database.read() as session:
            if get_credentials(session, fetched.video) is not None:
                return None
        read = read_original(self._executor, fetched.path, self._anchors)
        return keep_manifest(self._archive.media, read)

    def _held(self, item: PendingMedia) -> VideoId | None:
        now = self._clock.now()
        with self._archive.database.read() as session:
            video = post_media.same_upload(session, item.ref)
        if video is None:
            return None
        with self._archive.database.write() as session:
            post_media.link_video(session, item.post, item.ref, video)
            observe(session, item.post, now)
            video_rows.touch(session, video)
            body: dict[str, object] = {
                "post": item.post,
                "url": item.ref.url,
                "sha256": video,
                "video": video,
            }
            if not video_rows.is_kept(session, video):
                body["kept"] = False  # its original was deleted; nothing was fetched now
            ledger.append(
                session,
                LedgerKind.CAPTURE,
                {**body, "same_upload": item.ref.platform_media_id},
                at=now,
            )
        return video

    def check(self, path: Path) -> MediaInfo:
        """Return the file's facts; raises ``MediaError`` unless it is a video within limits."""
        return self._executor.submit(playable, path, self._limits).result()

    def _record(
        self, item: PendingMedia, fetched: FetchedMedia, credentials: ContentCredentials | None
    ) -> bool:
        now = self._clock.now()
        video = Video(fetched.video, fetched.size_bytes)
        with self._archive.database.write() as session:
            if not self._archive.media.contains(fetched.video):
                # The same bytes were held, and retention removed them in between.
                raise ToolError("the stored file was deleted while it was captured again")
            new = video_rows.save_video(session, video, kept=True, now=now)
            capture_rows.save_exchange(
                session, fetched.exchange, post=item.post, body_sha256=None, video=fetched.video
            )
            former = post_media.link_video(session, item.post, item.ref, fetched.video)
            if former is not None:  # a local file that was replaced by another
                video_rows.touch(session, former)
            post_media.add_claims(session, item.post, fetched.claims)
            observe(session, item.post, now)
            if item.ref.via == "file":
                video_rows.add_file(session, fetched.video, str(local_path(item.ref.url)))
            video_rows.touch(session, fetched.video)
            ledger.append(session, LedgerKind.CAPTURE, _ledger_body(item, fetched), at=now)
            if credentials is not None:
                record_credentials(session, fetched.video, credentials, now)
        return new


def _ledger_body(item: PendingMedia, fetched: FetchedMedia) -> dict[str, object]:
    exchange = fetched.exchange
    return {
        "post": item.post,
        "url": exchange.requested_url,
        "final_url": exchange.final_url,
        "status_code": exchange.status_code,
        "sha256": fetched.video,
        "video": fetched.video,
        "size_bytes": fetched.size_bytes,
        "started_at": exchange.started_at.isoformat(),
        "tools": [list(tool) for tool in exchange.tools],
    }


@contextmanager
def _staging_folder(staging: Path) -> Iterator[Path]:
    """Give a folder of its own that is removed at the end, whatever is in it.

    One that cannot be removed goes with the process's own folder that it lies in.
    """
    try:
        folder = tempfile.TemporaryDirectory(dir=staging, ignore_cleanup_errors=True)
    except OSError as exc:
        raise OutsideError(f"cannot write into {staging}: {exc.strerror}") from exc
    with folder as name:
        yield Path(name)
