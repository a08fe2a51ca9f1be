"""A made world of many posts that share few short videos, published in instalments.

Each source is a few seconds of made footage; of each there are a crop, a mirrored copy and a
trimmed one. Posts show one of these files each, so most of them are reposts of the same bytes.
Every instalment adds articles to the feed, and leaves a file and a folder for `tracker add` and
`tracker import`.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.support.footage import Edit, make_copy, make_footage
from tests.support.pages import article, feed, video_page
from tests.support.webserver import WebServer, serve

SECONDS = 4.0
SIZE = (192, 108)
POSTS_PER_SOURCE = 25
POSTS_PER_ARTICLE = 5
FIRST_DAY = datetime(2021, 1, 1, 9, tzinfo=UTC)
EDITS: Mapping[str, Edit] = {
    "crop": Edit(crop=0.06),
    "mirror": Edit(mirror=True, crf=30),
    "trim": Edit(start_s=0.6, crf=32),
}


@dataclass(frozen=True, slots=True)
class Instalment:
    """What comes at once: posts on pages that the feed leads to, a file, and a folder.

    ``post_urls`` are what the feed leads to; ``file`` is for `tracker add`, ``folder`` (a video
    with its sidecar) for `tracker import`.
    """

    post_urls: tuple[str, ...]
    article_urls: tuple[str, ...]
    file: Path
    folder: Path


class World:
    """The site, and what it will publish."""

    def __init__(self, site: WebServer, instalments: Sequence[Instalment]) -> None:
        self._site = site
        self.instalments = tuple(instalments)
        self.feed_url = site.url("/feed.xml")
        self.publish(0)

    @property
    def posts(self) -> int:
        """How many posts there will be."""
        return sum(len(instalment.post_urls) for instalment in self.instalments)

    def publish(self, count: int) -> None:
        """Have the feed list the first ``count`` instalments, the newest first."""
        shown = [url for part in self.instalments[:count] for url in part.article_urls]
        self._site.add("/feed.xml", feed(reversed(shown)), content_type="application/rss+xml")


@contextmanager
def serve_world(
    directory: Path, *, posts: int, instalments: int, seed: int = 1
) -> Iterator[tuple[World, WebServer]]:
    """Make the footage in ``directory`` and serve the world from loopback until the block ends."""
    directory.mkdir(parents=True, exist_ok=True)
    order = random.Random(seed)  # noqa: S311 - a fixed order, no secret
    files = _footage(directory, max(1, posts // POSTS_PER_SOURCE))
    with serve() as site:
        shown = _shown(list(files), posts, order)
        urls = [_post(site, number, name, files[name]) for number, name in enumerate(shown)]
        parts = [urls[n::instalments] for n in range(instalments)]
        made = [_instalment(site, directory, n, part, order) for n, part in enumerate(parts)]
        yield World(site, made), site


def _footage(directory: Path, sources: int) -> dict[str, Path]:
    """Return every file that posts show, by name."""
    files = {}
    for number in range(sources):
        path = directory / f"source-{number}.mp4"
        files[path.stem] = make_footage(path, 1000 + number, SECONDS, size=SIZE).path
        for name, edit in EDITS.items():
            copy = directory / f"source-{number}-{name}.mp4"
            files[copy.stem] = make_copy(path, copy, edit).path
    return files


def _shown(names: list[str], posts: int, order: random.Random) -> list[str]:
    """Return what each post shows: every file at least once, as far as there are posts."""
    first = order.sample(names, len(names))[:posts]
    return first + order.choices(names, k=posts - len(first))


def _post(site: WebServer, number: int, name: str, path: Path) -> str:
    media = site.add(f"/media/{number}-{name}.mp4", path.read_bytes(), content_type="video/mp4")
    at = FIRST_DAY + timedelta(hours=7 * number)
    return site.add(f"/posts/{number}", video_page(f"Clip {number}", media, at.isoformat()))


def _instalment(
    site: WebServer, directory: Path, number: int, posts: list[str], order: random.Random
) -> Instalment:
    mixed = order.sample(posts, len(posts))
    articles = [
        site.add(
            f"/news/{number}-{start}",
            article(
                f"The week in clips, {number}-{start}",
                *mixed[start : start + POSTS_PER_ARTICLE],
                published=(FIRST_DAY + timedelta(days=900 + number)).isoformat(),
            ),
        )
        for start in range(0, len(mixed), POSTS_PER_ARTICLE)
    ]
    local = directory / f"local-{number}"
    folder = local / "folder"
    folder.mkdir(parents=True, exist_ok=True)
    _sidecar(folder, number)
    file = make_footage(local / "eyewitness.mp4", 5000 + number, 2.0, size=SIZE).path
    return Instalment(tuple(posts), tuple(articles), file, folder)


def _sidecar(folder: Path, number: int) -> None:
    make_footage(folder / f"clip-{number}.mp4", 7000 + number, 2.0, size=SIZE)
    at = FIRST_DAY + timedelta(days=number)
    info = {
        "id": f"{number}",
        "title": f"Kept clip {number}",
        "extractor_key": "Generic",
        "webpage_url": f"https://kept.example/video/{number}",
        "uploader_id": "keeper",
        "timestamp": int(at.timestamp()),
        "ext": "mp4",
    }
    (folder / f"clip-{number}.info.json").write_text(json.dumps(info), encoding="utf-8")
