"""A made world on loopback: a news feed, articles, posts and videos, and the truth about them.

Five pieces of footage were each published once and then copied: trimmed, mirrored, cropped,
captioned, sped up, cut into a compilation, and passed off as news years later. Articles show the
copies before they show the first uploads, so that nothing can be learned from their order.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

from tests.support.footage import Copy, Edit, Stretch, make_compilation, make_copy, make_footage
from tests.support.webserver import WebServer, serve


@dataclass(frozen=True, slots=True)
class Shown:
    """Footage ``source`` is seen in a post from ``post_ms``; it is its ``source_ms``."""

    source: str
    post_ms: tuple[int, int]
    source_ms: tuple[int, int]
    mirrored: bool = False


@dataclass(frozen=True, slots=True)
class WorldPost:
    """A post of the made world and what is really in it."""

    url: str
    media_url: str
    account: str
    published_at: datetime
    shows: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class World:
    """The addresses of the made world, and what is true in it.

    ``chains`` gives for each piece of footage its posts in order of publication, the first
    upload first. ``unseen_url`` serves a copy of ``unseen_source`` that no page links.
    """

    feed_url: str
    article_urls: tuple[str, ...]
    posts: tuple[WorldPost, ...]
    unseen_url: str
    unseen_source: str

    @property
    def chains(self) -> Mapping[str, tuple[WorldPost, ...]]:
        """The posts that show each piece of footage, oldest first."""
        ordered = sorted(self.posts, key=lambda post: post.published_at)
        sources = dict.fromkeys(shown.source for post in ordered for shown in post.shows)
        return {
            source: tuple(p for p in ordered if any(s.source == source for s in p.shows))
            for source in sources
        }


@dataclass(frozen=True, slots=True)
class _Upload:
    name: str
    account: str
    published: str
    source: str | None = None  # None: the compilation
    edit: Edit | None = None  # None: the footage as it was made


SECONDS = {"bridge": 12.0, "harbour": 11.0, "market": 10.0, "storm": 12.0, "parade": 9.0}
_SEEDS = {"bridge": 101, "harbour": 202, "market": 303, "storm": 404, "parade": 505}
_PARTS = (("harbour", 2.0, 7.0), ("market", 1.0, 6.0), ("storm", 3.0, 8.0))
_UPLOADS = (
    _Upload("bridge-first", "river.watch", "2026-03-02T06:41:10Z", "bridge"),
    _Upload("bridge-trim", "daily_clips", "2026-03-02T09:15:00Z", "bridge",
            Edit(start_s=2, end_s=10)),
    _Upload("bridge-mirror", "breaking24", "2026-03-03T11:02:30Z", "bridge", Edit(mirror=True)),
    _Upload("bridge-caption", "viral_now", "2026-03-04T20:30:00Z", "bridge",
            Edit(caption=0.14, crf=32, height=144)),
    _Upload("harbour-first", "port_spotter", "2023-05-11T15:20:05Z", "harbour"),
    _Upload("harbour-recycled", "breaking24", "2026-03-05T08:00:00Z", "harbour",
            Edit(start_s=1, end_s=9, crop=0.05)),
    _Upload("market-first", "lena_films", "2026-02-20T12:00:00Z", "market"),
    _Upload("market-letterbox", "viral_now", "2026-02-22T18:45:00Z", "market",
            Edit(letterbox=0.12)),
    _Upload("market-crop", "daily_clips", "2026-02-24T07:10:00Z", "market", Edit(crop=0.08)),
    _Upload("storm-first", "coast_cam", "2026-01-15T05:30:00Z", "storm"),
    _Upload("storm-fast", "daily_clips", "2026-01-16T10:00:00Z", "storm", Edit(speed=1.25)),
    _Upload("storm-caption", "breaking24", "2026-01-18T21:12:00Z", "storm",
            Edit(start_s=1, end_s=11, caption=0.12)),
    _Upload("parade-first", "town_band", "2025-09-07T14:05:00Z", "parade"),
    _Upload("parade-pillarbox", "viral_now", "2025-09-09T19:00:00Z", "parade", Edit(pillarbox=0.2)),
    _Upload("parade-poor", "port_spotter", "2025-09-12T09:40:00Z", "parade",
            Edit(crf=36, height=120)),
    _Upload("parade-mirror", "daily_clips", "2026-03-01T16:00:00Z", "parade",
            Edit(mirror=True, start_s=1, end_s=8)),
    _Upload("week-in-clips", "viral_now", "2026-03-06T17:00:00Z"),
)  # fmt: skip
_UNSEEN = ("bridge", Edit(start_s=3, end_s=11, mirror=True, caption=0.1, crf=30))
_ARTICLES: tuple[tuple[str, str, str, Sequence[str]], ...] = (
    ("bridge-reopens", "Crowd runs across reopened bridge", "2026-03-04T12:00:00Z",
     ("bridge-mirror", "bridge-caption", "bridge-trim")),
    ("harbour-fire", "Old harbour fire shared as new", "2026-03-06T09:00:00Z",
     ("harbour-recycled", "week-in-clips", "harbour-first")),
    ("market-day", "What the market videos show", "2026-02-25T10:00:00Z",
     ("market-crop", "market-letterbox", "storm-caption", "storm-fast")),
    ("parade-again", "The parade that never ends", "2026-03-02T13:30:00Z",
     ("parade-mirror", "parade-poor", "parade-pillarbox")),
    ("first-uploads", "Who filmed it? Five people who did", "2026-03-07T08:00:00Z",
     ("market-first", "storm-first", "parade-first", "bridge-first")),
)  # fmt: skip
_OUTSIDE = (
    '<blockquote class="twitter-tweet"><p>Look at this</p>'
    '<a href="https://twitter.com/nobody/status/1098230906194546688">20 February</a></blockquote>'
    '<iframe src="https://www.youtube.com/embed/aaaaaaaaaaa"></iframe>'
    '<p>It began on <a href="https://t.me/nobody/12">Telegram</a>.</p>'
)


@contextmanager
def serve_world(directory: Path, *, outside_embeds: bool = False) -> Iterator[World]:
    """Make the world's footage in ``directory`` and serve it from loopback until the block ends.

    ``outside_embeds`` adds posts on real platforms to an article: addresses that cannot be read
    without a network, to show that they spoil nothing.
    """
    directory.mkdir(parents=True, exist_ok=True)
    copies = make_media(directory)
    with serve() as site:
        yield _build(site, copies, _OUTSIDE if outside_embeds else "")


def make_media(directory: Path) -> Mapping[str, Copy]:
    """Write all footage and copies of the world to ``directory``; return each upload's truth."""
    sources = {
        name: make_footage(directory / f"source-{name}.mp4", _SEEDS[name], seconds).path
        for name, seconds in SECONDS.items()
    }
    copies = {up.name: _media(up, sources, directory) for up in _UPLOADS}
    name, edit = _UNSEEN
    copies["unseen"] = make_copy(sources[name], directory / "unseen.mp4", edit)
    return copies


def _media(upload: _Upload, sources: Mapping[str, Path], directory: Path) -> Copy:
    path = directory / f"{upload.name}.mp4"
    if upload.source is None:
        return make_compilation([(sources[n], a, b) for n, a, b in _PARTS], path)
    source = sources[upload.source]
    if upload.edit is None:
        whole = (0, round(SECONDS[upload.source] * 1000))
        return Copy(source, (Stretch(source, whole, whole),))
    return make_copy(source, path, upload.edit)


def _build(site: WebServer, copies: Mapping[str, Copy], outside: str) -> World:
    posts = {up.name: _publish(site, number, up, copies[up.name]) for number, up in
             enumerate(_UPLOADS, 1001)}  # fmt: skip
    articles = [_write(site, posts, outside if n == 0 else "", *a) for n, a in enumerate(_ARTICLES)]
    unseen = site.add("/files/unseen.mp4", copies["unseen"].path.read_bytes(),
                      content_type="video/mp4")  # fmt: skip
    feed = site.add("/news/feed.xml", _feed(site, articles), content_type="application/rss+xml")
    return World(feed, tuple(articles), tuple(posts.values()), unseen, _UNSEEN[0])


def _publish(site: WebServer, number: int, upload: _Upload, copy: Copy) -> WorldPost:
    at = datetime.fromisoformat(upload.published).astimezone(UTC)
    media = site.add(
        f"/media/{upload.name}.mp4",
        copy.path.read_bytes(),
        content_type="video/mp4",
        last_modified=format_datetime(at, usegmt=True),
    )
    path = f"/{upload.account}/video/{number}"
    shows = tuple(
        Shown(s.source.stem.removeprefix("source-"), s.copy_ms, s.source_ms, s.mirrored)
        for s in copy.stretches
    )
    site.add(path, _post_page(upload, media))
    return WorldPost(site.url(path), media, upload.account, at, shows)


def _post_page(upload: _Upload, media: str) -> str:
    about = {
        "@context": "https://schema.org",
        "@type": "SocialMediaPosting",
        "datePublished": upload.published,
        "headline": upload.name.replace("-", " "),
        "author": {"@type": "Person", "name": upload.account},
    }
    return _page(
        f"{upload.account}: {upload.name.replace('-', ' ')}",
        about,
        f'<article><h1>@{upload.account}</h1><time datetime="{upload.published}"></time>'
        f'<video controls src="{media}"></video></article>',
    )


def _write(
    site: WebServer,
    posts: Mapping[str, WorldPost],
    outside: str,
    name: str,
    title: str,
    published: str,
    shown: Sequence[str],
) -> str:
    about = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": title,
        "datePublished": published,
        "dateModified": published,
        "publisher": {"@type": "Organization", "name": "The Loopback Courier"},
    }
    embeds = "".join(_embed(posts[post], n) for n, post in enumerate(shown))
    body = (
        f"<nav><a href='/'>Home</a> <a href='/news/'>News</a></nav><article><h1>{title}</h1>"
        f"<p>The footage was shared thousands of times before anybody asked where it came from."
        f"</p>{embeds}{outside}</article><footer>Contact · Imprint</footer>"
    )
    return site.add(f"/news/{name}", _page(title, about, body))


def _embed(post: WorldPost, number: int) -> str:
    """Return the post as sites show it: a cited quotation or a player in a frame, in turn."""
    if number % 2:
        return f'<iframe src="{post.url}" class="video-player" allowfullscreen></iframe>'
    quoted = f'<p>See this!</p>— @{post.account} <a href="{post.url}">{post.published_at:%d %B}</a>'
    return f'<blockquote cite="{post.url}">{quoted}</blockquote>'


def _page(title: str, about: Mapping[str, object], body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}'
        f'</title><script type="application/ld+json">{json.dumps(about)}</script></head>'
        f"<body>{body}</body></html>"
    )


def _feed(site: WebServer, articles: Sequence[str]) -> str:
    items = "".join(
        f"<item><title>{html.escape(title)}</title><link>{url}</link><guid>{url}</guid><pubDate>"
        f"{format_datetime(datetime.fromisoformat(published))}</pubDate></item>"
        for url, (_, title, published, _) in zip(articles, _ARTICLES, strict=True)
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>'
        f"<title>The Loopback Courier</title><link>{site.url('/')}</link>"
        f"<description>News</description>{items}</channel></rss>"
    )
