"""Links that lead elsewhere: short links, embeds and mirrors end at the post they stand for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.integration.sources.test_x import Reads
from tests.support.pages import article
from tests.support.webserver import WebServer, serve
from tests.support.x_server import TOKEN, XSite, serving_x
from tracker.app import open_app
from tracker.clock import SystemClock
from tracker.config import NetworkSettings, Settings
from tracker.errors import ForbiddenAddress, NetworkError
from tracker.model.post import LinkRelation, PostKind
from tracker.net.guard import AddressGuard
from tracker.net.http import HttpClient, HttpLimits
from tracker.net.urls import canonical_url
from tracker.net.x_api import XApi
from tracker.net.ytdlp import YtDlp, YtDlpLimits
from tracker.sources.found import Found
from tracker.sources.refresh import refresh_target
from tracker.sources.registry import Sources
from tracker.sources.x import XSource

NUMBER = "108779000807761862"
TEXT = "<article><p>" + "Plain words about what happened at the bridge that night. " * 8 + "</p>"
LIMITS = HttpLimits(connect_timeout_s=2, read_timeout_s=3, total_timeout_s=5)


@pytest.fixture
def site() -> Iterator[WebServer]:
    with serve() as server:
        yield server


@pytest.fixture
def x() -> Iterator[XSite]:
    with serving_x() as server:
        server.add_user("11", "ann")
        yield server


@pytest.fixture
def sources(x: XSite) -> Iterator[Sources]:
    guard, clock = AddressGuard(allowed_networks=("127.0.0.0/8",)), SystemClock()
    http = HttpClient(LIMITS, guard, clock)
    ytdlp = YtDlp(YtDlpLimits(extract_timeout_s=30, socket_timeout_s=2), guard, clock)
    api = XApi(TOKEN, Reads(), guard, LIMITS, clock, api_url=x.url)
    yield Sources(http, ytdlp, clock, (XSource(api, clock),))
    api.close()
    http.close()


def test_a_short_link_ends_at_the_post_and_nothing_between_is_asked_for_more(
    site: WebServer, x: XSite, sources: Sources
) -> None:
    number = x.add_post(datetime(2024, 5, 1, tzinfo=UTC), "11", "the clip")
    shared = f"https://twitter.com/ann/status/{number}?s=20&utm_source=x"
    site.redirect("/2", shared)
    short = site.redirect("/1", "/2")
    fetched = sources.fetch(short)
    post = fetched.post
    assert (post.key, post.text) == (f"https://x.com/i/status/{number}", "the clip")
    assert {short, shared} <= set(post.spellings)
    led, answered = fetched.exchanges
    assert (led.requested_url, led.final_url, led.status_code) == (short, shared, 302)
    assert led.redirects == (short, site.url("/2"), shared)
    assert answered.body
    assert len(site.requests) == 2


def test_a_page_that_only_sends_on_to_a_post_is_that_post(
    site: WebServer, x: XSite, sources: Sources
) -> None:
    number = x.add_post(datetime(2024, 5, 1, tzinfo=UTC), "11", "the clip")
    target = f"https://twitter.com/ann/status/{number}?s=20&amp;t=x"
    mirror = site.add("/m", f'<head><META http-equiv="refresh" content="0;URL={target}"></head>')
    assert sources.fetch(mirror).post.key == f"https://x.com/i/status/{number}"
    later = site.add("/n", f'<meta http-equiv=refresh content="300; url={target}">{TEXT}')
    assert sources.fetch(later).post.key == later


@pytest.mark.parametrize(
    ("meta", "target"),
    [
        ('<meta http-equiv="refresh" content="0;URL=https://a.example/x">', "https://a.example/x"),
        ("<META content='5; url=/x' HTTP-EQUIV='Refresh'>", "https://t.co/x"),
        ("<meta http-equiv=refresh content=\"1,'https://a.example/x'\">", "https://a.example/x"),
        ('<meta http-equiv="refresh" content="60; url=/x">', None),
        ('<meta http-equiv="refresh" content="0">', None),
        ('<meta http-equiv="refresh" content="0; url=javascript:alert(1)">', None),
        ('<meta name="refresh" content="0; url=/x">', None),
        ("<meta http-equiv=refresh>", None),
        ("<meta" * 5000, None),
    ],
)
def test_where_a_page_sends_its_reader(meta: str, target: str | None) -> None:
    assert refresh_target(f"<html><head>{meta}".encode(), "https://t.co/abc") == target


def test_the_posts_own_page_is_read_where_an_embed_of_it_was_linked(
    site: WebServer, sources: Sources
) -> None:
    page = site.add(f"/@ann/{NUMBER}", f"<title>T</title>{TEXT}")
    site.add(f"/@ann/{NUMBER}/embed", "<title>embedded</title>")
    post = sources.fetch(f"{page}/embed").post
    assert (post.key, post.kind, post.title) == (page, PostKind.POST, "T")
    assert [seen.path for seen in site.requests] == [f"/@ann/{NUMBER}"]


def test_the_embed_is_read_where_the_posts_own_page_is_closed(
    site: WebServer, sources: Sources
) -> None:
    page = site.add(f"/@ann/{NUMBER}", "sign in", status=403)
    site.add(f"/@ann/{NUMBER}/embed", f"<title>embedded</title>{TEXT}")
    post = sources.fetch(f"{page}/embed").post
    assert (post.key, post.title) == (page, "embedded")


def test_a_short_link_into_the_own_network_is_refused(site: WebServer, sources: Sources) -> None:
    with pytest.raises(ForbiddenAddress):
        sources.fetch(site.redirect("/in", "http://169.254.169.254/latest/meta-data/"))


def test_posts_that_lead_to_each_other_end(site: WebServer, sources: Sources) -> None:
    first, second = f"/@ann/{NUMBER}", f"/@ann/{NUMBER[:-1]}3"
    site.redirect(first, second)
    site.redirect(second, first)
    with pytest.raises(NetworkError, match="without end"):
        sources.fetch(site.url(first))
    assert len(site.requests) < 10


def test_short_links_in_a_text_are_worth_following() -> None:
    found = Found()
    assert [
        found.add_mention("http://t.co/abc"),
        found.add_post("https://t.co/abc", LinkRelation.LINKS),
        found.add_post("https://example.org/abc", LinkRelation.LINKS),
    ] == [True, True, False]
    assert [link.url for link in found.links] == ["http://t.co/abc"]


def test_an_article_reaches_a_post_by_its_short_link_and_holds_it_once(
    site: WebServer, tmp_path: Path
) -> None:
    page = site.add(f"/@ann/{NUMBER}", f"<title>T</title>{TEXT}")
    short = site.redirect("/s", f"{page}/embed")
    target = site.add("/article", article("A", short, page))
    network = NetworkSettings(allow_private=True, read_timeout_s=5, page_timeout_s=5)
    with open_app(Settings(data_dir=tmp_path / "data", network=network)) as app:
        result = app.add.target(target)
    keys = [post.key for post in result.posts]
    assert keys.count(canonical_url(page)) == 1
    assert canonical_url(short) not in keys
