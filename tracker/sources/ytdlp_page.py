"""yt-dlp's metadata as a post: from a live page or from a sidecar beside a saved video."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from tracker.errors import SourceError
from tracker.model.capture import FetchedPost
from tracker.model.ids import PostKey
from tracker.model.post import LinkRelation, MediaRef, Post, PostKind, PostLink
from tracker.model.status import PostStatus
from tracker.model.time_claim import ClaimKind, TimeClaim
from tracker.net.urls import Address, parse_address
from tracker.net.ytdlp import YtDlp
from tracker.sources.clean import (
    address_of,
    clean_account,
    clean_line,
    clean_text,
    urls_in_text,
    web_url,
)
from tracker.sources.found import Found
from tracker.sources.json_values import is_one_of
from tracker.timestamps.ids import claims_from_address
from tracker.timestamps.info_json import claims_from_info

_MAX_ENTRIES = 500
_MAX_FILES = 10
_STATUS = {
    "private": PostStatus.PRIVATE,
    "needs_auth": PostStatus.LOGIN_REQUIRED,
    "premium_only": PostStatus.LOGIN_REQUIRED,
    "subscriber_only": PostStatus.LOGIN_REQUIRED,
}
# Where platforms keep the handle; the other fields hold display names, or numbers, which name an
# account only where nothing else does.
_HANDLE_FIELDS = {"tiktok": ("uploader",), "instagram": ("channel",)}
_ACCOUNT_FIELDS = ("uploader_id", "uploader", "channel", "creator")
# An X post's id is given within a second of its publication (median 0.44 s); a larger gap means
# that yt-dlp told us about the post which this one shares.
_MAX_ID_GAP = timedelta(seconds=60)

Info = Mapping[str, object]


class YtDlpPage:
    """Posts of every site that yt-dlp has an extractor for."""

    def __init__(self, ytdlp: YtDlp) -> None:
        self._ytdlp = ytdlp

    def accepts(self, target: str) -> bool:
        """Tell whether yt-dlp has an extractor made for this address."""
        return self._url(target) is not None

    def fetch(self, target: str) -> FetchedPost:
        """Return the post at ``target``; what yt-dlp could not see is raised as its error."""
        url = self._url(target) or target
        extraction = self._ytdlp.extract(url)
        post = post_from_info(extraction.info, target)
        return FetchedPost(post, (extraction.exchange,))

    def _url(self, target: str) -> str | None:
        """The spelling that yt-dlp understands: the canonical one, else the one given."""
        address = address_of(target)
        if address is None:
            return None
        spellings = (address.key, target) if address.is_post else (target, address.key)
        return next((url for url in spellings if self._ytdlp.supports(url)), None)


def post_from_info(info: Info, requested_url: str) -> Post:
    """Return the post that yt-dlp's ``info`` describes, fetched from ``requested_url``.

    A channel or playlist becomes a FEED that lists its entries. Values of wrong types are
    passed over. Raises ``UnsupportedSource`` if ``requested_url`` is no web address.
    """
    asked = parse_address(requested_url)
    page = web_url(info.get("webpage_url"))
    stated = address_of(page) if page else None
    # A short link is a post's address as well, but does not say which post: yt-dlp does.
    known = asked.is_post and (asked.post_id is not None or stated is None or not stated.post_id)
    address = asked if known or stated is None or not stated.is_post else stated
    entries = entries_of(info)
    if entries and not address.is_post:
        return _listing(info, address, entries)
    main = entries[0] if entries else info
    post = _single(main, address)
    others = (requested_url, page, web_url(info.get("original_url")))
    return replace(
        post,
        media=_media(entries or [info], address),
        spellings=tuple(dict.fromkeys(url for url in others if url and url != post.key)),
    )


def entries_of(info: Info) -> list[Info]:
    """Return the entries of a playlist, or nothing for a single video."""
    entries = info.get("entries")
    items = entries if isinstance(entries, list) else []
    return [item for item in items[:_MAX_ENTRIES] if isinstance(item, Mapping)]


def listed_posts(info: Info) -> tuple[Post, ...]:
    """Return the posts a channel or playlist lists, as far as the list describes them."""
    posts: dict[PostKey, Post] = {}
    for entry in entries_of(info):
        url = web_url(entry.get("webpage_url")) or web_url(entry.get("url"))
        address = address_of(url) if url else None
        if address is not None:
            posts.setdefault(
                address.key, replace(_single(entry, address), media=(), previews=_previews(entry))
            )
    return tuple(posts.values())


def _previews(entry: Info) -> tuple[str, ...]:
    """The entry's still picture: of several sizes the last, which yt-dlp takes for the best."""
    items = entry.get("thumbnails")
    listed = [item for item in (items if isinstance(items, list) else []) if _is_info(item)]
    stated = [web_url(item.get("url")) for item in listed[-1:]] + [web_url(entry.get("thumbnail"))]
    return tuple(url for url in stated if url is not None)[:1]


def _is_info(value: object) -> bool:
    return isinstance(value, Mapping)


def _listing(info: Info, address: Address, entries: list[Info]) -> Post:
    urls = (web_url(entry.get("webpage_url")) or web_url(entry.get("url")) for entry in entries)
    links = (PostLink(url, LinkRelation.LISTS) for url in dict.fromkeys(urls) if url)
    return Post(
        key=address.key,
        platform=address.platform,
        kind=PostKind.FEED,
        account=address.account or _account(info, address),
        title=clean_line(info.get("title")),
        text=clean_text(info.get("description")),
        status=PostStatus.LIVE,
        links=tuple(links),
    )


def _single(info: Info, address: Address) -> Post:
    id_claims = claims_from_address(address.platform, address.post_id, address.key)
    info_claims = claims_from_info(info)
    is_share = address.platform == "x" and _is_other_post(id_claims, info_claims)
    text = clean_text(info.get("description"))
    return Post(
        key=address.key,
        platform=address.platform,
        kind=PostKind.POST,
        account=address.account if is_share else _account(info, address),
        title=clean_line(info.get("fulltitle")) or clean_line(info.get("title")),
        text=text,
        status=_STATUS.get(str(info.get("availability")), PostStatus.LIVE),
        links=_links(text, address),
        claims=id_claims if is_share else (*id_claims, *info_claims),
    )


def _is_other_post(id_claims: tuple[TimeClaim, ...], info_claims: tuple[TimeClaim, ...]) -> bool:
    """Tell whether the metadata is that of an older post: what yt-dlp gives for a repost."""
    made = next((c.interval.earliest_at for c in id_claims if c.interval.earliest_at), None)
    told = next(
        (
            claim.interval.latest_at
            for claim in info_claims
            if claim.kind is ClaimKind.PLATFORM_REPORTED and claim.interval.latest_at
        ),
        None,
    )
    return made is not None and told is not None and made - told > _MAX_ID_GAP


def _account(info: Info, address: Address) -> str | None:
    stated = [info.get(name) for name in _HANDLE_FIELDS.get(address.platform, ())]
    found = [clean_account(value) for value in (*stated, address.account)]
    numbers: list[str | None] = []
    for name in _ACCOUNT_FIELDS:
        value = clean_account(info.get(name))
        is_number = name == "uploader_id" and (value or "").removeprefix("-").isdecimal()
        (numbers if is_number else found).append(value)
    return next((account for account in (*found, *numbers) if account), None)


def _links(text: str | None, address: Address) -> tuple[PostLink, ...]:
    found = Found(frozenset({address.key}))
    for url in urls_in_text(text or ""):
        found.add_mention(url)
    return found.links


def _media(infos: list[Info], address: Address) -> tuple[MediaRef, ...]:
    """The first video by yt-dlp, which fetches only that; the others from their own files."""
    first = MediaRef(address.key, "ytdlp", _media_id(infos[0], address))
    refs = {first.platform_media_id: first}
    for info in infos[1:_MAX_FILES]:
        url = _plain_file(info)
        if url is not None:
            ref = MediaRef(url, "http", _media_id(info, address))
            refs.setdefault(ref.platform_media_id, ref)
    return tuple(refs.values())


def _media_id(info: Info, address: Address) -> str | None:
    """The platform's id of the video, with the platform's name: equal only if truly the same."""
    value = clean_line(info.get("id"), 100)
    return f"{address.platform}:{value}" if value and address.platform != "web" else None


def _plain_file(info: Info) -> str | None:
    """The address of the largest format that is one plain file with picture and sound."""
    formats = info.get("formats")
    items = [info, *(formats if isinstance(formats, list) else [])[:200]]
    best: tuple[float, str] | None = None
    for item in items:
        if not isinstance(item, Mapping) or not is_one_of(item.get("protocol"), ("http", "https")):
            continue
        if "none" in (item.get("vcodec"), item.get("acodec")):
            continue
        url, height = web_url(item.get("url")), item.get("height")
        size = float(height) if isinstance(height, int | float) else 0.0
        if url is not None and (best is None or size > best[0]):
            best = (size, url)
    return best[1] if best else None


def sidecar_post(info: Info, media: MediaRef) -> Post:
    """Return the post a sidecar describes, with ``media`` as the file it stands beside.

    Raises ``SourceError`` if the sidecar names no address.
    """
    page = web_url(info.get("webpage_url")) or web_url(info.get("original_url"))
    if page is None:
        raise SourceError("the sidecar names no web address of its post")
    post = _single(info, parse_address(page))
    media_id = _media_id(info, parse_address(page))
    known = replace(media, platform_media_id=media_id)
    spellings = (page,) if page != post.key else ()
    return replace(post, media=(known,), status=PostStatus.UNKNOWN, spellings=spellings)
