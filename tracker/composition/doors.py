"""The doors to the network, as the settings want them: one guard, one pace, one client each."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from tracker.clock import Clock
from tracker.composition.terms import http_limits
from tracker.config import Settings
from tracker.ingest.read_budget import MonthlyReads
from tracker.ingest.stage import Archive
from tracker.net.bluesky import BlueskyClient
from tracker.net.guard import AddressGuard
from tracker.net.http import HttpClient
from tracker.net.mastodon import MastodonClient
from tracker.net.politeness import HostTurns, Pace
from tracker.net.rerouting import Rerouting
from tracker.net.robots import PagePermits, Robots
from tracker.sources.bluesky import Bluesky
from tracker.sources.mastodon import Mastodon
from tracker.sources.ports import PlatformSource
from tracker.sources.telegram import Telegram


def host_turns(settings: Settings, clock: Clock, stack: ExitStack, *, private: bool) -> HostTurns:
    """Return what shares one pace among all threads and processes of this archive."""
    network = settings.network
    pace = Pace(network.pause_per_host_s, network.connections_per_host, network.media_timeout_s)
    turns = HostTurns(settings.data_dir / "hosts", pace, clock, private=private)
    stack.callback(turns.close)
    return turns


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
