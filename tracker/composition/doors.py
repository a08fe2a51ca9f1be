"""The doors to the network, as the settings want them: one guard, one pace, one client each."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from tracker.acquire import Acquirer
from tracker.clock import Clock
from tracker.composition.assembly import Assembly, Part
from tracker.composition.terms import cookie_file, http_limits, ytdlp_limits
from tracker.config import Settings
from tracker.ingest.previews import MAX_PREVIEW_BYTES
from tracker.ingest.read_budget import MonthlyReads
from tracker.ingest.stage import Archive
from tracker.media.download import MediaDownloader
from tracker.net.bluesky import BlueskyClient
from tracker.net.guard import AddressGuard
from tracker.net.http import HttpClient, HttpLimits
from tracker.net.mastodon import MastodonClient
from tracker.net.politeness import HostTurns
from tracker.net.rerouting import Rerouting
from tracker.net.robots import PagePermits, Robots
from tracker.net.timestamping import TimestampDoor
from tracker.net.ytdlp import YtDlp
from tracker.sources.bluesky import Bluesky
from tracker.sources.mastodon import Mastodon
from tracker.sources.ports import PlatformSource
from tracker.sources.registry import Sources
from tracker.sources.telegram import Telegram


class Doors(Assembly):
    """Every way out, all past one guard that keeps to ``turns``.

    Whoever only reads (``writes=False``) cannot ask X, whose reads are counted.
    """

    def __init__(
        self,
        settings: Settings,
        archive: Archive,
        turns: HostTurns,
        clock: Clock,
        stack: ExitStack,
        *,
        writes: bool,
    ) -> None:
        super().__init__()
        self._settings = settings
        self._archive = archive
        self._clock = clock
        self._stack = stack
        self._writes = writes
        self._guard = address_guard(settings, turns)

    @Part
    def http(self) -> HttpClient:
        """The client for pages and files."""
        return self._client(http_limits(self._settings))

    @Part
    def pictures(self) -> HttpClient:
        """The client for still pictures, which are small."""
        small = replace(http_limits(self._settings), max_page_bytes=MAX_PREVIEW_BYTES)
        return self._client(small)

    @Part
    def ytdlp(self) -> YtDlp:
        """What runs yt-dlp."""
        settings = self._settings
        cookies = cookie_file(settings)
        return YtDlp(ytdlp_limits(settings), self._guard, self._clock, cookie_file=cookies)

    @Part
    def timestamps(self) -> TimestampDoor:
        """The door to timestamp authorities and calendars."""
        door = TimestampDoor(self._guard, http_limits(self._settings), self._clock)
        self._stack.callback(door.close)
        return door

    @Part
    def acquirer(self) -> Acquirer:
        """The step from an address to posts and files, over every source there is."""
        settings, http, clock = self._settings, self.http, self._clock
        permits = page_permits(settings, http, self._guard, clock)
        native = (*self._billed(), *native_sources(settings, http, self._guard, clock, self._stack))
        sources = Sources(http, self.ytdlp, clock, native, permits.permit)
        return Acquirer(sources, MediaDownloader(http, self.ytdlp, clock))

    def _billed(self) -> tuple[PlatformSource, ...]:
        if not self._writes:
            return ()
        x = x_source(self._settings, self._archive, self._guard, self._clock, self._stack)
        return (x,) if x else ()

    def _client(self, limits: HttpLimits) -> HttpClient:
        client = HttpClient(limits, self._guard, self._clock)
        self._stack.callback(client.close)
        return client


def address_guard(settings: Settings, turns: HostTurns) -> AddressGuard:
    """Return the guard that every door asks before it connects."""
    return AddressGuard(
        allow_private=settings.network.allow_private,
        allowed_networks=settings.network.allowed_networks,
        rerouting=_rerouting(settings),
        turns=turns,
    )


def page_permits(
    settings: Settings, http: HttpClient, guard: AddressGuard, clock: Clock
) -> PagePermits:
    """Return what asks robots.txt of plain pages, or permits all where the config says so."""
    if not settings.network.obey_robots:
        return PagePermits(None)
    return PagePermits(Robots(http, settings.network.user_agent, clock, guard.turns))


def _rerouting(settings: Settings) -> Rerouting:
    ca_file = settings.network.ca_file
    return Rerouting(
        connect_to=settings.network.connect_to,
        ca_file=Path(ca_file).expanduser() if ca_file else None,
    )


def native_sources(
    settings: Settings, http: HttpClient, guard: AddressGuard, clock: Clock, stack: ExitStack
) -> tuple[PlatformSource, ...]:
    """Return the sources that need no account, each with its own client."""
    bluesky = BlueskyClient(
        guard,
        http_limits(settings),
        clock,
        appview=settings.bluesky.appview,
        plc_directory=settings.bluesky.plc_directory,
    )
    stack.callback(bluesky.close)
    mastodon = MastodonClient(guard, http_limits(settings), clock)
    stack.callback(mastodon.close)
    return (
        Telegram(http, host=settings.telegram.host),
        Bluesky(bluesky),
        Mastodon(mastodon, servers=settings.mastodon.servers),
    )


def x_source(
    settings: Settings, archive: Archive, guard: AddressGuard, clock: Clock, stack: ExitStack
) -> PlatformSource | None:
    """The API of X, where there is a token for it; yt-dlp reads its posts otherwise."""
    token = settings.x.token()
    if not token:
        return None
    from tracker.net.x_api import XApi  # loaded late: tweepy takes a tenth of a second
    from tracker.sources.x import XSource

    reads = MonthlyReads(archive.database, "x", settings.x.monthly_reads, clock)
    reads.adopt_limit()
    api = XApi(
        token,
        reads,
        guard,
        http_limits(settings),
        clock,
        api_url=settings.x.api_url,
    )
    stack.callback(api.close)
    return XSource(api, clock, full_archive=settings.x.full_archive)
