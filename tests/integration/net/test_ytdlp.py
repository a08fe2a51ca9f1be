from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import imageio_ffmpeg
import pytest

from tests.support.callback_server import Call, WebServer, file, page, redirect, serving
from tracker.clock import SystemClock
from tracker.errors import (
    ForbiddenAddress,
    HttpStatusError,
    MediaLimitExceeded,
    NetworkError,
    PostUnavailable,
    RateLimited,
    ToolError,
    UnsupportedSource,
)
from tracker.model.status import PostStatus
from tracker.net.guard import AddressGuard
from tracker.net.ytdlp import YtDlp, YtDlpLimits

LIMITS = YtDlpLimits(
    extract_timeout_s=40,
    download_timeout_s=40,
    socket_timeout_s=5,
    max_media_bytes=3_000_000,
    generic_allowed=True,
)
LOOPBACK = AddressGuard(allowed_networks=("127.0.0.0/8",))


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("made") / "v.mp4"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i"]
    command += ["testsrc=d=1:s=160x120:r=10", "-pix_fmt", "yuv420p", str(path)]
    subprocess.run(command, check=True)
    return path.read_bytes()


@pytest.fixture
def server(video: bytes) -> Iterator[WebServer]:
    with serving() as running:
        running.routes["/v.mp4"] = file(video, "video/mp4")
        running.routes["/page"] = page("<title>A title</title><video src='/v.mp4'></video>")
        yield running


@pytest.fixture
def ytdlp() -> YtDlp:
    return YtDlp(LIMITS, LOOPBACK, SystemClock())


def test_a_page_with_a_player_is_described_and_fetched(
    server: WebServer, ytdlp: YtDlp, video: bytes, tmp_path: Path
) -> None:
    extraction, path, digest, size = ytdlp.download(server.url("/page"), tmp_path)
    assert path.read_bytes() == video
    assert (digest, size) == (hashlib.sha256(video).hexdigest(), len(video))
    assert list(tmp_path.iterdir()) == [path]
    assert "A title" in str(extraction.info["title"])
    exchange = extraction.exchange
    assert json.loads(exchange.body) == extraction.info
    assert exchange.tools[0][0] == "yt-dlp"
    assert exchange.requested_url == server.url("/page")
    assert str(tmp_path).encode() not in exchange.body


def test_open_graph_video_is_found_without_fetching_it(server: WebServer, ytdlp: YtDlp) -> None:
    server.routes["/og"] = page(
        f'<title>T</title><meta property="og:video" content="{server.url("/v.mp4")}">'
    )
    info = ytdlp.extract(server.url("/og")).info
    assert info["url"] == server.url("/v.mp4")
    assert [path for _, path, _ in server.seen] == ["/og"]


def test_a_direct_file_is_fetched(
    server: WebServer, ytdlp: YtDlp, video: bytes, tmp_path: Path
) -> None:
    _, path, _, _ = ytdlp.download(server.url("/v.mp4"), tmp_path)
    assert path.read_bytes() == video


def waits(call: Call) -> None:
    call.server.stopping.wait(30)


def endless(call: Call) -> None:
    call.send_response(200)
    call.send_header("Content-Type", "video/mp4")
    call.end_headers()
    call.server.drip(call, b"x" * 50_000, 0)


def slow(call: Call) -> None:
    call.send_response(200)
    call.send_header("Content-Type", "video/mp4")
    call.end_headers()
    call.server.drip(call, b"x", 0.2)


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, PostUnavailable), (410, PostUnavailable), (429, RateLimited), (403, HttpStatusError)],
)
def test_a_server_that_says_no(
    status: int, error: type[Exception], server: WebServer, ytdlp: YtDlp
) -> None:
    server.routes["/a"] = lambda call: call.reply(b"no", status=status)
    with pytest.raises(error):
        ytdlp.extract(server.url("/a"))


def test_a_page_with_nothing_on_it(server: WebServer, ytdlp: YtDlp) -> None:
    server.routes["/a"] = page("<title>x</title><p>Nothing to see")
    with pytest.raises(UnsupportedSource):
        ytdlp.extract(server.url("/a"))


def test_an_endless_body_stops_at_the_size_limit(
    server: WebServer, ytdlp: YtDlp, tmp_path: Path
) -> None:
    server.routes["/v.mp4"] = endless
    with pytest.raises(MediaLimitExceeded):
        ytdlp.download(server.url("/v.mp4"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_dripping_body_stops_at_the_time_limit(server: WebServer, tmp_path: Path) -> None:
    server.routes["/v.mp4"] = slow
    limits = YtDlpLimits(download_timeout_s=4, generic_allowed=True)
    started = time.monotonic()
    with pytest.raises(NetworkError, match="4 s"):
        YtDlp(limits, LOOPBACK, SystemClock()).download(server.url("/v.mp4"), tmp_path)
    assert time.monotonic() - started < 10
    assert list(tmp_path.iterdir()) == []


def test_too_little_memory_is_a_tool_error(server: WebServer) -> None:
    limits = YtDlpLimits(memory_bytes=24 * 1024**2, generic_allowed=True)
    with pytest.raises(ToolError):
        YtDlp(limits, LOOPBACK, SystemClock()).extract(server.url("/page"))


def test_a_redirect_to_a_closed_address_is_refused(server: WebServer, ytdlp: YtDlp) -> None:
    server.routes["/a"] = redirect("http://169.254.169.254/latest/")
    with pytest.raises(ForbiddenAddress, match=r"169\.254\.169\.254"):
        ytdlp.extract(server.url("/a"))


def test_a_player_that_points_at_a_closed_address_is_refused(
    server: WebServer, ytdlp: YtDlp, tmp_path: Path
) -> None:
    server.routes["/a"] = page("<title>x</title><video src='http://10.0.0.1/v.mp4'></video>")
    with pytest.raises(ForbiddenAddress, match=r"10\.0\.0\.1"):
        ytdlp.download(server.url("/a"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_ffmpeg_may_not_connect_for_it(server: WebServer, ytdlp: YtDlp, tmp_path: Path) -> None:
    """An encrypted playlist is what yt-dlp would hand to ffmpeg, which no guard could stop."""
    playlist = '#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-KEY:METHOD=SAMPLE-AES,URI="/key"\n'
    playlist += "#EXTINF:1,\n/v.ts\n#EXT-X-ENDLIST\n"
    server.routes["/a.m3u8"] = file(playlist.encode(), "application/vnd.apple.mpegurl")
    with pytest.raises(ForbiddenAddress, match="ffmpeg"):
        ytdlp.download(server.url("/a.m3u8"), tmp_path)
    assert {path for _, path, _ in server.seen} == {"/a.m3u8"}


def test_segments_are_fetched_and_a_live_stream_is_not(
    server: WebServer, ytdlp: YtDlp, tmp_path: Path
) -> None:
    segment = b"\x47" * 1880
    playlist = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n/v.ts\n#EXTINF:1,\n/v.ts\n"
    server.routes["/v.ts"] = file(segment, "video/mp2t")
    server.routes["/a.m3u8"] = file(playlist.encode(), "application/vnd.apple.mpegurl")
    with pytest.raises(PostUnavailable, match="live stream") as caught:
        ytdlp.download(server.url("/a.m3u8"), tmp_path)
    assert caught.value.status is PostStatus.LIVE
    assert list(tmp_path.iterdir()) == []
    ended = playlist + "#EXT-X-ENDLIST\n"
    server.routes["/a.m3u8"] = file(ended.encode(), "application/vnd.apple.mpegurl")
    _, path, _, size = ytdlp.download(server.url("/a.m3u8"), tmp_path)
    assert (path.read_bytes(), size) == (segment * 2, 3760)


def test_the_first_address_is_checked_before_a_child_is_started(server: WebServer) -> None:
    with pytest.raises(ForbiddenAddress):
        YtDlp(LIMITS, AddressGuard(), SystemClock()).extract(server.url("/page"))
    assert server.seen == []


def test_the_generic_extractor_is_off_by_default(server: WebServer) -> None:
    with pytest.raises(UnsupportedSource):
        YtDlp(YtDlpLimits(), LOOPBACK, SystemClock()).extract(server.url("/page"))
    assert server.seen == []


def test_the_child_sees_nothing_of_our_environment(
    server: WebServer, ytdlp: YtDlp, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A proxy and a config file of the user's would both send the request elsewhere."""
    home = tmp_path / "home"
    (home / ".config" / "yt-dlp").mkdir(parents=True)
    (home / ".config" / "yt-dlp" / "config").write_text("--proxy http://127.0.0.1:9\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "yt_dlp.py").write_text("raise SystemExit(9)\n")
    assert "A title" in str(ytdlp.extract(server.url("/page")).info["title"])


@pytest.mark.parametrize(
    ("url", "supported"),
    [
        ("https://x.com/i/status/1098230906194546688", True),
        ("https://www.youtube.com/watch?v=dQw4w9WgXcQ", True),
        ("https://www.tiktok.com/@_/video/6854717870488702213", True),
        ("https://www.instagram.com/p/DW1nTDiDvnF/", True),
        ("https://www.facebook.com/watch/?v=1234567890", True),
        ("https://t.me/channel_name/44", True),
        ("https://bsky.app/profile/some.body.org/post/3lbd2ebt3wk2r", True),
        ("https://www.reddit.com/comments/6rrwyj", True),
        ("https://vk.com/video-22822305_456241864", True),
        ("https://vimeo.com/76979871", True),
        ("https://www.dailymotion.com/video/x8abcd", True),
        ("https://clips.twitch.tv/FancyClip-x_Y", True),
        ("https://rumble.com/embed/v28xyz/", True),
        ("https://news.example/2026/a-story", False),
        ("http://127.0.0.1:8000/page", False),
        ("http://localhost/page", False),
        ("not an address", False),
        ("https://x.com/i/status/" + "1" * 5000, False),
    ],
)
def test_supports_knows_the_extractors_and_our_keys_fit_them(
    url: str, supported: bool, ytdlp: YtDlp
) -> None:
    assert ytdlp.supports(url) is supported


def test_limits_hold_in_the_child() -> None:
    """The limits are set by the child itself, so ask a child what it got."""
    code = (
        "import resource, json\n"
        "from tracker.net.ytdlp_child import limit_process\n"
        "limit_process({'memory_bytes': 300_000_000, 'cpu_time_s': 7, 'wall_time_s': 3,"
        " 'max_media_bytes': 1000})\n"
        "names = ('RLIMIT_DATA', 'RLIMIT_CPU', 'RLIMIT_CORE')\n"
        "print(json.dumps([resource.getrlimit(getattr(resource, n)) for n in names]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert json.loads(done.stdout) == [[300_000_000] * 2, [7, 7], [0, 0]]


def test_status_of_a_deleted_post(server: WebServer, ytdlp: YtDlp) -> None:
    with pytest.raises(PostUnavailable) as caught:
        ytdlp.extract(server.url("/gone"))
    assert caught.value.status is PostStatus.DELETED
