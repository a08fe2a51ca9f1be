"""Step one: from an address to posts and files on local disk. Nothing is recorded here."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tracker.errors import SourceError, TrackerError
from tracker.media.download import MediaDownloader
from tracker.model.capture import FetchedMedia, FetchedPost
from tracker.model.post import LinkRelation, MediaRef, Post
from tracker.model.watch import Watch
from tracker.net.url_syntax import local_path, shown
from tracker.net.urls import is_shorthand
from tracker.sources.ports import Polled
from tracker.sources.registry import Sources

FOLLOWED = frozenset(
    {
        LinkRelation.EMBEDS,
        LinkRelation.QUOTES,
        LinkRelation.SHARES,
        LinkRelation.REUSES,
        LinkRelation.LISTS,
    }
)
"""Relations that a lookup follows: what the page shows, not everything it mentions."""


SAVED_ARTICLE_SUFFIXES = frozenset({".html", ".htm", ".xhtml", ".txt"})
"""Local files with these endings are read as articles, all others as videos."""


@dataclass(frozen=True, slots=True)
class Problem:
    """An address that could not be read, and the error that says why."""

    url: str
    error: TrackerError


@dataclass(frozen=True, slots=True)
class Gathered:
    """The videos a target led to, and what failed on the way."""

    media: tuple[FetchedMedia, ...]
    problems: tuple[Problem, ...]


class Acquirer:
    """Reads posts and fetches their media through whatever source knows the address."""

    def __init__(self, sources: Sources, downloader: MediaDownloader) -> None:
        self._sources = sources
        self._downloader = downloader

    def post(self, target: str) -> FetchedPost:
        """Return what is published at ``target``; raises the source's ``TrackerError``."""
        return self._sources.fetch(target)

    def expect(self, targets: Sequence[str]) -> None:
        """Say what ``post`` will be asked for soon; some sources ask for many posts at once."""
        self._sources.expect(targets)

    def poll(self, watch: Watch, since: datetime | None) -> Polled:
        """Return what a watched feed or page lists now."""
        return self._sources.poll(watch, since)

    def media(self, ref: MediaRef, directory: Path) -> FetchedMedia:
        """Fetch one media file into ``directory``, hashed while it is written."""
        return self._downloader.fetch(ref, directory)

    def gather(self, target: str, directory: Path, *, depth: int, budget: int) -> Gathered:
        """Return the videos at ``target`` or shown by it, following at most ``depth`` links.

        At most ``budget`` addresses are read. A failure of one address leaves the others; a
        failure of ``target`` itself is raised.
        """
        posts, problems = self._walk(target, depth, budget)
        media: list[FetchedMedia] = []
        for post in posts:
            for ref in post.media:
                try:
                    media.append(self.media(ref, directory))
                except TrackerError as exc:
                    problems.append(Problem(ref.url, exc))
        return Gathered(_distinct(media), tuple(problems))

    def _walk(self, target: str, depth: int, budget: int) -> tuple[list[Post], list[Problem]]:
        posts = [self.post(target).post]
        problems: list[Problem] = []
        waiting = deque((link, depth) for link in _followed(posts[0]) if depth > 0)
        seen = {target, posts[0].key}
        while waiting and len(seen) <= budget:
            url, left = waiting.popleft()
            if url in seen:
                continue
            seen.add(url)
            try:
                post = self.post(url).post
            except TrackerError as exc:
                problems.append(Problem(url, exc))
                continue
            posts.append(post)
            if left > 1:
                waiting.extend((link, left - 1) for link in _followed(post))
        return posts, problems


def _followed(post: Post) -> list[str]:
    return [link.url for link in post.links if link.relation in FOLLOWED]


def _distinct(media: list[FetchedMedia]) -> tuple[FetchedMedia, ...]:
    """Keep one file of each digest: a page often offers the same bytes twice."""
    first: dict[str, FetchedMedia] = {}
    for item in media:
        first.setdefault(item.video, item)
    return tuple(first.values())


def media_name(ref: MediaRef) -> str:
    """Return what people know the media behind ``ref`` by: its address, or its file's name."""
    return local_path(ref.url).name if ref.via == "file" else shown(ref.url)


def local_video(target: str) -> Path | None:
    """Return the local video file that ``target`` names, None when it names something else.

    Raises ``SourceError`` for a path at which there is no file.
    """
    if "://" in target or is_shorthand(target):
        return None
    path = Path(target)
    if path.suffix.lower() in SAVED_ARTICLE_SUFFIXES:
        return None
    if path.is_dir():
        raise SourceError(f"{target} is a folder; `tracker import` takes in folders")
    if not path.is_file():
        raise SourceError(f"there is no file {target}")
    return path
