"""Bluesky's records and views read as posts."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from tracker.model.ids import Platform, PostKey
from tracker.model.post import LinkRelation, Post, PostKind, PostLink
from tracker.model.status import PostStatus
from tracker.model.time_claim import ClaimKind, ForgeableBy, TimeClaim, TimeInterval
from tracker.net.urls import canonical_url
from tracker.sources.clean import clean_account, web_url
from tracker.sources.found import Found
from tracker.sources.json_values import Json, items_of, mapping
from tracker.timestamps.claims import parse_datetime_claim
from tracker.timestamps.ids import claims_from_address
from tracker.timestamps.snowflake import EPOCH

BLUESKY = Platform("bluesky")
POST = "app.bsky.feed.post"
REPOST = "app.bsky.feed.repost"
AT_URI = re.compile(r"at://(did:[a-z0-9]+:[\w.:%-]{1,250})/([\w.]{1,250})/([\w.:~-]{1,250})\Z")
INDEXING_LAG = timedelta(minutes=5)
"""Posts are indexed within a second or two; no measured one took longer than this."""


def handle_of(value: object) -> str | None:
    """Return a handle, or ``None`` for one the network itself does not vouch for."""
    handle = clean_account(value)
    return None if handle is None or handle == "handle.invalid" or " " in handle else handle


def key_of_uri(uri: object) -> PostKey | None:
    """Return the key of the post an at-uri names, or ``None``."""
    found = AT_URI.match(uri) if isinstance(uri, str) else None
    if found is None or found[2] != POST:
        return None
    return canonical_url(f"https://bsky.app/profile/{found[1]}/post/{found[3]}")


def links_of(record: Json, key: PostKey) -> tuple[PostLink, ...]:
    """Return what a post's record replies to, quotes, shows and links."""
    found = Found(frozenset({key}))
    parent = mapping(mapping(record.get("reply")).get("parent"))
    found.add_post(key_of_uri(parent.get("uri")), LinkRelation.REPLIES)
    for embed in _embeds(record.get("embed")):
        quoted = mapping(embed.get("record"))
        quoted = mapping(quoted.get("record")) or quoted  # recordWithMedia wraps it once more
        found.add_post(key_of_uri(quoted.get("uri")), LinkRelation.QUOTES)
        found.add_mention(_text(mapping(embed.get("external")).get("uri")))
    for facet in items_of(record.get("facets"), 200):
        for feature in items_of(facet.get("features"), 20):
            found.add_mention(_text(feature.get("uri")))
    return found.links


def _embeds(value: object) -> tuple[Json, ...]:
    """An embed, and the media beside it where it quotes a post as well."""
    embed = mapping(value)
    media = mapping(embed.get("media"))
    return (embed, media) if media else (embed,)


def video_of(value: object) -> Json:
    """Return the video among an embed's parts, or nothing."""
    for embed in _embeds(value):
        if str(embed.get("$type", "")).startswith("app.bsky.embed.video"):
            return embed
    return {}


def previews_of(view: Json) -> tuple[str, ...]:
    """Return the still picture of the view's video, where the AppView names one."""
    url = web_url(video_of(view.get("embed")).get("thumbnail"))
    return (url,) if url is not None else ()


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def created_claims(record: Json) -> tuple[TimeClaim, ...]:
    """Return what the uploader's own program wrote into the record."""
    claim = parse_datetime_claim(
        _text(record.get("createdAt")) or "",
        ClaimKind.PLATFORM_REPORTED,
        ForgeableBy.UPLOADER,
        "bluesky:createdAt",
    )
    return (claim,) if claim is not None else ()


def indexed_claims(value: object) -> tuple[TimeClaim, ...]:
    """Return when the AppView first saw it: an upper bound no uploader can move."""
    at = claimed_at(value)
    if at is None:
        return ()
    interval = TimeInterval(at - INDEXING_LAG, at + timedelta(milliseconds=1))
    return (
        TimeClaim(ClaimKind.PLATFORM_REPORTED, interval, ForgeableBy.PLATFORM, "bluesky:indexedAt"),
    )


def claimed_at(value: object) -> datetime | None:
    """Return the instant a text gives, if it is one."""
    claim = parse_datetime_claim(
        _text(value) or "", ClaimKind.PLATFORM_REPORTED, ForgeableBy.PLATFORM, ""
    )
    return claim.interval.earliest_at if claim is not None else None


def share_of(reason: Json, shared: PostKey) -> Post | None:
    """Return the repost that a feed's reason tells of, if it names its record."""
    uri = AT_URI.match(str(reason.get("uri", "")))
    if uri is None or uri[2] != REPOST:
        return None
    handle = handle_of(mapping(reason.get("by")).get("handle"))
    return share_post(uri[1], handle, uri[3], shared, indexed_claims(reason.get("indexedAt")))


def share_post(
    did: str, handle: str | None, name: str, shared: PostKey, claims: tuple[TimeClaim, ...]
) -> Post:
    """Return the post that a repost is: it only points at what it shares."""
    key = canonical_url(f"https://bsky.app/profile/{did}?repost={name}")
    return Post(
        key=key,
        platform=BLUESKY,
        kind=PostKind.POST,
        account=handle or did,
        status=PostStatus.LIVE,
        links=(PostLink(shared, LinkRelation.SHARES),),
        claims=(*claims_from_address(BLUESKY, name, key), *claims),
    )


def listed_at(post: Post) -> datetime | None:
    """Return the time feeds are sorted by: the claimed one, or when the AppView saw it earlier."""
    claimed = [
        claim.interval.earliest_at
        for claim in post.claims
        if claim.source == "bluesky:createdAt" and claim.interval.earliest_at is not None
    ]
    seen = [
        claim.interval.latest_at - timedelta(milliseconds=1)
        for claim in post.claims
        if claim.source == "bluesky:indexedAt" and claim.interval.latest_at is not None
    ]
    return min((*claimed, *seen), default=None)


def order_of(post: Post) -> tuple[int, Post]:
    """Return what a feed is sorted by, with the post."""
    at = listed_at(post)
    return (microseconds(at) if at is not None else 0), post


def microseconds(at: datetime) -> int:
    """Return whole microseconds since 1970."""
    return (at - EPOCH) // timedelta(microseconds=1)
