"""Post ids and media addresses turned into time claims.

A platform's id says when the platform made it. How long before or after publication that was
differs, and the width of each interval says so: it covers the differences measured between
decoded ids and the platforms' own times, with room to spare.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tracker.clock import SystemClock
from tracker.model.ids import Platform
from tracker.model.time_claim import ClaimKind, ForgeableBy, TimeClaim, TimeInterval
from tracker.timestamps import snowflake
from tracker.timestamps.generic_ids import object_id_at

_NUMBER = re.compile(r"\d{1,20}\Z", re.ASCII)
_INSTAGRAM_NUMBER = re.compile(r"(\d{15,20})(?:_\d{1,20})?\Z", re.ASCII)
_FUTURE_TOLERANCE = timedelta(minutes=10)  # between our clock and a platform's
_NONE = timedelta(0)


@dataclass(frozen=True, slots=True)
class IdRule:
    """How one platform's ids are read.

    The claim is ``[t - before, t + after]``. ``since`` is when ids of this layout began;
    anything decoded to an earlier time, or to the future, is no such id.
    """

    decode: Callable[[str], datetime | None]
    since: datetime
    after: timedelta
    before: timedelta = _NONE
    forgeable_by: ForgeableBy = ForgeableBy.PLATFORM


def claims_from_address(
    platform: Platform, post_id: str | None, url: str, *, now: datetime | None = None
) -> tuple[TimeClaim, ...]:
    """Return what the post's id, and any id inside ``url``, say about when it was published.

    Empty for platforms whose ids hold no time (YouTube, Facebook, Vimeo, Reddit, Telegram) and
    for ids that decode to a time before the platform's ids began or after ``now`` (default: the
    machine's clock).
    """
    latest = (now or SystemClock().now()) + _FUTURE_TOLERANCE
    rule = RULES.get(platform)
    from_id = _claim(rule, post_id, f"{platform}:id", latest) if rule and post_id else None
    found = (from_id, _x_media_claim(url, latest), _discord_claim(url, latest))
    return tuple(claim for claim in found if claim is not None)


def x_media_claim(media_id: str, *, now: datetime | None = None) -> TimeClaim | None:
    """Return what an X media id tells: the video was uploaded then, so published no earlier.

    Uploads precede their post by seconds or, when re-used, by years.
    """
    latest = (now or SystemClock().now()) + _FUTURE_TOLERANCE
    at = _decoded(RULES[Platform("x")], media_id, latest)
    if at is None:
        return None
    return TimeClaim(
        ClaimKind.ID_DERIVED, TimeInterval(at, None), ForgeableBy.PLATFORM, "x:media_id"
    )


def _claim(rule: IdRule, post_id: str, source: str, latest: datetime) -> TimeClaim | None:
    at = _decoded(rule, post_id, latest)
    if at is None:
        return None
    interval = TimeInterval(at - rule.before, at + rule.after)
    return TimeClaim(ClaimKind.ID_DERIVED, interval, rule.forgeable_by, source)


def _decoded(rule: IdRule, post_id: str, latest: datetime) -> datetime | None:
    try:
        at = rule.decode(post_id)
    except (ValueError, OverflowError):
        return None
    return at if at is not None and rule.since <= at <= latest else None


_X_MEDIA = re.compile(r"https?://video\.twimg\.com/(?:ext_tw_video|amplify_video)/(\d{1,20})/")
_DISCORD_ATTACHMENT = re.compile(
    r"https?://(?:cdn|media)\.discordapp\.(?:com|net)/attachments/\d{1,20}/(\d{1,20})/"
)


def _x_media_claim(url: str, latest: datetime) -> TimeClaim | None:
    found = _X_MEDIA.match(url)
    return x_media_claim(found[1], now=latest - _FUTURE_TOLERANCE) if found else None


def _discord_claim(url: str, latest: datetime) -> TimeClaim | None:
    found = _DISCORD_ATTACHMENT.match(url)
    rule = RULES[Platform("discord")]
    return _claim(rule, found[1], "discord:attachment_id", latest) if found else None


def _numeric(decode: Callable[[int], datetime]) -> Callable[[str], datetime | None]:
    return lambda text: decode(int(text)) if _NUMBER.match(text) else None


def _x_at(text: str) -> datetime | None:
    """Ids below 29 700 859 247 were counted one by one, before 2010-11-04."""
    if not _NUMBER.match(text) or int(text) < 29_700_859_247:
        return None
    return snowflake.X.at(int(text))


def _instagram_at(text: str) -> datetime | None:
    number = _INSTAGRAM_NUMBER.match(text)
    if number is not None:
        return snowflake.INSTAGRAM.at(int(number[1]))
    return snowflake.INSTAGRAM.at(snowflake.instagram_id(text)) if len(text) >= 9 else None


def _bluesky_at(text: str) -> datetime | None:
    return snowflake.BLUESKY.at(snowflake.tid_number(text))


def _weibo_at(text: str) -> datetime | None:
    is_mid = len(text) == 16 and _NUMBER.match(text) is not None
    return snowflake.WEIBO.at(int(text) if is_mid else snowflake.weibo_mid(text))


def _day(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


_MASTODON_STYLE = _numeric(snowflake.MASTODON.at)
_BYTEDANCE_STYLE = _numeric(snowflake.BYTEDANCE_SECONDS.at)

# Source of the widths: decoded ids against the times in yt-dlp's extractor test vectors.
_RULES: Mapping[str, IdRule] = {
    # 24 posts: median 0.44 s, the platform cuts to whole seconds.
    "x": IdRule(_x_at, _day(2010, 11, 4), after=timedelta(seconds=5)),
    # 17 videos: the id comes 1 to 37 s first; 73 more: at most 49 s.
    "tiktok": IdRule(_numeric(snowflake.tiktok_at), _day(2014, 8, 1), after=timedelta(minutes=1)),
    "douyin": IdRule(_numeric(snowflake.tiktok_at), _day(2016, 9, 1), after=timedelta(minutes=1)),
    # One vector each, exact to the second; widened like their sister platforms.
    "ixigua": IdRule(_BYTEDANCE_STYLE, _day(2016, 1, 1), after=timedelta(minutes=1)),
    "likee": IdRule(_BYTEDANCE_STYLE, _day(2017, 1, 1), after=timedelta(minutes=1)),
    # The id is made with the object: 0 to 88 s before publication, longer for drafts.
    "instagram": IdRule(_instagram_at, _day(2011, 8, 26), after=timedelta(minutes=5)),
    # Made from the claimed creation time for posts of other servers.
    "mastodon": IdRule(_MASTODON_STYLE, _day(2016, 3, 1), after=timedelta(seconds=5)),
    "gab": IdRule(_MASTODON_STYLE, _day(2016, 8, 1), after=timedelta(seconds=5)),
    "truthsocial": IdRule(_MASTODON_STYLE, _day(2022, 2, 1), after=timedelta(seconds=5)),
    # Chosen by the uploader's own program; mostly 0.1 to 0.6 s early, once 225 s.
    "bluesky": IdRule(
        _bluesky_at,
        _day(2022, 5, 1),
        after=timedelta(minutes=5),
        forgeable_by=ForgeableBy.UPLOADER,
    ),
    "discord": IdRule(_numeric(snowflake.DISCORD.at), _day(2015, 5, 1), after=timedelta(seconds=5)),
    "linkedin": IdRule(
        _numeric(snowflake.LINKEDIN.at), _day(2010, 1, 1), after=timedelta(seconds=5)
    ),
    # Six posts: the id is 53 to 213 s late; approximate either way.
    "weibo": IdRule(
        _weibo_at, _day(2009, 8, 1), before=timedelta(minutes=4), after=timedelta(minutes=4)
    ),
    # An ObjectID: when the record was made, seconds to days before publication.
    "xiaohongshu": IdRule(object_id_at, _day(2013, 6, 1), after=timedelta(days=7)),
}
RULES: Mapping[Platform, IdRule] = {Platform(name): rule for name, rule in _RULES.items()}
