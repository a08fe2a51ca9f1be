"""Posts and what they point at."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from tracker.model.ids import Platform, PostKey
from tracker.model.status import PostStatus
from tracker.model.time_claim import TimeClaim


class PostKind(StrEnum):
    """What sort of publication a post is."""

    POST = "post"  # something an account published on a platform
    ARTICLE = "article"  # a page that embeds or links posts and videos
    FEED = "feed"  # a list of the above; never an appearance itself
    FILE = "file"  # a local file that says nothing about itself


class LinkRelation(StrEnum):
    """How a post points at another one."""

    EMBEDS = "embeds"  # shown inside the page (blockquote, iframe, player)
    LINKS = "links"  # a plain link
    LISTS = "lists"  # an entry of a feed or channel
    QUOTES = "quotes"
    SHARES = "shares"  # native repost: no new upload
    REPLIES = "replies"
    EDITS = "edits"  # another version of the same post
    REUSES = "reuses"  # carries the other post's upload, by the platform's word


@dataclass(frozen=True, slots=True)
class PostLink:
    """A pointer from one post to another address."""

    url: str  # as found, absolute
    relation: LinkRelation


@dataclass(frozen=True, slots=True)
class MediaRef:
    """A place where a post's video can be fetched.

    ``via`` names the downloader: a plain HTTP request, yt-dlp on the page address, or a file
    on this machine.
    """

    url: str
    via: Literal["http", "ytdlp", "file"]
    platform_media_id: str | None = None  # equal ids in two posts mean exact native reuse


@dataclass(frozen=True, slots=True)
class Lead:
    """A post or video that a text attributes to an account without linking it.

    ``text`` is the sentence as it stands in the source. ``day`` is an ISO date when the text
    itself gives one that can be resolved, otherwise ``None``.
    """

    text: str
    platform: Platform
    account: str
    source_url: str
    day: str | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """What an account published at a URL, as far as one reading of it told."""

    key: PostKey
    platform: Platform
    kind: PostKind
    account: str | None = None
    title: str | None = None
    text: str | None = None
    status: PostStatus = PostStatus.UNKNOWN
    links: tuple[PostLink, ...] = field(default=())
    media: tuple[MediaRef, ...] = field(default=())
    claims: tuple[TimeClaim, ...] = field(default=())
    leads: tuple[Lead, ...] = field(default=())
    spellings: tuple[str, ...] = field(default=())  # other addresses of the same post
    edited_at: datetime | None = None  # the last change, by the platform's own word
    # Still pictures of its videos, as a listing names them; looked at, not kept.
    previews: tuple[str, ...] = field(default=(), compare=False)
