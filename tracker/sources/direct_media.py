"""The address of a media file is a post of its own: somebody put that file there."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from tracker.model.capture import Exchange
from tracker.model.post import MediaRef, Post, PostKind
from tracker.model.status import PostStatus
from tracker.net.urls import parse_address
from tracker.sources.clean import clean_line
from tracker.sources.found import is_media_path

_MEDIA_TYPES = ("video/", "audio/", "image/")
# What servers call a file they know nothing about.
_VAGUE_TYPES = ("application/octet-stream", "binary/octet-stream", "application/mp4", "text/plain")
_MAGIC = (
    b"\x1aE\xdf\xa3",
    b"FLV\x01",
    b"OggS",
    b"0&\xb2u\x8ef\xcf\x11",
    b"\x00\x00\x01\xba",
    b"\x00\x00\x01\xb3",
    b"#EXTM3U",
)
_PLAYLISTS = ("mpegurl", "dash+xml")


def is_media(content_type: str | None, head: bytes) -> bool:
    """Tell from the content type and the first bytes of an answer whether it is a media file.

    Stills and sound count too, so that they are refused for what they are and not read as pages.
    """
    kind = (content_type or "").split(";")[0].strip().lower()
    if any(name in kind for name in _PLAYLISTS):
        return True
    if kind.startswith(_MEDIA_TYPES):
        return not head.lstrip().startswith((b"<!", b"<html")) and "svg" not in kind
    return (not kind or kind.startswith(_VAGUE_TYPES)) and has_media_magic(head)


def has_media_magic(head: bytes) -> bool:
    """Tell whether bytes begin like a video container.

    Knows ISO media (MP4, QuickTime, 3GP), Matroska/WebM, AVI, FLV, Ogg, ASF, MPEG program and
    transport streams, and HLS play lists. Source: the containers' specifications.
    """
    return (
        head[4:8] in {b"ftyp", b"moov", b"mdat", b"wide", b"skip", b"free"}
        or head.startswith(_MAGIC)
        or (head[:4] == b"RIFF" and head[8:12] == b"AVI ")
        or (head[:1] == b"\x47" and head[188:189] == b"\x47" and head[376:377] == b"\x47")
    )


def media_post(exchange: Exchange) -> Post:
    """Return the post that a media file's address is.

    It is named by the address that was asked for: what that redirects to is often signed for
    one visit.
    """
    url = exchange.requested_url
    address = parse_address(url)
    kind = (exchange.content_type or "").lower()
    is_playlist = any(name in kind for name in _PLAYLISTS) or exchange.body.startswith(b"#EXTM3U")
    return Post(
        key=address.key,
        platform=address.platform,
        kind=PostKind.POST,
        account=address.account,
        title=clean_line(unquote(urlsplit(url).path.rpartition("/")[2])),
        status=PostStatus.LIVE,
        media=(MediaRef(url, "ytdlp" if is_playlist else "http"),),
    )


def may_be_media(url: str) -> bool:
    """Tell from the form of an address whether it names a media file."""
    return is_media_path(url)
