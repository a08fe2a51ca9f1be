"""Where each platform is searched for a clip's words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from tracker.model.ids import Platform
from tracker.model.watch import Watch
from tracker.net.urls import canonical_url

LOOK_BACK = timedelta(days=90)
"""How far back listings are paged through that cannot be asked to begin at a time."""

YTDLP_SEARCHES = {"youtube": "https://www.youtube.com/results?search_query="}


@dataclass(frozen=True, slots=True)
class Search:
    """One search to be made: ``query`` as a reader would say it, ``target`` as it is polled."""

    platform: Platform
    query: str
    target: str
    pages_back: bool = False

    def watch(self, until: datetime, budget: int) -> Watch:
        """Return the search as a watch that is polled once and never kept."""
        back_to = until - LOOK_BACK if self.pages_back else None
        return Watch(self.target, 0, 0, budget, back_to=back_to, until=until)


def searches(
    platforms: Sequence[str], mastodon_servers: Sequence[str], terms: Sequence[str]
) -> list[Search]:
    """Return a search of every platform for every term: first every platform for the best term.

    ``platforms`` are ``bluesky``, ``mastodon`` (every known server), the address of one Mastodon
    server, ``x`` and ``youtube``. Mastodon is asked for hashtags: its searches need an account.
    """
    found = (
        search
        for term in terms
        for platform in platforms
        for search in _on_platform(platform, mastodon_servers, term)
    )
    return list({search.target: search for search in found}.values())


def _on_platform(platform: str, servers: Sequence[str], term: str) -> Iterator[Search]:
    if platform == "bluesky":
        yield _search(platform, term, f"https://bsky.app/search?q={quote(term, safe='')}")
    elif platform == "x":
        words = term if term.startswith("#") else f'"{term}"' if _is_name(term) else term
        yield _search(platform, term, f"x:search:{words} has:videos -is:retweet")
    elif platform in YTDLP_SEARCHES:
        yield _search(platform, term, YTDLP_SEARCHES[platform] + quote(term, safe=""))
    elif tag := _tag(term):
        hosts = [f"https://{s}" for s in servers] if platform == "mastodon" else [platform]
        for host in hosts:
            yield Search(Platform("mastodon"), f"#{tag}", _canonical(f"{host}/tags/{tag}"), True)


def _search(platform: str, term: str, target: str) -> Search:
    return Search(Platform(platform), term, _canonical(target))


def _canonical(target: str) -> str:
    return str(canonical_url(target))


def _is_name(term: str) -> bool:
    return not term.islower()


def _tag(term: str) -> str:
    """A hashtag holds no blanks; two plain words that belong to no name make none."""
    spelled = term.startswith("#") or _is_name(term) or " " not in term
    return re.sub(r"[^\w]", "", term) if spelled else ""
