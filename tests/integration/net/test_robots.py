"""What robots.txt says is obeyed for plain pages, noted with the answer, and cannot harm us."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.callback_server import Call, Route, WebServer, file, page, redirect, serving
from tracker.clock import SystemClock
from tracker.errors import ForbiddenAddress, NetworkError, RateLimited, RobotsRefusal, TrackerError
from tracker.model.watch import Watch
from tracker.net.guard import AddressGuard
from tracker.net.http import HttpClient, HttpLimits
from tracker.net.politeness import HostTurns, Pace
from tracker.net.rerouting import Rerouting
from tracker.net.robots import FRESH, PagePermits, Robots, narrowed
from tracker.net.ytdlp import YtDlp, YtDlpLimits
from tracker.sources.registry import Sources

SITE = "http://news.test"
AGENT = "video-provenance-tracker/0.1 (archiving for verification)"
LIMITS = HttpLimits(connect_timeout_s=2, read_timeout_s=2, total_timeout_s=4, user_agent=AGENT)
ARTICLE = "<title>A story</title><article><p>" + "Something was seen in the street. " * 20
RULES = b"User-agent: *\nDisallow: /private/\nDisallow: /*.pdf$\nAllow: /private/open\n"


@dataclass
class SetClock:
    """Tells the time it was set to."""

    at: datetime = datetime(2026, 5, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def server() -> Iterator[WebServer]:
    with serving() as running:
        running.fallback = page(ARTICLE)
        running.routes["/robots.txt"] = file(RULES, "text/plain")
        yield running


def guard_of(server: WebServer, turns: HostTurns | None = None) -> AddressGuard:
    place = f"127.0.0.1:{server.server_port}"
    places = dict.fromkeys(("news.test", "other.test", "www.reddit.com"), place)
    return AddressGuard(allow_private=True, rerouting=Rerouting(places), turns=turns)


@pytest.fixture
def client(server: WebServer) -> Iterator[HttpClient]:
    with closing(HttpClient(LIMITS, guard_of(server), SystemClock())) as made:
        yield made


def sources_of(server: WebServer, client: HttpClient, robots: Robots | None) -> Sources:
    ytdlp = YtDlp(YtDlpLimits(), guard_of(server), SystemClock())
    return Sources(client, ytdlp, SystemClock(), permit=PagePermits(robots).permit)


def paths(server: WebServer) -> list[str]:
    return [path for _, path, _ in server.seen]


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/story", True),
        ("/private/draft", False),
        ("/private/open/1", True),
        ("/a/b.pdf", False),
        ("/a/b.pdf?x=1", True),
        ("/%70rivate/draft", False),
    ],
)
def test_a_page_is_read_or_not_as_the_site_says(
    path: str, allowed: bool, server: WebServer, client: HttpClient
) -> None:
    robots = Robots(client, AGENT, SystemClock())
    if allowed:
        assert robots.check(SITE + path) == f"allowed, sha256 {hashlib.sha256(RULES).hexdigest()}"
    else:
        with pytest.raises(RobotsRefusal, match=r"network\.obey_robots"):
            robots.check(SITE + path)
    assert paths(server) == ["/robots.txt"]


def test_pages_feeds_and_redirects_are_asked_for_and_it_is_noted(
    server: WebServer, client: HttpClient
) -> None:
    server.routes["/feed"] = file(b"<rss><channel><title>f</title></channel></rss>", "text/xml")
    server.routes["/moved"] = redirect("http://other.test/private/a")
    sources = sources_of(server, client, Robots(client, AGENT, SystemClock()))
    (exchange,) = sources.fetch(f"{SITE}/story").exchanges
    assert dict(exchange.tools)["robots.txt"].startswith("allowed, sha256 ")
    (polled,) = sources.poll(Watch(f"{SITE}/feed", 900, 1, 5), None).exchanges
    assert dict(polled.tools)["robots.txt"].startswith("allowed, sha256 ")
    for call in (
        lambda: sources.fetch(f"{SITE}/private/a"),
        lambda: sources.poll(Watch(f"{SITE}/private/feed", 900, 1, 5), None),
        lambda: sources.fetch(f"{SITE}/moved"),
    ):
        with pytest.raises(RobotsRefusal):
            call()
    assert [path for path in paths(server) if "private" in path] == []
    assert paths(server).count("/robots.txt") == 2  # of two sites, each once


def test_the_switch_off_asks_nobody_and_says_so(server: WebServer, client: HttpClient) -> None:
    (exchange,) = sources_of(server, client, None).fetch(f"{SITE}/private/a").exchanges
    assert dict(exchange.tools)["robots.txt"] == "not asked: network.obey_robots is off"
    assert paths(server) == ["/private/a"]


def test_platforms_and_this_machine_are_not_asked(server: WebServer, client: HttpClient) -> None:
    permits = PagePermits(Robots(client, AGENT, SystemClock()))
    assert permits.permit("https://www.reddit.com/r/videos/.rss") == ()
    assert permits.permit(server.url("/private/a")) == ()
    assert permits.permit("http://[broken/") == ()
    assert server.seen == []


def test_a_group_of_our_own_goes_before_that_for_all(server: WebServer, client: HttpClient) -> None:
    text = b"User-agent: *\nAllow: /\n\nUser-agent: Video-Provenance-Tracker\nDisallow: /\n"
    server.routes["/robots.txt"] = file(text, "text/plain")
    with pytest.raises(RobotsRefusal):
        Robots(client, AGENT, SystemClock()).check(f"{SITE}/story")
    assert "allowed" in Robots(client, "another/1", SystemClock()).check(f"{SITE}/story")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_site_without_a_file_allows_everything(
    status: int, server: WebServer, client: HttpClient
) -> None:
    server.routes["/robots.txt"] = lambda call: call.reply(b"no", status=status)
    robots = Robots(client, AGENT, SystemClock())
    assert robots.check(f"{SITE}/private/a") == "allowed, there is none"


def silent(call: Call) -> None:
    call.server.stopping.wait(10)


def limited(call: Call) -> None:
    call.reply(status=429, headers={"Retry-After": "60"})


@pytest.mark.parametrize(
    ("route", "error"),
    [
        (lambda call: call.reply(status=500), NetworkError),
        (lambda call: call.reply(status=503), NetworkError),
        (limited, RateLimited),
        (silent, NetworkError),
        (redirect("http://169.254.169.254/robots.txt"), ForbiddenAddress),
        (lambda call: call.reply(status=302, headers={"Location": "/robots.txt"}), NetworkError),
    ],
    ids=["500", "503", "429", "silent", "to a closed address", "in circles"],
)
def test_a_site_that_cannot_say_is_asked_again_later(
    route: Route, error: type[TrackerError], server: WebServer, client: HttpClient
) -> None:
    server.routes["/robots.txt"] = route
    robots = Robots(client, AGENT, SystemClock())
    with pytest.raises(error):
        robots.check(f"{SITE}/story")
    server.routes["/robots.txt"] = file(RULES, "text/plain")
    assert "allowed" in robots.check(f"{SITE}/story")


def test_rules_are_remembered_for_a_day(server: WebServer, client: HttpClient) -> None:
    clock = SetClock()
    robots = Robots(client, AGENT, clock)
    for later in (timedelta(0), FRESH / 2, FRESH * 2):
        clock.at = SetClock().at + later
        robots.check(f"{SITE}/story")
    assert paths(server) == ["/robots.txt"] * 2


def test_a_crawl_delay_slows_everyone_down_within_reason(
    server: WebServer, client: HttpClient, tmp_path: Path
) -> None:
    turns = HostTurns(tmp_path / "hosts", Pace(pause_s=0.5), SystemClock())
    for delay, pause_s in ((b"7.5", 7.5), (b"86400", 30.0), (b"0.1", 0.5), (b"-3", 0.5)):
        server.routes["/robots.txt"] = file(b"User-agent: *\nCrawl-delay: " + delay, "text/plain")
        (tmp_path / "hosts" / "hosts.db").unlink(missing_ok=True)
        turns.close()
        Robots(client, AGENT, SystemClock(), turns).check(f"{SITE}/story")
        assert turns.pause_s("news.test") == pause_s


def endless(call: Call) -> None:
    call.send_response(200)
    call.send_header("Content-Type", "text/plain")
    call.end_headers()
    call.server.drip(call, b"Disallow: /a\n" * 4000, 0)


HOSTILE = {
    "endless": endless,
    "many programs, many rules": file(
        b"".join(b"User-agent: bot%d\n" % n for n in range(14_000))
        + b"User-agent: *\n"
        + b"".join(b"Disallow: /x%d\n" % n for n in range(16_000)),
        "text/plain",
    ),
    "wildcards": file(
        b"User-agent: *\n" + (b"Disallow: /" + b"*a" * 900 + b"$\n") * 200, "text/plain"
    ),
    "one long line": file(b"User-agent: *\nDisallow: /" + b"a" * 500_000, "text/plain"),
    "no text": file(bytes(range(256)) * 2000, "text/plain; charset=utf-16"),
    "a page": page("<!doctype html><title>not found</title>" * 5000),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_read_in_bounds(name: str, server: WebServer, client: HttpClient) -> None:
    server.routes["/robots.txt"] = HOSTILE[name]
    robots = Robots(client, AGENT, SystemClock())
    before_s = time.process_time()
    for path in ("/story", "/" + "a" * 2000 + "b"):
        robots.check(SITE + path)
    assert time.process_time() - before_s < 5  # unbounded: minutes


def test_groups_for_others_become_one() -> None:
    text = "User-agent: a\nUser-agent: b\nUSER AGENT : *\nDisallow: /x\nuser-agent: Own*/2 # me\n"
    assert narrowed(text + "Allow: /", "own").splitlines() == [
        "User-agent: -", "User-agent: *", "Disallow: /x", "User-agent: own", "Allow: /",
    ]  # fmt: skip
