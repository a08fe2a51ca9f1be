"""What every source keeps to, over a real wire: real HTTP client, real yt-dlp, loopback server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.webserver import WebServer, serve
from tracker.clock import SystemClock
from tracker.errors import (
    ForbiddenAddress,
    HttpStatusError,
    NetworkError,
    RateLimited,
    SourceError,
    TrackerError,
    UnsupportedSource,
)
from tracker.model.capture import FetchedPost
from tracker.model.post import PostKind
from tracker.model.watch import Watch
from tracker.net.guard import AddressGuard
from tracker.net.http import HttpClient, HttpLimits
from tracker.net.ytdlp import YtDlp, YtDlpLimits
from tracker.sources.registry import Sources

MP4 = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2" + b"\x00" * 2000
LONG = "<p>" + "Plain words about what happened at the bridge that night. " * 6 + "</p>"
FEED = """<rss version="2.0"><channel><title>News</title>
<item><title>A</title><link>/a</link><pubDate>Wed, 01 May 2024 10:00:00 GMT</pubDate></item>
<item><title>B</title><link>/b</link><enclosure url="/b.mp4" type="video/mp4"/></item>
</channel></rss>"""


@pytest.fixture
def site() -> Iterator[WebServer]:
    with serve() as server:
        yield server


def made(*, allow_private: bool = True, generic: bool = False) -> tuple[Sources, HttpClient]:
    guard, clock = AddressGuard(allow_private=allow_private), SystemClock()
    limits = HttpLimits(
        connect_timeout_s=5, read_timeout_s=4, total_timeout_s=8, max_page_bytes=2_000_000
    )
    http = HttpClient(limits, guard, clock)
    ytdlp = YtDlp(
        YtDlpLimits(extract_timeout_s=40, socket_timeout_s=2, generic_allowed=generic),
        guard,
        clock,
    )
    return Sources(http, ytdlp, clock), http


@pytest.fixture
def sources() -> Iterator[Sources]:
    built, http = made()
    yield built
    http.close()


def article(site: WebServer, folder: Path) -> str:
    return site.add("/article", f"<title>T</title><article>{LONG}<video src='/v.mp4'></video>")


def mastodon_post(site: WebServer, folder: Path) -> str:
    return site.add("/@ann/108779000807761862", "<video src='/v.mp4'></video>")


def media_file(site: WebServer, folder: Path) -> str:
    return site.add("/v.mp4", MP4, content_type="video/mp4")


def media_of_no_type(site: WebServer, folder: Path) -> str:
    return site.add("/download?f=1", MP4, content_type="application/octet-stream")


def feed(site: WebServer, folder: Path) -> str:
    return site.add("/feed", FEED, content_type="application/rss+xml")


def saved_html(site: WebServer, folder: Path) -> str:
    path = folder / "saved.html"
    path.write_text(f"<title>T</title><article>{LONG}")
    return str(path)


def saved_text(site: WebServer, folder: Path) -> str:
    path = folder / "saved.txt"
    path.write_text("The bridge\n\nSee https://t.me/abcde/5 for it.")
    return path.as_uri()


def local_video(site: WebServer, folder: Path) -> str:
    path = folder / "clip %20 ö.mp4"
    path.write_bytes(MP4)
    return str(path)


EVERY = [
    article,
    mastodon_post,
    media_file,
    media_of_no_type,
    feed,
    saved_html,
    saved_text,
    local_video,
]


@pytest.mark.parametrize("target", EVERY)
def test_every_source_keeps_the_contract(
    target: Callable[[WebServer, Path], str], site: WebServer, sources: Sources, tmp_path: Path
) -> None:
    fetched = sources.fetch(target(site, tmp_path))
    post = fetched.post
    assert post.key.startswith((site.url(), "file:///"))
    assert post.key not in post.spellings
    assert post.media or post.links or post.text
    assert all(link.url.startswith("http") for link in post.links)
    assert all(ref.via in {"http", "ytdlp", "file"} for ref in post.media)
    _keeps_its_exchanges(fetched)
    assert sources.fetch(post.key).post == post  # the key leads to the same post again


def _keeps_its_exchanges(fetched: FetchedPost) -> None:
    assert fetched.exchanges
    for exchange in fetched.exchanges:
        assert exchange.started_at.tzinfo is not None
        assert exchange.started_at <= exchange.finished_at
    is_page = not fetched.post.media or fetched.post.kind is PostKind.ARTICLE
    assert bool(fetched.exchanges[0].body) is is_page or fetched.post.kind is PostKind.POST


def test_kinds(site: WebServer, sources: Sources, tmp_path: Path) -> None:
    kinds = {source.__name__: sources.fetch(source(site, tmp_path)).post.kind for source in EVERY}
    assert kinds == {
        "article": PostKind.ARTICLE,
        "mastodon_post": PostKind.POST,
        "media_file": PostKind.POST,
        "media_of_no_type": PostKind.POST,
        "feed": PostKind.FEED,
        "saved_html": PostKind.ARTICLE,
        "saved_text": PostKind.ARTICLE,
        "local_video": PostKind.FILE,
    }


def test_the_page_of_a_platform_post_has_the_time_of_its_id(
    site: WebServer, sources: Sources, tmp_path: Path
) -> None:
    claims = sources.fetch(mastodon_post(site, tmp_path)).post.claims
    assert [claim.kind.value for claim in claims] == ["id_derived"]


def test_a_redirect_is_followed_recorded_and_another_spelling(
    site: WebServer, sources: Sources, tmp_path: Path
) -> None:
    article(site, tmp_path)
    fetched = sources.fetch(site.redirect("/short", "/article"))
    assert fetched.post.key == site.url("/article")
    assert fetched.post.spellings == (site.url("/short"),)
    assert fetched.exchanges[0].redirects == (site.url("/short"), site.url("/article"))


def test_a_redirected_film_keeps_the_address_asked_for(
    site: WebServer, sources: Sources, tmp_path: Path
) -> None:
    media_file(site, tmp_path)
    post = sources.fetch(site.redirect("/watch.mp4", "/v.mp4?signature=1")).post
    assert post.key == site.url("/watch.mp4")
    assert [ref.url for ref in post.media] == [site.url("/watch.mp4")]


@pytest.mark.parametrize("content_type", ["video/mp4", "application/octet-stream", None])
def test_a_film_is_not_read_as_a_page(
    content_type: str | None, site: WebServer, sources: Sources
) -> None:
    url = site.add("/endless", MP4 * 100, content_type=content_type, endless=True)
    fetched = sources.fetch(url)
    assert [ref.url for ref in fetched.post.media] == [url]
    assert fetched.exchanges[0].body == b""
    assert site.sent_bytes < 20_000_000


def test_a_page_at_the_address_of_a_film_is_a_page(site: WebServer, sources: Sources) -> None:
    url = site.add("/clip.mp4", f"<article>{LONG}")
    assert sources.fetch(url).post.kind is PostKind.ARTICLE


FAILURES: list[tuple[dict[str, object], type[TrackerError], str]] = [
    ({"status": 404}, HttpStatusError, "404"),
    ({"status": 500}, HttpStatusError, "500"),
    ({"status": 429, "headers": {"Retry-After": "60"}}, RateLimited, "wait"),
    ({"delay_s": 12.0}, NetworkError, "in time"),
    ({"endless": True}, NetworkError, "larger than"),
    ({"endless": True, "chunk_delay_s": 0.5}, NetworkError, "."),
    ({"body": b"%PDF-1.7", "content_type": "application/pdf"}, UnsupportedSource, "not a page"),
    ({"body": b'{"a": 1}', "content_type": "application/json"}, UnsupportedSource, "not a page"),
    ({"body": b""}, UnsupportedSource, "nothing to read"),
    ({"body": b"<body>Please sign in"}, UnsupportedSource, "nothing to read"),
    ({"body": b"<div>" * 100_000}, SourceError, "built to exhaust"),
    ({"body": b"<rss", "content_type": "application/rss+xml"}, SourceError, "not an RSS"),
    ({"headers": {"Content-Encoding": "gzip"}, "body": b"no gzip"}, NetworkError, "damaged"),
    ({"status": 302, "headers": {"Location": "/page"}}, NetworkError, "redirects"),
    ({"status": 302, "headers": {"Location": "file:///etc/passwd"}}, TrackerError, "."),
]


@pytest.mark.parametrize(("answer", "error", "words"), FAILURES)
def test_every_failure_is_one_clear_sentence(
    answer: dict[str, object],
    error: type[TrackerError],
    words: str,
    site: WebServer,
    sources: Sources,
) -> None:
    url = site.add("/page", **answer)  # type: ignore[arg-type]  # a mixed table of options
    with pytest.raises(error, match=words) as caught:
        sources.fetch(url)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "target",
    ["", "   ", "ftp://x.example/a", "javascript:alert(1)", "http://", "https://u:p@x.example/",
     "file://elsewhere/etc/passwd", "/no/such/file.mp4", "nosuch.html", "\x00", "http://[::1",
     "x" * 5000],
)  # fmt: skip
def test_targets_that_are_none(target: str, sources: Sources) -> None:
    with pytest.raises(SourceError):
        sources.fetch(target)


def test_local_files_that_are_none(sources: Sources, tmp_path: Path) -> None:
    (tmp_path / "notes.pdf").write_bytes(b"%PDF-1.7")
    (tmp_path / "empty.txt").write_bytes(b"")
    for name, words in (
        ("notes.pdf", "neither a video nor an article"),
        ("empty.txt", "nothing to read"),
        (".", "tracker import"),
    ):
        with pytest.raises(UnsupportedSource, match=words):
            sources.fetch(str(tmp_path / name))


def test_a_film_is_known_by_its_bytes_where_its_name_says_nothing(
    sources: Sources, tmp_path: Path
) -> None:
    (tmp_path / "evidence-7").write_bytes(MP4)
    assert sources.fetch(str(tmp_path / "evidence-7")).post.kind is PostKind.FILE


def test_the_guard_is_asked(site: WebServer, tmp_path: Path) -> None:
    sources, http = made(allow_private=False)
    for target in (article, media_file, feed):
        with pytest.raises(ForbiddenAddress):
            sources.fetch(target(site, tmp_path))
    http.close()
    assert site.requests == []


def test_yt_dlp_finds_the_video_that_the_page_hides(site: WebServer) -> None:
    sources, http = made(generic=True)
    media_file(site, Path())
    url = site.add("/player", "<script>jwplayer('p').setup({file: '/v.mp4'});</script>")
    fetched = sources.fetch(url)
    http.close()
    assert [(ref.url, ref.via) for ref in fetched.post.media] == [(url, "ytdlp")]
    assert len(fetched.exchanges) == 2


def watch(url: str) -> Watch:
    return Watch(url, interval_s=600, depth=1, budget=10)


def test_a_feed_is_polled_and_not_again_while_it_is_the_same(
    site: WebServer, sources: Sources
) -> None:
    url = site.add(
        "/feed",
        FEED,
        content_type="application/rss+xml",
        etag='"1"',
        last_modified="Wed, 01 May 2024 10:00:00 GMT",
    )
    first = sources.poll(watch(url), None)
    assert [entry.key for entry in first.entries] == [site.url("/a"), site.url("/b")]
    assert [ref.url for ref in first.entries[1].media] == [site.url("/b.mp4")]
    assert (first.etag, first.not_modified) == ('"1"', False)
    known = replace(watch(url), etag=first.etag, last_modified=first.last_modified)
    second = sources.poll(known, None)
    assert (second.entries, second.not_modified) == ((), True)
    assert (second.etag, second.exchanges[0].status_code) == ('"1"', 304)
    assert site.requests[-1].headers["if-none-match"] == '"1"'


def test_a_page_is_polled_for_what_it_lists(site: WebServer, sources: Sources) -> None:
    url = site.add(
        "/front",
        "<nav><a href='/about'>All about us and our work</a></nav><main>"
        "<a href='/1'>A bridge has fallen into the river</a><a href='/2'>More</a>"
        "<a href='https://other.example/3'>Another site has this long story</a>"
        "<blockquote cite='/clip/9'>shown</blockquote><a href='https://t.me/abcde/5'>post</a>"
        "<video src='/v.mp4'></video></main>",
    )
    polled = sources.poll(watch(url), None)
    assert [(entry.key, entry.title) for entry in polled.entries] == [
        (site.url("/clip/9"), None),
        ("https://t.me/abcde/5", None),
        (site.url("/v.mp4"), None),
        (site.url("/1"), "A bridge has fallen into the river"),
    ]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"body": MP4, "content_type": "video/mp4"}, UnsupportedSource),
        ({"body": b"{}", "content_type": "application/json"}, UnsupportedSource),
        ({"status": 410}, HttpStatusError),
        ({"body": b"hello", "content_type": "application/atom+xml"}, SourceError),
    ],
)
def test_what_cannot_be_polled(
    answer: dict[str, object], error: type[TrackerError], site: WebServer, sources: Sources
) -> None:
    url = site.add("/watched", **answer)  # type: ignore[arg-type]  # a mixed table of options
    with pytest.raises(error):
        sources.poll(watch(url), None)
