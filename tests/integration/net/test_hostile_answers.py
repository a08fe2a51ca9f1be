"""Each door takes each hostile answer as one error, in bounded time and memory."""

from __future__ import annotations

import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from importlib import import_module
from pathlib import Path

import httpx
import pytest
import requests

from tests.support.callback_server import Call, Route, WebServer, serving
from tests.support.hostile_answers import ENDLESS_BUT_WHOLE, HOSTILE
from tracker.clock import SystemClock
from tracker.errors import NetworkError, TrackerError
from tracker.net.bluesky import BlueskyClient
from tracker.net.guard import AddressGuard
from tracker.net.http import HttpClient, HttpLimits
from tracker.net.httpx_door import GuardedDoor
from tracker.net.mastodon import MastodonClient
from tracker.net.requests_adapter import GuardedAdapter, guarded_session
from tracker.net.timestamping import TimestampDoor
from tracker.net.ytdlp import YtDlp, YtDlpLimits

LIMITS = HttpLimits(
    connect_timeout_s=1, read_timeout_s=0.5, total_timeout_s=0.8, media_timeout_s=0.8,
    max_page_bytes=300_000, max_media_bytes=400_000, max_redirects=3,
)  # fmt: skip
LOOPBACK = AddressGuard(allowed_networks=("127.0.0.0/8",))
MOST_MEMORY = 8 * 1024**2
Ask = Callable[[str, Path], object]


def by_page(url: str, folder: Path) -> object:
    with closing(HttpClient(LIMITS, LOOPBACK, SystemClock())) as client:
        return client.get(url)


def by_file(url: str, folder: Path) -> object:
    with closing(HttpClient(LIMITS, LOOPBACK, SystemClock())) as client:
        return client.download(url, folder)


def by_requests(url: str, folder: Path) -> object:
    adapter = GuardedAdapter(LOOPBACK, LIMITS, SystemClock())
    with requests.Session() as session, closing(adapter):
        guarded_session(session, adapter, max_redirects=3)
        return session.get(url)


def by_httpx(url: str, folder: Path) -> object:
    door = GuardedDoor(LOOPBACK, LIMITS, SystemClock())
    with httpx.Client(transport=door, trust_env=False, follow_redirects=True) as client:
        return client.get(url)


def by_mastodon(url: str, folder: Path) -> object:
    with closing(MastodonClient(LOOPBACK, LIMITS, SystemClock())) as client:
        return client.status(url.removesuffix("/hostile"), "1")


def by_bluesky(url: str, folder: Path) -> object:
    own = url.removesuffix("/hostile")
    with closing(BlueskyClient(LOOPBACK, LIMITS, SystemClock(), appview=own)) as client:
        return client.posts(["at://a.test/app.bsky.feed.post/1"])


def by_authority(url: str, folder: Path) -> object:
    with closing(TimestampDoor(LOOPBACK, LIMITS, SystemClock())) as door:
        return door.upgrade(url, bytes(32))


OWN_DOORS = [by_page, by_file, by_requests, by_httpx]
LIBRARIES = [by_mastodon, by_bluesky, by_authority]  # by the same doors
CASES = [(name, ask) for name in HOSTILE for ask in OWN_DOORS]
CASES += [(name, ask) for name in ("endless body", "gzip bomb", "no HTTP") for ask in LIBRARIES]
# What the library itself says of redirects in circles, or of an answer that it cannot read.
FAILURES = (TrackerError, requests.RequestException, httpx.TooManyRedirects)


@pytest.fixture(scope="module", autouse=True)
def _loaded() -> None:
    """Load what is loaded on first use, so that its memory is not taken for that of an answer."""
    import_module("atproto_client")
    import_module("mastodon")


@pytest.fixture(scope="module")
def server() -> Iterator[WebServer]:
    with serving() as running:
        yield running


@pytest.mark.parametrize(("name", "ask"), CASES)
def test_a_hostile_answer_is_one_error_soon_and_costs_little(
    name: str, ask: Ask, server: WebServer, tmp_path: Path
) -> None:
    server.fallback = HOSTILE[name]
    tracemalloc.start()
    began = time.monotonic()
    try:
        with pytest.raises(FAILURES):
            ask(server.url("/hostile"), tmp_path)
        assert time.monotonic() - began < 20  # the machine may be busy; unbounded, it never ends
        assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY + 50_000_000 * (
            "bomb" in name  # what the server of the test packs
        )
    finally:
        tracemalloc.stop()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ask", [by_page, by_requests, by_httpx])
def test_what_follows_a_whole_answer_is_not_read(
    ask: Ask, server: WebServer, tmp_path: Path
) -> None:
    for route in ENDLESS_BUT_WHOLE.values():
        server.fallback = route
        assert ask(server.url("/hostile"), tmp_path) is not None


def _endless_page(call: Call) -> None:
    call.reply(b"<!doctype html><html>", headers={"Content-Length": str(10**15)})
    call.server.drip(call, b"<p>x" * 10_000, 0)


def _packed_page(call: Call) -> None:
    packer = zlib.compressobj(9, wbits=31)
    body = packer.compress(b"<!doctype html><html>" + bytes(200_000_000)) + packer.flush()
    call.reply(body, headers={"Content-Encoding": "gzip"})


@pytest.mark.parametrize(
    "route",
    [_endless_page, _packed_page, HOSTILE["flood of headers"]],
    ids=["endless", "bomb", "headers"],
)
def test_ytdlp_reads_no_page_without_end(route: Route) -> None:
    limits = YtDlpLimits(
        extract_timeout_s=100, socket_timeout_s=2, memory_bytes=400 * 1024**2,
        max_page_bytes=2_000_000, generic_allowed=True,
    )  # fmt: skip
    with serving() as own:
        own.fallback = route
        with pytest.raises(NetworkError) as caught:
            YtDlp(limits, LOOPBACK, SystemClock()).extract(own.url("/hostile"))
    assert "100 s" not in str(caught.value)  # a limit ended it, not the patience of the parent
