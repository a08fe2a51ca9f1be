from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest

from tests.support.callback_server import WebServer, file, page, serving
from tracker.clock import SystemClock
from tracker.errors import HttpStatusError, MediaError, NotAVideo, PostUnavailable
from tracker.media.download import MediaDownloader
from tracker.model.post import MediaRef
from tracker.model.time_claim import ClaimKind
from tracker.net.guard import AddressGuard
from tracker.net.http import HttpClient, HttpLimits
from tracker.net.ytdlp import YtDlp, YtDlpLimits

BODY = b"\0\0\0\x18ftypmp42" + b"x" * 5000
DIGEST = hashlib.sha256(BODY).hexdigest()


@pytest.fixture
def server() -> Iterator[WebServer]:
    with serving() as running:
        running.routes["/v.mp4"] = file(BODY, "video/mp4")
        yield running


@pytest.fixture
def downloader() -> Iterator[MediaDownloader]:
    clock = SystemClock()
    guard = AddressGuard(allowed_networks=("127.0.0.0/8",))
    http = HttpClient(HttpLimits(), guard, clock)
    yield MediaDownloader(http, YtDlp(YtDlpLimits(generic_allowed=True), guard, clock), clock)
    http.close()


def test_over_http(server: WebServer, downloader: MediaDownloader, tmp_path: Path) -> None:
    ref = MediaRef(server.url("/v.mp4"), "http")
    media = downloader.fetch(ref, tmp_path)
    assert media.ref == ref
    assert media.path.read_bytes() == BODY
    assert (media.video, media.size_bytes) == (DIGEST, len(BODY))
    assert media.exchange.final_url == ref.url
    assert media.claims == ()


def test_over_ytdlp(server: WebServer, downloader: MediaDownloader, tmp_path: Path) -> None:
    server.routes["/p"] = page("<title>x</title><video src='/v.mp4'></video>")
    media = downloader.fetch(MediaRef(server.url("/p"), "ytdlp"), tmp_path)
    assert media.path.read_bytes() == BODY
    assert (media.video, media.size_bytes) == (DIGEST, len(BODY))
    assert media.exchange.tools[0][0] == "yt-dlp"


@pytest.mark.parametrize("spell", [str, Path.as_uri], ids=["path", "file address"])
def test_from_disk(spell: object, downloader: MediaDownloader, tmp_path: Path) -> None:
    assert callable(spell)
    source = tmp_path / "a vidéo.mp4"
    source.write_bytes(BODY)
    work = tmp_path / "work"
    work.mkdir()
    media = downloader.fetch(MediaRef(spell(source), "file"), work)
    assert media.path.parent == work
    assert media.path.read_bytes() == BODY == source.read_bytes()
    assert (media.video, media.size_bytes) == (DIGEST, len(BODY))
    assert media.exchange.status_code is None


def test_last_modified_is_a_claim_unless_it_says_now(
    server: WebServer, downloader: MediaDownloader, tmp_path: Path
) -> None:
    old = datetime(2024, 5, 1, 12, tzinfo=UTC)
    for at in (old, SystemClock().now()):
        headers = {"Last-Modified": format_datetime(at, usegmt=True)}
        server.routes["/v.mp4"] = lambda call, h=headers: call.reply(  # type: ignore[misc]  # default binds
            BODY, "video/mp4", headers=h
        )
        claims = downloader.fetch(MediaRef(server.url("/v.mp4"), "http"), tmp_path).claims
        if at is old:
            assert [(c.kind, c.interval.earliest_at, c.source) for c in claims] == [
                (ClaimKind.HTTP_HEADER, old, "http:last-modified")
            ]
        else:
            assert claims == ()


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"<html>Log in", "text/html; charset=utf-8"),
        (b'{"error": 1}', "application/json"),
        (b"#EXTM3U", "application/vnd.apple.mpegurl"),
        (b"", "video/mp4"),
    ],
)
def test_an_answer_that_is_no_video(
    body: bytes,
    content_type: str,
    server: WebServer,
    downloader: MediaDownloader,
    tmp_path: Path,
) -> None:
    server.routes["/v.mp4"] = file(body, content_type)
    with pytest.raises(NotAVideo):
        downloader.fetch(MediaRef(server.url("/v.mp4"), "http"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_post(server: WebServer, downloader: MediaDownloader, tmp_path: Path) -> None:
    with pytest.raises(HttpStatusError):
        downloader.fetch(MediaRef(server.url("/gone"), "http"), tmp_path)
    with pytest.raises(PostUnavailable):
        downloader.fetch(MediaRef(server.url("/gone"), "ytdlp"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_local_files_that_cannot_be_read(downloader: MediaDownloader, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (tmp_path / "empty.mp4").touch()
    os.mkfifo(tmp_path / "pipe.mp4")
    for name in ("missing.mp4", "empty.mp4", "pipe.mp4", "work", "nul\0.mp4"):
        with pytest.raises(MediaError):
            downloader.fetch(MediaRef(str(tmp_path / name), "file"), work)
    assert list(work.iterdir()) == []
