"""What a site's robots.txt says about a page, asked through our own door before the page is.

For plain pages and feeds, which are read like a crawler reads them; platforms' interfaces, media
and what yt-dlp's readers ask for have rules of their own. Source: RFC 9309.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit

from protego import Protego

from tracker.clock import Clock
from tracker.errors import (
    HTTP_SERVER_ERROR,
    HttpStatusError,
    NetworkError,
    RobotsRefusal,
    UnsupportedSource,
)
from tracker.net.http_headers import decode_text
from tracker.net.politeness import HostTurns, host_of, is_this_machine
from tracker.net.url_syntax import shown
from tracker.net.urls import WEB, parse_address

MAX_BYTES = 512 * 1024
"""As much of a file is read; the rest does not count. Source: RFC 9309 §2.5 (at least 500 KiB)."""
MAX_SITES = 1000
"""Sites whose rules are remembered at a time."""
FRESH = timedelta(hours=24)  # Source: RFC 9309 §2.4

_MAX_LINE_CHARS = 2048
_AGENT_LINE = re.compile(r"\s*user[ -]?agent\s*[: ]\s*([^#]*)", re.IGNORECASE)


class TextFetcher(Protocol):
    """How the file is fetched: the start of what is at an address, redirects followed."""

    def head_of(self, url: str, max_bytes: int) -> tuple[bytes, str | None]:
        """Return up to ``max_bytes`` of the body, and its content type; raises as a page does."""
        ...


@dataclass(frozen=True, slots=True)
class _Rules:
    """What one site says. ``digest`` is ``None`` where there is no file; then all is allowed."""

    rules: Protego
    digest: str | None
    asked_at: datetime


class PagePermits:
    """Says of each address of a plain page whether it may be read: by robots.txt, or always.

    Addresses of platforms are read like by their apps, and this machine itself is not asked.
    """

    def __init__(self, robots: Robots | None) -> None:
        self._robots = robots

    def permit(self, url: str) -> tuple[tuple[str, str], ...]:
        """Return what to note with the answer of ``url``; raises as ``Robots.check`` does."""
        try:
            is_plain = parse_address(url).platform == WEB
        except UnsupportedSource:  # the door says so better
            return ()
        if not is_plain or is_this_machine(host_of(url)):
            return ()
        if self._robots is None:
            return (("robots.txt", "not asked: network.obey_robots is off"),)
        return (("robots.txt", self._robots.check(url)),)


class Robots:
    """Answers whether a page may be read. Safe to use from several threads.

    ``user_agent`` is what we send: the group that names its first word counts, else that for all.
    """

    def __init__(
        self, fetcher: TextFetcher, user_agent: str, clock: Clock, turns: HostTurns | None = None
    ) -> None:
        self._fetcher = fetcher
        self._product = re.split(r"[\s/]", user_agent.strip() or "-", maxsplit=1)[0].lower()
        self._clock = clock
        self._turns = turns
        self._known: OrderedDict[str, _Rules] = OrderedDict()
        self._lock = threading.Lock()

    def check(self, url: str) -> str:
        """Return what the site's file says of ``url``, for the record, where that is yes.

        Raises ``RobotsRefusal`` where it is no; ``NetworkError`` and ``RateLimited`` where the
        site cannot say, which counts as a no for the time being (RFC 9309 §2.3.1.4).
        """
        split = urlsplit(url)
        site = f"{split.scheme}://{split.netloc}"
        found = self._rules(site)
        if not found.rules.can_fetch(url, self._product):
            raise RobotsRefusal(
                f"{shown(site)}/robots.txt asks programs not to read {shown(url)}; "
                "network.obey_robots = false reads it all the same"
            )
        return f"allowed, sha256 {found.digest}" if found.digest else "allowed, there is none"

    def _rules(self, site: str) -> _Rules:
        now = self._clock.now()
        with self._lock:
            known = self._known.get(site)
            if known is not None and known.asked_at <= now < known.asked_at + FRESH:
                self._known.move_to_end(site)
                return known
        found = self._asked(site, now)
        with self._lock:
            self._known[site] = found
            while len(self._known) > MAX_SITES:
                self._known.popitem(last=False)
        return found

    def _asked(self, site: str, now: datetime) -> _Rules:
        try:
            body, content_type = self._fetcher.head_of(f"{site}/robots.txt", MAX_BYTES)
        except HttpStatusError as exc:
            if exc.status_code >= HTTP_SERVER_ERROR:
                raise NetworkError(
                    f"{shown(site)}/robots.txt cannot be asked whether pages may be read "
                    f"(it answered {exc.status_code})",
                    retry_at=exc.retry_at,
                ) from exc
            return _Rules(Protego.parse(""), None, now)
        rules = Protego.parse(narrowed(decode_text(body, content_type), self._product))
        self._slow_down(site, rules)
        return _Rules(rules, hashlib.sha256(body).hexdigest(), now)

    def _slow_down(self, site: str, rules: Protego) -> None:
        delay_s = rules.crawl_delay(self._product)
        if delay_s and self._turns is not None:
            self._turns.slow_down(host_of(site), delay_s)


def narrowed(text: str, product: str) -> str:
    """Return a robots.txt in which all groups for other programs are one, without overlong lines.

    ``product`` is our name, as in the first word of a User-Agent, in lower case. The parser's work
    grows with the number of groups times that of rules: a file of half a megabyte could keep it
    busy for minutes.
    """
    kept: list[str] = []
    for line in text.splitlines():
        named = _AGENT_LINE.match(line)
        plain = line if named is None else f"User-agent: {_whose(named[1], product)}"
        if len(plain) <= _MAX_LINE_CHARS and [plain] != kept[-1:]:
            kept.append(plain)
    return "\n".join(kept)


def _whose(name: str, product: str) -> str:
    if name.strip() == "*":
        return "*"
    is_ours = name.replace("*", "").strip().partition("/")[0].lower() == product
    return product if is_ours else "-"
