"""What was fetched, when, from where and by which tools: the raw material of evidence."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tracker.model.ids import VideoId
from tracker.model.post import MediaRef, Post
from tracker.model.time_claim import TimeClaim


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, as they happened.

    ``body`` holds the raw bytes for pages and API answers; it is empty for media, whose bytes
    go to the media store. ``redirects`` lists every address on the way, requested one first.
    """

    requested_url: str
    final_url: str
    status_code: int | None  # None when the tool does not tell (yt-dlp, local files)
    content_type: str | None
    started_at: datetime
    finished_at: datetime
    body: bytes = b""
    redirects: tuple[str, ...] = ()
    tools: tuple[tuple[str, str], ...] = ()  # (name, version), e.g. ("yt-dlp", "2026.08.19")


@dataclass(frozen=True, slots=True)
class FetchedPost:
    """A post together with the answers it was read from."""

    post: Post
    exchanges: tuple[Exchange, ...]


@dataclass(frozen=True, slots=True)
class FetchedMedia:
    """A media file on local disk, hashed while it was written, not yet in the store.

    ``claims`` are times told by the transfer itself (``Last-Modified``); those inside the
    container are read later, by the probe.
    """

    ref: MediaRef
    path: Path
    video: VideoId
    size_bytes: int
    exchange: Exchange
    claims: tuple[TimeClaim, ...] = field(default=())
