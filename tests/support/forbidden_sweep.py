"""Every form of forbidden address by every way an address is fetched: ``python -m`` this module.

A form counts as refused where the call fails and nothing but the tests' own site was connected
to: an audit hook sees every connection of the process, whichever library makes it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import imageio_ffmpeg
import requests
import tweepy

from tests.support.callback_server import Call, WebServer, page, redirect, serving
from tests.support.forbidden_addresses import FORMS, RELATIVE, own_names
from tracker.clock import SystemClock
from tracker.errors import TrackerError
from tracker.ingest.previews import Previews
from tracker.media.download import MediaDownloader
from tracker.model.post import MediaRef
from tracker.model.watch import Watch
from tracker.net.bluesky import BlueskyClient
from tracker.net.guard import AddressGuard
from tracker.net.http import HttpClient, HttpLimits
from tracker.net.httpx_door import GuardedDoor
from tracker.net.mastodon import MastodonClient
from tracker.net.requests_adapter import GuardedAdapter, guarded_session
from tracker.net.rerouting import Rerouting
from tracker.net.robots import Robots
from tracker.net.timestamping import TimestampDoor
from tracker.net.ytdlp import YtDlp, YtDlpLimits
from tracker.sources.registry import Sources

LIMITS = HttpLimits(connect_timeout_s=2, read_timeout_s=2, total_timeout_s=4)
OPEN = ("127.0.0.1/32",)  # the tests' own site, and nothing else
SHORT_LINK = "https://t.co/abc"
Fetch = Callable[[str], object]
DID = "did:plc:" + "a" * 24


@dataclass(slots=True)
class Outcome:
    """How many pairs of form and path there were, and what got through."""

    forms: int = 0
    paths: list[str] = field(default_factory=list)
    tried: int = 0
    holes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        holes = "".join(f"\n  {hole}" for hole in self.holes)
        return (
            f"{self.forms} forms of forbidden address by {len(self.paths)} fetch paths: "
            f"{self.tried} tried, {self.tried - len(self.holes)} refused, "
            f"{len(self.holes)} let through{holes}"
        )


class Connections:
    """Sees every connection that this process is about to open."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self._watching = False
        sys.addaudithook(self._hook)  # for good: hooks cannot be removed

    @contextmanager
    def watched(self, own_port: int) -> Iterator[list[str]]:
        """Give a list that grows by each place connected to, except port ``own_port`` here."""
        self.made, self._own, self._watching = [], ("127.0.0.1", own_port), True
        try:
            yield self.made
        finally:
            self._watching = False

    def _hook(self, event: str, args: tuple[Any, ...]) -> None:
        if self._watching and event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
            place = args[1]
            if isinstance(place, tuple) and place[:2] != self._own:
                self.made.append(f"{place[0]}:{place[1]}")


class Doors:
    """All that fetches, built as the application builds it, around one guard."""

    def __init__(
        self, server: WebServer, folder: Path, stack: ExitStack, also_open: tuple[str, ...] = ()
    ) -> None:
        places = {"t.co": f"127.0.0.1:{server.server_port}"}
        guard = AddressGuard(allowed_networks=(*OPEN, *also_open), rerouting=Rerouting(places))
        clock = SystemClock()
        self.server, self.folder, self.guard, self.clock = server, folder, guard, clock
        self.http = HttpClient(LIMITS, guard, clock)
        self.ytdlp = YtDlp(YtDlpLimits(extract_timeout_s=30), guard, clock)
        self.adapter = GuardedAdapter(guard, LIMITS, clock)
        self.session = requests.Session()
        guarded_session(self.session, self.adapter)
        self.httpx = httpx.Client(
            transport=GuardedDoor(guard, LIMITS, clock), trust_env=False, follow_redirects=True
        )
        self.mastodon = MastodonClient(guard, LIMITS, clock)
        self.stamps = TimestampDoor(guard, LIMITS, clock)
        self.sources = Sources(self.http, self.ytdlp, clock)
        self.media = MediaDownloader(self.http, self.ytdlp, clock)
        self.pool = stack.enter_context(ThreadPoolExecutor(1))
        for opened in (self.http, self.adapter, self.session, self.httpx, self.stamps):
            stack.callback(opened.close)
        stack.callback(self.mastodon.close)

    def led(self, fetch: Fetch) -> Fetch:
        """Return ``fetch`` of a page of our own that leads on to the address."""

        def led_on(url: str) -> object:
            self.server.routes["/led"] = redirect(encoded(url))
            return fetch(self.server.url("/led"))

        return led_on

    def shown(self, html: str, fetch: Fetch, start: str = "") -> Fetch:
        """Return ``fetch`` of a page of our own in whose ``html`` the address stands."""

        def from_page(url: str) -> object:
            self.server.routes["/shown"] = page(html.replace("ADDRESS", url))
            return fetch(start or self.server.url("/shown"))

        return from_page


def in_process(doors: Doors) -> Mapping[str, Fetch]:
    """Return every way of fetching that runs in this process, by its name."""
    http, media, sources, clock = doors.http, doors.media, doors.sources, doors.clock
    session, stamps, folder = doors.session, doors.stamps, doors.folder
    doors.server.routes["/abc"] = lambda call: doors.server.routes["/shown"](call)
    refresh = '<meta http-equiv="refresh" content="0; url=ADDRESS"><title>x</title>'
    return {
        "page": http.get,
        "page, led on": doors.led(http.get),
        "file": lambda url: http.download(url, folder),
        "file, led on": doors.led(lambda url: http.download(url, folder)),
        "robots.txt": lambda url: Robots(http, "x/1", clock).check(url),
        "robots.txt, led on": lambda url: _robots_led(doors, url),
        "requests": session.get,
        "requests, led on": doors.led(session.get),
        "httpx": doors.httpx.get,
        "httpx, led on": doors.led(doors.httpx.get),
        "tweepy": lambda url: _tweepy(doors, url),
        "Mastodon.py": lambda url: doors.mastodon.status(_base(url), "1"),
        "Mastodon.py, led on": doors.led(lambda url: doors.mastodon.status(url, "1")),
        "AT Protocol: AppView": lambda url: _bluesky(doors, appview=_base(url)).posts([]),
        "AT Protocol: account's server": lambda url: _account_server(doors, url),
        "AT Protocol: identity of a domain": lambda url: _identity(doors, url),
        "AT Protocol: directory": lambda url: _bluesky(doors, directory=_base(url)).server(DID),
        "timestamp authority": lambda url: stamps.ask_authority(url, b"x"),
        "OpenTimestamps: digest": lambda url: stamps.submit(url, bytes(32)),
        "OpenTimestamps: proof": lambda url: stamps.upgrade(url, bytes(32)),
        "preview picture": lambda url: _preview(doors, url),
        "post or article": sources.fetch,
        "post or article, led on": doors.led(sources.fetch),
        "short link that refreshes": doors.shown(refresh, sources.fetch, SHORT_LINK),
        "watched page": lambda url: sources.poll(Watch(url, 900, 1, 5), None),
        "watched page, led on": doors.led(lambda url: sources.poll(Watch(url, 900, 1, 5), None)),
        "media of a post": lambda url: media.fetch(MediaRef(url, "http"), folder),
        "media of a post, led on": doors.led(
            lambda url: media.fetch(MediaRef(url, "http"), folder)
        ),
        "yt-dlp: post": doors.ytdlp.extract,
        "yt-dlp: list": doors.ytdlp.listing,
        "yt-dlp: media": lambda url: media.fetch(MediaRef(url, "ytdlp"), folder),
    }


def encoded(url: str) -> str:
    """Return the address as it can stand in a header: bytes beyond ASCII escaped."""
    return quote(url, safe="".join(chr(c) for c in range(33, 127))).replace("%09", "\t")


def _base(url: str) -> str:
    return url.removesuffix("/a.mp4")


def _robots_led(doors: Doors, url: str) -> object:
    doors.server.routes["/robots.txt"] = redirect(encoded(url))
    return Robots(doors.http, "x/1", doors.clock).check(doors.server.url("/page"))


def _tweepy(doors: Doors, url: str) -> object:
    adapter = GuardedAdapter(
        doors.guard, LIMITS, doors.clock, moved={"https://api.twitter.com": _base(url)}
    )
    client = tweepy.Client(bearer_token="none", wait_on_rate_limit=False)
    guarded_session(client.session, adapter, max_redirects=0)
    try:
        return client.get_tweets(["20"])
    finally:
        adapter.close()


def _bluesky(doors: Doors, *, appview: str = "", directory: str = "") -> BlueskyClient:
    own = doors.server.url("").rstrip("/")
    return BlueskyClient(
        doors.guard, LIMITS, doors.clock, appview=appview or own, plc_directory=directory or own
    )


def _account_server(doors: Doors, url: str) -> object:
    document = {
        "@context": ["https://www.w3.org/ns/did/v1"],
        "id": DID,
        "service": [
            {
                "id": "#atproto_pds",
                "type": "AtprotoPersonalDataServer",
                "serviceEndpoint": _base(url),
            }
        ],
    }

    def answer(call: Call) -> None:
        call.reply(json.dumps(document).encode(), "application/json")

    doors.server.routes[f"/{DID}"] = answer
    client = _bluesky(doors)
    try:
        return client.record(DID, "app.bsky.feed.post", "a")
    finally:
        client.close()


def _identity(doors: Doors, url: str) -> object:
    host = _base(url).partition("://")[2].partition("/")[0].replace(":", "%3A")
    return _bluesky(doors).server(f"did:web:{host}")


def _preview(doors: Doors, url: str) -> object:
    """A picture that cannot be fetched says nothing: that is its refusal."""
    import numpy as np

    said = Previews(doors.http, doors.pool).alike([url], np.zeros((1, 8), np.uint8))
    if said is None:
        raise TrackerError("nothing came")
    return said


DIRECT = "yt-dlp child: post"
YTDLP_PAGES: Mapping[str, Mapping[str, str]] = {
    DIRECT: {},
    "yt-dlp child: led on": {"/start": "REDIRECT"},
    "yt-dlp child: page that refreshes": {
        "/start": '<meta http-equiv="refresh" content="0; url=ADDRESS"><title>x</title>'
    },
    "yt-dlp child: player": {"/start": "<title>x</title><video src='ADDRESS'></video>"},
    "yt-dlp child: open graph": {
        "/start": '<title>x</title><meta property="og:video" content="ADDRESS">'
    },
    "yt-dlp child: media led on": {
        "/start": "<title>x</title><video src='/m.mp4'></video>",
        "/m.mp4": "REDIRECT",
    },
    "yt-dlp child: HLS variant": {
        "/start.m3u8": "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=100000\nADDRESS\n"
    },
    "yt-dlp child: HLS segment": {
        "/start.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nADDRESS\n#EXT-X-ENDLIST\n"
    },
    "yt-dlp child: HLS key": {
        "/start.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n"
        '#EXT-X-KEY:METHOD=AES-128,URI="ADDRESS"\n#EXTINF:1,\n/v.ts\n#EXT-X-ENDLIST\n'
    },
    "yt-dlp child: HLS start piece": {
        "/start.m3u8": '#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MAP:URI="ADDRESS"\n'
        "#EXTINF:1,\n/v.ts\n#EXT-X-ENDLIST\n"
    },
    "yt-dlp child: DASH": {
        "/start.mpd": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" '
        'type="static" mediaPresentationDuration="PT1S"><Period><AdaptationSet '
        'mimeType="video/mp4"><Representation id="1" bandwidth="1000" width="16" height="16">'
        "<BaseURL>ADDRESS</BaseURL></Representation></AdaptationSet></Period></MPD>"
    },
}
_TYPES = {".m3u8": "application/vnd.apple.mpegurl", ".mpd": "application/dash+xml"}

_CHILD = """
import json, socket, sys
from tests.support.forbidden_addresses import resolver
from tracker.net import ytdlp_child
from tracker.net.guard import AddressGuard
socket.getaddrinfo = resolver(socket.getaddrinfo)
common, urls = json.load(sys.stdin)
guard = AddressGuard(allowed_networks=tuple(common["open"]))
refused = ytdlp_child.guard_connections(guard)
made = []
def seen(event, args):  # after the guard: what it refused never comes here
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        if isinstance(args[1], tuple) and args[1][:2] != ("127.0.0.1", common["port"]):
            made.append(str(args[1]))
sys.addaudithook(seen)
sys.modules["curl_cffi"] = None
answers = []
for url in urls:
    made.clear(), refused.clear()
    answer = ytdlp_child._answer({**common, "url": url}, refused)
    answers.append([answer["outcome"], list(made), str(answer.get("message"))])
json.dump(answers, sys.stdout)
"""


def by_child(
    server: WebServer, pairs: Sequence[tuple[str, str]], folder: Path
) -> list[tuple[str, list[str], str]]:
    """Return what came of each pair of path and form: outcome, connections made, sentence."""
    urls = [
        _published(server, number, path, FORMS[form]) for number, (path, form) in enumerate(pairs)
    ]
    server.routes["/v.ts"] = _served(b"\x47" * 1880, "video/mp2t")
    common = {
        "action": "download", "listing": None, "directory": str(folder), "open": OPEN,
        "port": server.server_port, "ffmpeg": imageio_ffmpeg.get_ffmpeg_exe(),
        "generic_allowed": True, "own_authorities": False, "max_media_bytes": 10**6,
        "max_entries": 5, "max_page_bytes": 10**6, "socket_timeout_s": 2, "cookies": None,
        "pause_s": 0, "user_agent": None, "connect_to": {},
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", _CHILD],
        input=json.dumps([common, urls]).encode(),
        env={**os.environ, "YTDLP_NO_PLUGINS": "1"},
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, timeout=1200,
    )  # fmt: skip
    answers: list[tuple[str, list[str], str]] = json.loads(done.stdout)
    return answers


def _published(server: WebServer, number: int, path: str, url: str) -> str:
    """Put the pages of ``path`` on the server, the address in them; return where to start."""
    start = url
    for name, text in YTDLP_PAGES[path].items():
        stem, dot, suffix = name.partition(".")
        here = f"{stem}{number}{dot}{suffix}"
        kind = _TYPES.get(dot + suffix, "text/html; charset=utf-8")
        body = text.replace("/m.mp4", f"/m{number}.mp4").replace("ADDRESS", url)
        server.routes[here] = (
            redirect(encoded(url)) if text == "REDIRECT" else _served(body.encode(), kind)
        )
        start = server.url(here) if stem == "/start" else start
    return start


def _served(body: bytes, kind: str) -> Callable[[Call], None]:
    return lambda call: call.reply(body, kind)


_SEEN: list[Connections] = []


def _connections() -> Connections:
    """One hook a process, however often the sweep is run."""
    if not _SEEN:
        _SEEN.append(Connections())
    return _SEEN[0]


def sweep_in_process(
    *, also_open: tuple[str, ...] = (), only: Collection[str] | None = None
) -> Outcome:
    """Try every form by every path of this process, or by those named in ``only``.

    ``also_open`` networks are not forbidden: to see that the sweep notices.
    """
    outcome = Outcome(len(FORMS))
    with ExitStack() as stack:
        server = stack.enter_context(serving())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.enter_context(own_names())
        for path, fetch in in_process(Doors(server, folder, stack, also_open)).items():
            if only is not None and path not in only:
                continue
            outcome.paths.append(path)
            for form, url in FORMS.items():
                if form in RELATIVE and path.endswith("led on"):
                    continue
                outcome.tried += 1
                reason = _got_through(fetch, url, server.server_port)
                if reason:
                    outcome.holes.append(f"{path}: {form}: {reason}")
    return outcome


def _got_through(fetch: Fetch, url: str, own_port: int) -> str | None:
    with _connections().watched(own_port) as made:
        try:
            fetch(url)
        except (TrackerError, requests.RequestException, httpx.HTTPError, httpx.InvalidURL):
            return f"connected to {made}" if made else None
        except (ValueError, tweepy.TweepyException):  # what a library says before it asks
            return f"connected to {made}" if made else None
    return f"answered, connected to {made}"


def sweep_ytdlp(every: int = 1) -> Outcome:
    """Try the forms by every path of yt-dlp's child, all calls in one child.

    With ``every`` above 1 each path gets another part of the forms; together they get them all.
    """
    pairs = [
        (path, form)
        for number, path in enumerate(YTDLP_PAGES)
        for place, form in enumerate(FORMS)
        if (place + number) % every == 0 and not (form in RELATIVE and path != DIRECT)
    ]
    outcome = Outcome(len(FORMS), list(YTDLP_PAGES))
    with serving() as server, tempfile.TemporaryDirectory() as folder:
        answers = by_child(server, pairs, Path(folder))
    for (path, form), (said, made, message) in zip(pairs, answers, strict=True):
        outcome.tried += 1
        if said != "failed" or made:
            outcome.holes.append(f"{path}: {form}: {said} {made} {message}")
    return outcome


def main() -> int:
    """Print what came of the whole table; 1 where anything got through."""
    found = [sweep_in_process(), sweep_ytdlp()]
    total = Outcome(
        len(FORMS),
        [path for part in found for path in part.paths],
        sum(part.tried for part in found),
        [hole for part in found for hole in part.holes],
    )
    print(total)  # noqa: T201 - the command's result
    return 1 if total.holes else 0


if __name__ == "__main__":
    sys.exit(main())
