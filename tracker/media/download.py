"""Media files brought to local disk, hashed while they are written."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from tracker import __version__
from tracker.clock import Clock
from tracker.errors import MediaError, NotAVideo
from tracker.model.capture import Exchange, FetchedMedia
from tracker.model.ids import VideoId
from tracker.model.post import MediaRef
from tracker.model.time_claim import ClaimKind, ForgeableBy, TimeClaim
from tracker.net.http import HttpClient
from tracker.net.url_syntax import local_path
from tracker.net.ytdlp import YtDlp
from tracker.timestamps.claims import parse_datetime_claim

_CHUNK_BYTES = 1024 * 1024
# Content types that are certainly no video: a login wall, an error page, an API answer.
_NO_MEDIA_TYPES = ("text/html", "application/json", "application/xhtml+xml", "application/xml")
# Playlists of segmented video come as text and are for yt-dlp to follow.
_PLAYLIST_TYPES = ("application/vnd.apple.mpegurl", "application/dash+xml", "audio/mpegurl")


class MediaDownloader:
    """Fetches what a ``MediaRef`` points at, whichever way it says."""

    def __init__(self, http: HttpClient, ytdlp: YtDlp, clock: Clock) -> None:
        self._http = http
        self._ytdlp = ytdlp
        self._clock = clock

    def fetch(self, ref: MediaRef, directory: Path) -> FetchedMedia:
        """Write the file behind ``ref`` into ``directory`` and return it, hashed.

        Raises ``NotAVideo`` when the answer is a page, ``MediaError`` for an unreadable local
        file, and whatever the doors to the network raise. Nothing is left behind then.
        """
        match ref.via:
            case "http":
                return self._over_http(ref, directory)
            case "ytdlp":
                return self._over_ytdlp(ref, directory)
            case "file":
                return self._from_disk(ref, directory)

    def _over_http(self, ref: MediaRef, directory: Path) -> FetchedMedia:
        got = self._http.download(ref.url, directory)
        kind = (got.exchange.content_type or "").partition(";")[0].strip().lower()
        if got.size_bytes == 0 or kind.startswith(_NO_MEDIA_TYPES) or kind in _PLAYLIST_TYPES:
            got.path.unlink(missing_ok=True)
            what = f"a {kind} answer" if got.size_bytes else "an empty answer"
            raise NotAVideo(f"{ref.url} gave {what} instead of a video")
        return FetchedMedia(
            ref=ref,
            path=got.path,
            video=got.sha256,
            size_bytes=got.size_bytes,
            exchange=got.exchange,
            claims=last_modified_claims(got.headers, got.exchange.finished_at),
        )

    def _over_ytdlp(self, ref: MediaRef, directory: Path) -> FetchedMedia:
        extraction, path, digest, size_bytes = self._ytdlp.download(ref.url, directory)
        return FetchedMedia(ref, path, digest, size_bytes, extraction.exchange)

    def _from_disk(self, ref: MediaRef, directory: Path) -> FetchedMedia:
        source = local_path(ref.url)
        started_at = self._clock.now()
        try:
            path, digest, size_bytes = _copied(source, directory)
        except OSError as exc:
            raise MediaError(f"cannot read {source}: {exc.strerror or exc}") from exc
        if size_bytes == 0:
            path.unlink(missing_ok=True)
            raise NotAVideo(f"{source} is empty")
        now, tools = self._clock.now(), (("tracker", __version__),)
        exchange = Exchange(ref.url, ref.url, None, None, started_at, now, tools=tools)
        return FetchedMedia(ref, path, digest, size_bytes, exchange)


def last_modified_claims(headers: Mapping[str, str], fetched_at: datetime) -> tuple[TimeClaim, ...]:
    """Return the claim of a ``Last-Modified`` header, unless it only says "now".

    Servers that make files on request send the time of the request; a time less than a minute
    before the end of the transfer tells nothing about the video.
    """
    claim = parse_datetime_claim(
        headers.get("last-modified", ""),
        ClaimKind.HTTP_HEADER,
        ForgeableBy.PLATFORM,
        "http:last-modified",
    )
    if claim is None or claim.interval.earliest_at is None:
        return ()
    age_s = (fetched_at - claim.interval.earliest_at).total_seconds()
    return (claim,) if age_s > 60 else ()


def _copied(source: Path, directory: Path) -> tuple[Path, VideoId, int]:
    """Copy ``source`` into ``directory``; return the copy, its SHA-256 and size in bytes."""
    if not source.is_file():  # a device or a pipe has no end
        raise FileNotFoundError(2, "no such file")
    digest = hashlib.sha256()
    size = 0
    free = shutil.disk_usage(directory).free
    if source.stat().st_size > free:
        raise OSError(28, "not enough space for a copy of it")
    with (
        source.open("rb") as original,
        tempfile.NamedTemporaryFile(
            dir=directory, prefix="copy-", suffix=source.suffix[:10], delete=False
        ) as copy,
    ):
        path = Path(copy.name)
        try:
            while chunk := original.read(_CHUNK_BYTES):
                digest.update(chunk)
                size += len(chunk)
                copy.write(chunk)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    return path, VideoId(digest.hexdigest()), size
