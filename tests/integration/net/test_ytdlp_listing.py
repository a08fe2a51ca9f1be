"""Flat listings by the real yt-dlp: lazily, only what is new, nothing lost to a broken page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yt_dlp
from yt_dlp.extractor.common import InfoExtractor
from yt_dlp.utils import OnDemandPagedList, YoutubeDLError

from tests.support.callback_server import Call, WebServer, serving
from tracker.clock import SystemClock
from tracker.errors import NetworkError, OutsideError, TrackerError
from tracker.model.watch import Watch
from tracker.net.guard import AddressGuard
from tracker.net.ytdlp import YtDlp, YtDlpLimits
from tracker.net.ytdlp_listing import KNOWN_IN_A_ROW, Listed, ListingRequest, list_entries
from tracker.sources.ytdlp_listing import FIRST_LOOK, poll_listing

LIMITS = YtDlpLimits(extract_timeout_s=40, socket_timeout_s=5, generic_allowed=True)
LOOPBACK = AddressGuard(allowed_networks=("127.0.0.0/8",))
PAGE = 10


class ChannelIE(InfoExtractor):  # type: ignore[misc]  # yt-dlp has no types
    """A site's channel, asked for page by page as most extractors do it."""

    _VALID_URL = r"http://127\.0\.0\.1:\d+/channel/(?P<id>\w+)"

    def _real_extract(self, url: str) -> Any:
        name = self._match_id(url)
        if name == "front":
            parts = [self.url_result(url.replace("front", part), "Channel") for part in "ab"]
            return self.playlist_result(parts, name)

        def page(number: int) -> list[object]:
            answer = self._download_json(f"{url}/page", name, query={"n": number})
            return [self.url_result(f"{url}/v/{n}", None, str(n)) for n in answer]

        return self.playlist_result(OnDemandPagedList(page, PAGE), name, "A channel")


@pytest.fixture
def server() -> Iterator[WebServer]:
    with serving() as running:
        yield running


def channel(server: WebServer, *numbers: int, name: str = "a", broken: int | None = None) -> str:
    """Serve a channel that lists ``numbers``; page ``broken`` and later ones fail."""

    def page(call: Call) -> None:
        n = int(parse_qs(urlsplit(call.path).query)["n"][0])
        failed = broken is not None and n >= broken
        body = json.dumps(numbers[n * PAGE : (n + 1) * PAGE]).encode()
        call.reply(body, "application/json", status=500 if failed else 200)

    server.routes[f"/channel/{name}/page"] = page
    return server.url(f"/channel/{name}")


def listed(url: str, **asked: Any) -> Listed:
    quiet = {"quiet": True, "no_warnings": True, "extract_flat": "in_playlist", "retries": 0}
    with yt_dlp.YoutubeDL(quiet, auto_init=False) as ydl:
        ydl.add_info_extractor(ChannelIE())
        return list_entries(ydl, ListingRequest(url, **asked), (YoutubeDLError,))


def ids(found: Listed) -> list[int]:
    return [int(entry["id"]) for entry in found.entries]


def test_a_list_is_read_no_further_than_asked(server: WebServer) -> None:
    found = listed(channel(server, *range(100, 0, -1)), limit=15)
    assert ids(found) == list(range(100, 85, -1))
    assert (found.ended, found.read, len(server.seen)) == (False, 15, 2)
    assert found.head["title"] == "A channel"


def test_a_run_of_known_entries_ends_a_channel_and_a_pinned_one_does_not(
    server: WebServer,
) -> None:
    url = channel(server, 7, *range(100, 0, -1))
    known = frozenset(str(n) for n in (7, *range(98, 60, -1)))
    found = listed(url, known=known)
    assert (ids(found), found.ended, len(server.seen)) == ([100, 99], True, 1)
    assert ids(listed(url, known=known, newest_first=False)) == [
        100, 99, *range(60, 7, -1), *range(6, 0, -1),
    ]  # fmt: skip
    assert KNOWN_IN_A_ROW > 1


def test_a_channel_of_several_lists_is_read_as_one(server: WebServer) -> None:
    channel(server, 1, 2, 3, name="a")
    channel(server, 11, 12, name="b")
    found = listed(server.url("/channel/front"))
    assert (ids(found), found.ended) == ([1, 2, 3, 11, 12], True)


def test_what_was_read_before_a_page_broke_is_kept(server: WebServer) -> None:
    found = listed(channel(server, *range(100, 0, -1), broken=2))
    assert ids(found) == list(range(100, 80, -1))
    assert not found.ended
    assert found.error is not None
    with pytest.raises(YoutubeDLError):
        listed(channel(server, *range(100, 0, -1), broken=0))


def feed(server: WebServer, *numbers: int) -> None:
    """Serve an RSS feed that yt-dlp lists; item ``n`` is of the ``n``-th hour of 2026."""
    items = "".join(
        f"<item><title>No {n}</title><link>{server.url(f'/v/{n}')}</link><guid>{n}</guid><pubDate>"
        f"{format_datetime(datetime(2026, 1, 1 + n // 24, n % 24, tzinfo=UTC))}</pubDate></item>"
        for n in numbers
    )
    body = f'<rss version="2.0"><channel><title>F</title>{items}</channel></rss>'.encode()
    server.routes["/feed.rss"] = lambda call: call.reply(body, "application/rss+xml")


def poll(server: WebServer, watch: Watch, ytdlp: YtDlp) -> tuple[Watch, list[int]]:
    polled = poll_listing(ytdlp, watch)
    numbers = [int(entry.key.rpartition("/")[2]) for entry in polled.entries]
    return replace(watch, cursor=polled.cursor), numbers


def test_a_watched_list_gives_each_entry_once_over_bursts_and_a_back_fill(
    server: WebServer,
) -> None:
    """The generic extractor's feeds stand for a channel: yt-dlp reads them over the wire."""
    ytdlp = YtDlp(LIMITS, LOOPBACK, SystemClock())
    watch = Watch(
        server.url("/feed.rss"), 60, 0, budget=8, back_to=datetime(2025, 1, 1, tzinfo=UTC)
    )
    feed(server, *range(12, 0, -1))
    watch, first = poll(server, watch, ytdlp)
    feed(server, *range(24, 0, -1))  # a burst larger than the budget
    taken = list(first)
    for _ in range(2):
        watch, new = poll(server, watch, ytdlp)
        assert len(new) <= 8
        taken += new
    assert first == list(range(12, 4, -1))
    assert sorted(taken) == list(range(1, 25))
    assert poll(server, watch, ytdlp)[1] == []


def test_a_first_look_takes_what_is_on_top_and_no_more(server: WebServer) -> None:
    ytdlp = YtDlp(LIMITS, LOOPBACK, SystemClock())
    feed(server, *range(FIRST_LOOK + 9, 0, -1))
    watch, first = poll(server, Watch(server.url("/feed.rss"), 60, 0, budget=200), ytdlp)
    assert len(first) == FIRST_LOOK
    assert poll(server, watch, ytdlp)[1] == []


def test_an_answer_keeps_the_versions_and_the_raw_entries(server: WebServer) -> None:
    feed(server, 3, 2, 1)
    listing = YtDlp(LIMITS, LOOPBACK, SystemClock()).listing(server.url("/feed.rss"))
    assert (listing.ended, listing.read) == (True, 3)
    assert json.loads(listing.exchange.body) == listing.info
    assert listing.exchange.tools[0][0] == "yt-dlp"
    with pytest.raises(TrackerError):
        YtDlp(LIMITS, AddressGuard(), SystemClock()).listing(server.url("/feed.rss"))


COOKIES = "# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t0\tsession\tsecret-value\n"


def test_cookies_are_sent_from_a_private_copy_and_never_kept(
    server: WebServer, tmp_path: Path
) -> None:
    jar = tmp_path / "cookies.txt"
    jar.write_text(COOKIES)
    server.routes["/page"] = lambda call: call.reply(
        b"<title>T</title><video src='/v.mp4'></video>", headers={"Set-Cookie": "more=other-secret"}
    )
    ytdlp = YtDlp(LIMITS, LOOPBACK, SystemClock(), cookie_file=jar)
    extraction = ytdlp.extract(server.url("/page"))
    assert next(headers.get("cookie") for _, _, headers in server.seen) == "session=secret-value"
    assert jar.read_text() == COOKIES
    assert b"secret" not in extraction.exchange.body
    jar.unlink()
    with pytest.raises(OutsideError, match="cookie file") as caught:
        ytdlp.extract(server.url("/page"))
    assert not isinstance(caught.value, NetworkError)
