"""What the settings mean to each part: limits, rules and terms, in the parts' own values.

Each function imports the value that it makes: who asks for one loads that part and no other.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tracker.config import Settings
from tracker.errors import ConfigError
from tracker.model.watch import Watch

if TYPE_CHECKING:
    from tracker.fixity import FixityTerms
    from tracker.ingest.anchoring import TimestampTerms
    from tracker.ingest.discovery import DiscoveryTerms
    from tracker.media.probe import MediaLimits
    from tracker.net.http import HttpLimits
    from tracker.net.politeness import Pace
    from tracker.net.ytdlp import YtDlpLimits
    from tracker.retention import RetentionRule


def discovery_terms(settings: Settings) -> DiscoveryTerms:
    """Return where, how often and how far earlier uploads are searched for."""
    from tracker.ingest.discovery import DiscoveryTerms

    discovery = settings.discovery
    return DiscoveryTerms(
        platforms=discovery.platforms,
        mastodon_servers=settings.mastodon.servers,
        recent=timedelta(days=discovery.recent_days),
        every=timedelta(hours=discovery.every_hours),
        searches_per_day=discovery.searches_per_day,
        posts_per_search=discovery.posts_per_search,
        fetch_without_preview=discovery.fetch_without_preview,
    )


def timestamp_terms(settings: Settings) -> TimestampTerms:
    """Return the authorities and calendars that are asked about anchors."""
    from tracker.ingest.anchoring import Authority, TimestampTerms

    return TimestampTerms(
        authorities=tuple(
            Authority(a.url, Path(a.ca_file) if a.ca_file else None)
            for a in settings.timestamps.authorities
        ),
        calendars=settings.timestamps.calendars,
    )


def credential_anchors(settings: Settings) -> str:
    """Return the certificates (PEM) that trusted signers of Content Credentials must lead to.

    Empty where none are configured. Raises ``ConfigError`` where the file holds none.
    """
    if not settings.c2pa.trust_anchors_file:
        return ""
    from tracker.evidence.timestamp_tokens import authority_certificates  # loaded late: 60 ms

    path = Path(settings.c2pa.trust_anchors_file).expanduser()
    try:
        pem = path.read_bytes()
        authority_certificates(pem)
        return pem.decode()
    except OSError as exc:
        raise ConfigError(f"c2pa.trust_anchors_file: cannot read {path}: {exc.strerror}") from exc
    except (ConfigError, ValueError) as exc:
        raise ConfigError(
            f"c2pa.trust_anchors_file: {path} holds no certificates in PEM form"
        ) from exc


def fixity_terms(settings: Settings) -> FixityTerms:
    """Return how much is re-hashed at a time, and within how many days all of it."""
    from tracker.fixity import FixityTerms

    return FixityTerms(settings.fixity.slice_mb * 1024**2, settings.fixity.days)


def retention_rule(settings: Settings) -> RetentionRule:
    """Return how long originals are kept; without a limit unless the config sets one."""
    from tracker.retention import RetentionRule

    days = settings.retention.originals_days
    return RetentionRule(timedelta(days=days) if days else None)


def http_limits(settings: Settings) -> HttpLimits:
    """Return the limits of every request that is not yt-dlp's."""
    from tracker.net.http import HttpLimits

    network = settings.network
    return HttpLimits(
        connect_timeout_s=network.connect_timeout_s,
        read_timeout_s=network.read_timeout_s,
        total_timeout_s=network.page_timeout_s,
        media_timeout_s=network.media_timeout_s,
        max_page_bytes=network.max_page_bytes,
        max_media_bytes=network.max_media_bytes,
        max_redirects=network.max_redirects,
        user_agent=network.user_agent,
    )


def ytdlp_limits(settings: Settings) -> YtDlpLimits:
    """Return the limits of each run of yt-dlp."""
    from tracker.net.ytdlp import YtDlpLimits

    return replace(
        YtDlpLimits(),
        download_timeout_s=settings.network.media_timeout_s,
        generic_allowed=True,  # every connection it makes passes the guard
        max_media_bytes=settings.network.max_media_bytes,
        user_agent=settings.network.user_agent,
        identifies_everywhere=settings.ytdlp.identify_everywhere,
    )


def pace(settings: Settings) -> Pace:
    """Return how often and how widely one host is asked."""
    from tracker.net.politeness import Pace

    network = settings.network
    return Pace(network.pause_per_host_s, network.connections_per_host, network.media_timeout_s)


def cookie_file(settings: Settings) -> Path | None:
    """Return the operator's cookies for yt-dlp, or ``None``."""
    return Path(settings.ytdlp.cookie_file).expanduser() if settings.ytdlp.cookie_file else None


def media_limits(settings: Settings) -> MediaLimits:
    """Return what a file must not exceed to be decoded."""
    from tracker.media.probe import MediaLimits

    media = settings.media
    return MediaLimits(
        max_duration_ms=round(media.max_duration_s * 1000), max_pixels=media.max_pixels
    )


def configured_watches(settings: Settings) -> list[Watch]:
    """Return the watches of the config, with the general depth and budget where none is given."""
    return [
        Watch(
            target=watch.target,
            interval_s=watch.interval_s,
            depth=settings.collect.depth if watch.depth is None else watch.depth,
            budget=settings.collect.budget if watch.budget is None else watch.budget,
            paused=watch.paused,
            from_config=True,
            back_to=watch.back_to_at,
        )
        for watch in settings.watches
    ]
