"""Collects what a page points at: every post once, every video once, in the page's order."""

from __future__ import annotations

import re

from tracker.model.ids import PostKey
from tracker.model.post import LinkRelation, MediaRef, PostLink
from tracker.net.urls import WEB, Address
from tracker.sources.clean import address_of, web_url

MAX_LINKS = 300
MAX_MEDIA = 20

MEDIA_PATH = re.compile(
    r"\.(?:mp4|m4v|mov|webm|mkv|avi|wmv|flv|ogv|mpe?g|ts|3gp|m2ts)\Z", re.IGNORECASE
)
PLAYLIST_PATH = re.compile(r"\.(?:m3u8|mpd)\Z", re.IGNORECASE)
_SCHEME = re.compile(r"\Ahttps?:")


class Found:
    """What a page points at, grown while the page is read.

    Two spellings of one address count as one. Of two relations the stronger stays: shown in
    the page before merely linked.
    """

    def __init__(self, own: frozenset[PostKey] = frozenset()) -> None:
        self._own = own
        self._links: dict[PostKey, PostLink] = {}
        self._media: dict[str, MediaRef] = {}

    @property
    def links(self) -> tuple[PostLink, ...]:
        """The pointers found so far."""
        return tuple(self._links.values())

    @property
    def media(self) -> tuple[MediaRef, ...]:
        """The videos found so far."""
        return tuple(self._media.values())

    def add_post(self, url: str | None, relation: LinkRelation) -> bool:
        """Note ``url`` if its form says that it is one single post, or a short link that may be.

        Tells whether it is.
        """
        address = address_of(url) if url else None
        if url is None or address is None or not (address.is_post or address.is_short_link):
            return False
        self._add(url, address, relation)
        return True

    def add_page(self, url: str | None, relation: LinkRelation) -> bool:
        """Note ``url`` whatever it leads to; tell whether it is an address we go to."""
        address = address_of(url) if url else None
        if url is None or address is None:
            return False
        self._add(url, address, relation)
        return True

    def add_mention(self, url: str | None) -> bool:
        """Note what a post's text names: posts, pages, short links; no platform's front door."""
        address = address_of(url) if url else None
        if url is None or address is None:
            return False
        if not (address.is_post or address.is_short_link or address.platform == WEB):
            return False
        self._add(url, address, LinkRelation.LINKS)
        return True

    def add_video(self, url: str | None) -> bool:
        """Note ``url`` as the page's own video; a post's address becomes an embed."""
        if url is None or self.add_post(url, LinkRelation.EMBEDS):
            return url is not None
        address, cleaned = address_of(url), web_url(url)
        if address is None or cleaned is None or len(self._media) >= MAX_MEDIA:
            return False
        path = path_of(address)
        ref = MediaRef(cleaned, "ytdlp" if PLAYLIST_PATH.search(path) else "http")
        self._media.setdefault(_SCHEME.sub("", address.key), ref)
        return True

    def _add(self, url: str, address: Address, relation: LinkRelation) -> None:
        key = address.key
        if key in self._own:
            return
        known = self._links.get(key)
        if known is None and len(self._links) >= MAX_LINKS:
            return
        link = PostLink(web_url(url) or address.key, relation)
        if known is None or (
            relation is LinkRelation.EMBEDS and known.relation is not LinkRelation.EMBEDS
        ):
            self._links[key] = link


def path_of(address: Address) -> str:
    """Return the path of an address, without its parameters."""
    return address.key.partition("?")[0]


def is_media_path(url: str) -> bool:
    """Tell whether the address ends like a video file."""
    address = address_of(url)
    return address is not None and bool(MEDIA_PATH.search(path_of(address)))
