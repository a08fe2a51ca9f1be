"""Posts, and what hinders seeing them, in the answers of the X API v2.

Source: X API v2 data dictionary (Post, User, Media) and "Response codes & errors".
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tracker.model.ids import Platform, PostKey
from tracker.model.post import LinkRelation, MediaRef, Post, PostKind, PostLink
from tracker.model.status import PostStatus
from tracker.model.time_claim import ClaimKind, ForgeableBy, TimeClaim
from tracker.sources.clean import clean_account, clean_line, clean_text, web_url
from tracker.sources.found import Found
from tracker.sources.json_values import Json, is_one_of, items_of, mapping, number_of
from tracker.timestamps.claims import parse_datetime_claim
from tracker.timestamps.ids import claims_from_address, x_media_claim

X = Platform("x")
_LIMIT = 1000
_RELATIONS = {
    "retweeted": LinkRelation.SHARES,
    "quoted": LinkRelation.QUOTES,
    "replied_to": LinkRelation.REPLIES,
}
_MOVING = frozenset({"video", "animated_gif"})
_MEDIA_KEY = re.compile(r"\d{1,3}_(\d{1,20})\Z", re.ASCII)
_POST_ID = re.compile(r"\d{1,19}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Why a post that was asked for cannot be seen, in a sentence."""

    status: PostStatus
    reason: str


@dataclass(frozen=True, slots=True)
class XPosts:
    """What one answer tells: the posts asked for, those they refer to, and what is missing.

    ``asked`` are ids in the order of the answer. ``posts`` holds by id every post that the answer
    holds whole; ``unavailable`` those it names as not to be seen.
    """

    asked: tuple[str, ...]
    posts: Mapping[str, Post]
    unavailable: Mapping[str, Unavailable]


def post_key(post_id: str) -> PostKey:
    """Return the canonical address of a post."""
    return PostKey(f"https://x.com/i/status/{post_id}")


def read_posts(document: Json) -> XPosts:
    """Return what an answer of the API tells; values of wrong types are passed over."""
    includes = mapping(document.get("includes"))
    data = document.get("data")
    asked = _posts_by_id(items_of(data if isinstance(data, list) else [data], _LIMIT))
    included = _posts_by_id(items_of(includes.get("tweets"), _LIMIT))
    reader = _Reader(
        users=_by_id(items_of(includes.get("users"), _LIMIT), "id"),
        media=_by_id(items_of(includes.get("media"), _LIMIT), "media_key"),
        posts={**included, **asked},
    )
    posts = {number: reader.post(number, raw) for number, raw in asked.items()}
    for number, raw in included.items():
        if number not in posts and reader.is_whole(raw):
            posts[number] = reader.post(number, raw)
    return XPosts(tuple(asked), posts, dict(_unavailable(document)))


class _Reader:
    """Reads posts with what stands beside them in the same answer."""

    def __init__(
        self, users: Mapping[str, Json], media: Mapping[str, Json], posts: Mapping[str, Json]
    ) -> None:
        self._users = users
        self._media = media
        self._posts = posts

    def is_whole(self, raw: Json) -> bool:
        """Tell whether the post's author and media are in the answer as well."""
        known = all(key in self._media for key in _media_keys(raw))
        return known and str(raw.get("author_id")) in self._users

    def post(self, number: str, raw: Json) -> Post:
        """Return the post with this id."""
        key = post_key(number)
        account = clean_account(self._users.get(str(raw.get("author_id")), {}).get("username"))
        media = tuple(self._media_refs(key, raw))
        return Post(
            key=key,
            platform=X,
            kind=PostKind.POST,
            account=account,
            text=_text(raw),
            status=PostStatus.LIVE,
            links=_links(number, raw),
            media=media,
            claims=_claims(number, raw, media),
            spellings=(f"https://x.com/{account}/status/{number}",) if account else (),
            previews=tuple(self._previews(raw)),
        )

    def _media_refs(self, key: PostKey, raw: Json) -> Iterator[MediaRef]:
        """The post's own videos; of a share, those of the post it shows."""
        carrier = raw
        shared = next((n for n, kind in _referenced(raw) if kind is LinkRelation.SHARES), None)
        if shared is not None and not _media_keys(raw):
            carrier, key = self._posts.get(shared, {}), post_key(shared)
        for media_key in dict.fromkeys(_media_keys(carrier)):
            item = self._media.get(media_key, {})
            if is_one_of(item.get("type"), _MOVING):
                yield _media_ref(key, media_key, item)

    def _previews(self, raw: Json) -> Iterator[str]:
        for media_key in dict.fromkeys(_media_keys(raw)):
            item = self._media.get(media_key, {})
            url = web_url(item.get("preview_image_url"))
            if is_one_of(item.get("type"), _MOVING) and url is not None:
                yield url


def _media_ref(key: PostKey, media_key: str, item: Json) -> MediaRef:
    """The best plain file; a stream, or a video without an address, is for yt-dlp."""
    number = _MEDIA_KEY.match(media_key)
    media_id = f"x:{number[1]}" if number else f"x:{media_key[:60]}"
    best: tuple[int, str] | None = None
    stream = None
    for variant in items_of(item.get("variants"), 50):
        url = web_url(variant.get("url"))
        if url is None:
            continue
        if variant.get("content_type") == "video/mp4":
            rate = number_of(variant.get("bit_rate")) or 0
            best = max(best or (-1, ""), (rate, url), key=lambda found: found[0])
        elif "mpegurl" in str(variant.get("content_type")).lower():
            stream = url
    if best is not None:
        return MediaRef(best[1], "http", media_id)
    return MediaRef(stream or key, "ytdlp", media_id)


def _claims(number: str, raw: Json, media: tuple[MediaRef, ...]) -> tuple[TimeClaim, ...]:
    found = [*claims_from_address(X, number, post_key(number))]
    created = raw.get("created_at")
    if isinstance(created, str):
        # The API always writes ``.000Z``: whole seconds, however many digits it shows.
        stated = parse_datetime_claim(
            re.sub(r"\.0+(?=Z\Z)", "", created.strip()[:40]),
            ClaimKind.PLATFORM_REPORTED,
            ForgeableBy.PLATFORM,
            "x:created_at",
        )
        found += [stated] if stated is not None else []
    for ref in media:
        uploaded = x_media_claim((ref.platform_media_id or "").removeprefix("x:"))
        found += [uploaded] if uploaded is not None else []
    return tuple(found)


def _text(raw: Json) -> str | None:
    """The whole text: long posts are cut in ``text``. The API escapes ``&``, ``<`` and ``>``."""
    whole = mapping(raw.get("note_tweet")).get("text")
    text = whole if isinstance(whole, str) else raw.get("text")
    return clean_text(html.unescape(text)) if isinstance(text, str) else None


def _links(number: str, raw: Json) -> tuple[PostLink, ...]:
    """What the platform states comes first: of two pointers to one post that one stays."""
    stated = {post_key(n): relation for n, relation in _relations(number, raw)}
    found = Found(frozenset({post_key(number), *stated}))
    for url in _written_urls(raw):
        found.add_mention(url)
    return (*(PostLink(key, relation) for key, relation in stated.items()), *found.links)


def _relations(number: str, raw: Json) -> Iterator[tuple[str, LinkRelation]]:
    source = mapping(raw.get("attachments")).get("media_source_tweet_id")
    for value in source[:10] if isinstance(source, list) else [source]:
        if (other := _post_id(value)) and other != number:
            yield other, LinkRelation.REUSES
    history = raw.get("edit_history_tweet_ids")
    for value in history[:50] if isinstance(history, list) else []:
        if (other := _post_id(value)) and other != number:
            yield other, LinkRelation.EDITS
    yield from _referenced(raw)


def _referenced(raw: Json) -> Iterator[tuple[str, LinkRelation]]:
    for item in items_of(raw.get("referenced_tweets"), 20):
        relation, number = _RELATIONS.get(str(item.get("type"))), _post_id(item.get("id"))
        if relation is not None and number is not None:
            yield number, relation


def _written_urls(raw: Json) -> Iterator[str]:
    """The addresses in the text as they were meant, before the platform shortened them."""
    for holder in (raw, mapping(raw.get("note_tweet"))):
        for item in items_of(mapping(holder.get("entities")).get("urls"), 100):
            if "media_key" in item:  # the post's own picture or video
                continue
            urls = (web_url(item.get(name)) for name in ("unwound_url", "expanded_url", "url"))
            url = next((url for url in urls if url), None)
            if url is not None:
                yield url


def _media_keys(raw: Json) -> list[str]:
    keys = mapping(raw.get("attachments")).get("media_keys")
    return [str(key) for key in keys[:20]] if isinstance(keys, list) else []


def _post_id(value: object) -> str | None:
    return value if isinstance(value, str) and _POST_ID.match(value) else None


def _by_id(items: list[Json], name: str) -> dict[str, Json]:
    return {str(item[name]): item for item in items if isinstance(item.get(name), str)}


def _posts_by_id(items: list[Json]) -> dict[str, Json]:
    return {number: raw for number, raw in _by_id(items, "id").items() if _POST_ID.match(number)}


def _unavailable(document: Json) -> Iterator[tuple[str, Unavailable]]:
    for problem in items_of(document.get("errors"), _LIMIT):
        number = _post_id(problem.get("resource_id")) or _post_id(problem.get("value"))
        if number is not None and is_one_of(problem.get("resource_type"), ("tweet", "post")):
            yield number, unavailable(problem)


def unavailable(problem: Json) -> Unavailable:
    """Return what one of the problems beside the data says about its post or account."""
    words = clean_line(problem.get("detail"), 200) or clean_line(problem.get("title"), 200) or ""
    kind = str(problem.get("type")).rpartition("/")[2]
    if "suspended" in words.lower():
        return Unavailable(PostStatus.SUSPENDED, f"X: the account is suspended ({words})")
    match kind:
        case "resource-not-found":
            return Unavailable(PostStatus.DELETED, f"X: deleted or never there ({words})")
        case "not-authorized-for-resource":
            return Unavailable(PostStatus.PRIVATE, f"X: the account is protected ({words})")
        case "resource-unavailable":
            return Unavailable(PostStatus.LOGIN_REQUIRED, f"X: not shown to this reader ({words})")
    return Unavailable(PostStatus.UNKNOWN, f"X: cannot be seen ({words or 'no reason given'})")
