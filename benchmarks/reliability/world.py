"""A small world on loopback: an account with many posts, some with videos; feeds of articles."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.support.footage import make_footage
from tests.support.mastodon_server import MastodonSite, serve_mastodon
from tests.support.webserver import WebServer, serve

FIRST_DAY = datetime(2024, 1, 1, tzinfo=UTC)
ARTICLES_A_FEED = 100
PAGE_SHARE = 10
"""Every tenth post is an article page of a feed, read as HTML; the others come from listings."""

ARTICLE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta property="article:published_time" content="{date}"></head><body><article><h1>{title}</h1>
{paragraphs}</article></body></html>"""
PARAGRAPH = "<p>The desk wrote on {date} about matter {number}, as it was told.</p>"
FEED = '<?xml version="1.0"?><rss version="2.0"><channel><title>Desk</title>{items}</channel></rss>'
ITEM = "<item><title>{title}</title><link>{url}</link></item>"


@dataclass(frozen=True, slots=True)
class World:
    """What is published, and the addresses to watch."""

    posts: int
    videos: int
    account: str
    feeds: tuple[str, ...]


@contextmanager
def published(posts: int, videos: Sequence[bytes]) -> Iterator[World]:
    """Serve ``posts`` posts, of which as many as there are ``videos`` show one of these each."""
    with ExitStack() as stack:
        pages, toots = stack.enter_context(serve()), stack.enter_context(serve_mastodon())
        articles = max(1, posts // PAGE_SHARE)
        feeds = tuple(_feeds(pages, articles))
        _statuses(toots, posts - articles, videos)
        yield World(posts, len(videos), toots.server.url("/@ann"), feeds)


def made_videos(count: int, folder: Path, *, seconds: float = 3.0, copies: int = 4) -> list[bytes]:
    """Return so many different files, of each footage ``copies`` that differ in their bytes."""
    found: list[bytes] = []
    for seed in range(-(-count // copies)):
        path = folder / "made.mp4"
        make_footage(path, seed=seed, seconds=seconds, size=(160, 90), fps=12)
        content = path.read_bytes()
        # A box that players pass over makes another file of the same footage.
        found += [content + _free_box(number) for number in range(copies)]
    random.Random(3).shuffle(found)  # noqa: S311 - a fixed order
    return found[:count]


def _free_box(number: int) -> bytes:
    body = number.to_bytes(4, "big")
    return (8 + len(body)).to_bytes(4, "big") + b"free" + body


def _feeds(pages: WebServer, articles: int) -> Iterator[str]:
    urls = [_article(pages, number) for number in range(articles)]
    for start in range(0, articles, ARTICLES_A_FEED):
        items = "".join(
            ITEM.format(title=f"Matter {start + n}", url=url)
            for n, url in enumerate(urls[start : start + ARTICLES_A_FEED])
        )
        kind = "application/rss+xml"
        yield pages.add(f"/feeds/{start}.xml", FEED.format(items=items), content_type=kind)


def _article(pages: WebServer, number: int) -> str:
    date = (FIRST_DAY + timedelta(hours=number)).isoformat()
    text = "".join(PARAGRAPH.format(date=date, number=number) for _ in range(8))
    page = ARTICLE.format(title=f"Matter {number}", date=date, paragraphs=text)
    return pages.add(f"/news/{number}", page)


def _statuses(toots: MastodonSite, count: int, videos: Sequence[bytes]) -> None:
    """Publish statuses, those with a video spread evenly among them, oldest first."""
    shown = {n * count // len(videos): video for n, video in enumerate(videos)}
    for number in range(count):
        at = FIRST_DAY + timedelta(minutes=number)
        name, media = f"{number}.mp4", list[dict[str, object]]()
        if number in shown:
            toots.files[f"/media/{name}"] = shown[number]
            media.append(toots.video(name, str(900_000 + number)))
        toots.publish(
            str(110_000_000_000_000_000 + number * 1000),
            f"<p>Post {number}: what was seen at {at:%H:%M}</p>",
            at=at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            media_attachments=media,
        )
