"""Parsers of what platforms and yt-dlp answer: JSON of X, Bluesky, Mastodon, info-json."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.reliability.mutations import documents, json_bodies
from benchmarks.reliability.parsers.parser import NOW, Parser, check_post, repeated
from tracker.clock import SystemClock
from tracker.errors import PostUnavailable, TrackerError
from tracker.export.names import names_in
from tracker.model.watch import Watch
from tracker.net.bluesky import BlueskyClient
from tracker.net.guard import AddressGuard
from tracker.net.http import HttpLimits
from tracker.net.mastodon import MastodonAnswer, MastodonClient
from tracker.net.x_refusals import is_used_up, refusal, reset_at
from tracker.net.ytdlp_answers import error_of, info_of, parsed_answer
from tracker.sources.bluesky import Bluesky
from tracker.sources.mastodon import Mastodon
from tracker.sources.sidecar import read_sidecars
from tracker.sources.x_posts import read_posts, unavailable
from tracker.sources.ytdlp_page import listed_posts, post_from_info
from tracker.timestamps.info_json import claims_from_info

YOUTUBE = "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
STATUS = "https://x.com/ann/status/1695424220702888009"
DID = "did:plc:" + "a" * 24
SERVER = "https://social.example"

_FORMATS = [
    {"protocol": "https", "url": "https://v.example/1.mp4", "height": 360, "vcodec": "avc1"},
    {"protocol": "m3u8", "url": "https://v.example/1.m3u8", "acodec": "none"},
]
VIDEO: Mapping[str, object] = {
    "id": "dQw4w9WgXcQ",
    "title": "The bridge",
    "description": f"From {STATUS} and {YOUTUBE}",
    "uploader_id": "@ann",
    "uploader": "Ann",
    "channel_id": "UC1",
    "timestamp": 1690000000,
    "upload_date": "20230722",
    "epoch": 1690000001,
    "availability": "unlisted",
    "webpage_url": YOUTUBE,
    "original_url": YOUTUBE,
    "extractor_key": "Youtube",
    "thumbnails": [{"url": "https://i.example/1.jpg"}],
    "formats": _FORMATS,
}
PLAYLIST: Mapping[str, object] = {
    "_type": "playlist",
    "webpage_url": "https://www.youtube.com/@ann/videos",
    "entries": [{**VIDEO, "url": YOUTUBE}, {"id": "b", "url": STATUS, "title": "t"}, None],
}
X_ANSWER: Mapping[str, object] = {
    "data": [
        {
            "id": "1695424220702888009",
            "text": "Seen https://t.co/a",
            "author_id": "5",
            "created_at": "2023-08-26T13:13:28.000Z",
            "edit_history_tweet_ids": ["1695424220702888009"],
            "attachments": {
                "media_keys": ["7_1695424100000000000"],
                "media_source_tweet_id": ["9"],
            },
            "entities": {"urls": [{"url": "https://t.co/a", "expanded_url": YOUTUBE}]},
            "referenced_tweets": [{"type": "quoted", "id": "1695424220702888000"}],
            "note_tweet": {"text": "longer", "entities": {"urls": []}},
        }
    ],
    "includes": {
        "users": [{"id": "5", "username": "ann", "name": "Ann"}],
        "tweets": [{"id": "1695424220702888000", "text": "older", "author_id": "5"}],
        "media": [
            {
                "media_key": "7_1695424100000000000",
                "type": "video",
                "duration_ms": 9000,
                "preview_image_url": "https://pbs.example/1.jpg",
                "variants": [
                    {"url": "https://v.example/1.mp4", "content_type": "video/mp4", "bit_rate": 9}
                ],
            }
        ],
    },
    "errors": [
        {
            "resource_type": "tweet",
            "value": "21",
            "title": "Not Found Error",
            "detail": "gone",
            "type": "https://api.twitter.com/2/problems/resource-not-found",
        }
    ],
    "meta": {"next_token": "abc", "result_count": 1},
}
_RECORD = {
    "$type": "app.bsky.feed.post",
    "text": "Seen at the bridge",
    "createdAt": "2026-02-01T10:00:00.000Z",
    "reply": {"parent": {"uri": f"at://{DID}/app.bsky.feed.post/3lbd2ebt3wk2q"}},
    "facets": [
        {
            "index": {"byteStart": 0},
            "features": [{"$type": "app.bsky.richtext.facet#link", "uri": STATUS}],
        }
    ],
    "embed": {
        "$type": "app.bsky.embed.video",
        "video": {
            "$type": "blob",
            "ref": {"$link": "bafkreih"},
            "mimeType": "video/mp4",
            "size": 5,
        },
    },
}
BLUESKY_VIEW = {
    "uri": f"at://{DID}/app.bsky.feed.post/3lbd2ebt3wk2r",
    "cid": "bafy",
    "author": {"did": DID, "handle": "alice.test", "displayName": "Alice"},
    "record": _RECORD,
    "indexedAt": "2026-02-01T10:00:01.000Z",
    "embed": {
        "$type": "app.bsky.embed.video#view",
        "cid": "bafkreih",
        "playlist": "https://v.example/playlist.m3u8",
        "thumbnail": "https://v.example/1.jpg",
    },
    "labels": [],
}
BLUESKY_FEED = {
    "feed": [
        {"post": BLUESKY_VIEW},
        {
            "post": BLUESKY_VIEW,
            "reason": {
                "$type": "app.bsky.feed.defs#reasonRepost",
                "by": {"did": DID, "handle": "alice.test"},
                "uri": f"at://{DID}/app.bsky.feed.repost/3lbd2ebt3wk2s",
                "indexedAt": "2026-02-01T11:00:00Z",
            },
        },
    ],
    "posts": [BLUESKY_VIEW],
    "cursor": "50",
    "value": {"subject": {"uri": BLUESKY_VIEW["uri"]}, "createdAt": "2026-02-01T11:00:00Z"},
}
_ACCOUNT = {"id": "11", "username": "ann", "acct": "ann", "url": f"{SERVER}/@ann"}
MASTODON_STATUS: Mapping[str, object] = {
    "id": "108779000807761862",
    "created_at": "2026-02-01T10:00:00.123Z",
    "edited_at": "2026-02-02T10:00:00.123Z",
    "in_reply_to_id": "108779000807761000",
    "in_reply_to_account_id": "11",
    "spoiler_text": "war",
    "visibility": "public",
    "uri": f"{SERVER}/users/ann/statuses/108779000807761862",
    "url": f"{SERVER}/@ann/108779000807761862",
    "content": (
        f'<p>Seen <br>at <a href="{YOUTUBE}">this</a> <a class="mention" href="/@b">b</a></p>'
    ),
    "reblog": None,
    "account": _ACCOUNT,
    "media_attachments": [
        {
            "id": "77",
            "type": "video",
            "url": f"{SERVER}/media/1.mp4",
            "remote_url": None,
            "preview_url": f"{SERVER}/1.png",
            "meta": {"original": {"duration": 4.0}},
        }
    ],
    "mentions": [{"id": "12", "acct": "ben@other.example", "url": "https://other.example/@ben"}],
    "card": {"url": STATUS},
    "quote": {"state": "accepted", "quoted_status": {"id": "9", "account": _ACCOUNT, "url": None}},
}
_BOOST = {**MASTODON_STATUS, "reblog": MASTODON_STATUS, "url": None, "content": ""}
YTDLP_ANSWERS = (
    {"outcome": "done", "info": VIDEO, "read": 3, "ended": True, "interrupted": None},
    {"outcome": "failed", "kind": "unavailable", "status": "private", "message": "Private video"},
    {"outcome": "failed", "kind": "http", "status_code": 403, "message": "HTTP Error 403"},
)


def _info_json(info: object) -> None:
    if not isinstance(info, dict):
        return
    claims_from_info(info)
    check_post(post_from_info(info, YOUTUBE))
    check_post(post_from_info(info, STATUS))
    for post in listed_posts(info):
        check_post(post)


@cache
def _sidecar_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="tracker-fuzz-sidecar-"))
    (folder / "film.mp4").write_bytes(b"0")
    return folder


def _sidecar(body: bytes) -> None:
    folder = _sidecar_folder()
    (folder / "film.info.json").write_bytes(body)
    for _, post in read_sidecars(folder):
        check_post(post)
    list(names_in(body))


def _ytdlp_answer(body: bytes) -> None:
    answer = parsed_answer(body)
    if answer.get("outcome") != "done":
        assert str(error_of(answer, YOUTUBE, NOW))
    info_of(answer, YOUTUBE)


def _x(document: object) -> None:
    if not isinstance(document, dict):
        return
    found = read_posts(document)
    for post in found.posts.values():
        check_post(post)
    unavailable(document)
    for status in (400, 401, 402, 403, 404, 429, 503):
        assert str(refusal("posts", status, {}, document, NOW).error)
    headers = {str(name): str(value) for name, value in document.items()}
    reset_at(headers, NOW)
    is_used_up(headers)


class _BlueskyAnswers(BlueskyClient):
    """A client that answers every question with the same JSON object."""

    def __init__(self) -> None:
        super().__init__(AddressGuard(), HttpLimits(), SystemClock())
        self.answer: dict[str, object] = {}

    def did(self, account: str) -> str:
        return account if account.startswith("did:") else DID

    def posts(self, uris: Sequence[str]) -> dict[str, object]:
        del uris
        return self.answer

    def author_feed(self, account: str, cursor: str | None, limit: int) -> dict[str, object]:
        del account, cursor, limit
        return self.answer

    def search(
        self, words: str, cursor: str | None, limit: int, until: datetime | None = None
    ) -> dict[str, object]:
        del words, cursor, limit, until
        return self.answer

    def record(self, did: str, collection: str, name: str) -> dict[str, object]:
        del did, collection, name
        return self.answer

    def server(self, did: str) -> str:
        del did
        return "https://pds.example"


@cache
def _bluesky_source() -> tuple[_BlueskyAnswers, Bluesky]:
    client = _BlueskyAnswers()
    return client, Bluesky(client)


def _bluesky(document: object) -> None:
    client, source = _bluesky_source()
    client.answer = document if isinstance(document, dict) else {}
    profile = f"https://bsky.app/profile/{DID}"
    _fetched(
        source.fetch, f"{profile}/post/3lbd2ebt3wk2r", f"{profile}/app.bsky.feed.repost/3lbd2e"
    )
    _polled(source.recent, profile)


class _MastodonAnswers(MastodonClient):
    """A client that answers every question with the same JSON."""

    def __init__(self) -> None:
        super().__init__(AddressGuard(), HttpLimits(), SystemClock())
        self.value: object = None

    def _answer(self) -> MastodonAnswer:
        return MastodonAnswer(self.value, ())

    def status(self, server: str, status_id: str) -> MastodonAnswer:
        del server, status_id
        return self._answer()

    def account(self, server: str, name: str) -> MastodonAnswer:
        del server, name
        return MastodonAnswer({"id": "11"}, ())

    def account_posts(
        self, server: str, account_id: str, below: str | None, limit: int
    ) -> MastodonAnswer:
        del server, account_id, below, limit
        return self._answer()

    def search(self, server: str, words: str, offset: int, limit: int) -> MastodonAnswer:
        del server, words, offset, limit
        return MastodonAnswer({"statuses": self.value}, ())


@cache
def _mastodon_source() -> tuple[_MastodonAnswers, Mastodon]:
    client = _MastodonAnswers()
    return client, Mastodon(client, servers=("social.example",))


def _mastodon(value: object) -> None:
    client, source = _mastodon_source()
    client.value = value
    _fetched(source.fetch, f"{SERVER}/@ann/108779000807761862")
    _polled(source.recent, f"{SERVER}/@ann")
    _polled(source.recent, f"{SERVER}/search?q=bridge")


def _fetched(fetch: Callable[[str], Any], *targets: str) -> None:
    for target in targets:
        try:
            check_post(fetch(target).post)
        except PostUnavailable as exc:
            assert exc.status is not None
        except TrackerError:
            continue


def _polled(recent: Callable[[Watch, None], Any], target: str) -> None:
    try:
        polled = recent(Watch(target, 60, 0, 30), None)
    except TrackerError:
        return
    for post in (*polled.entries, *(read.post for read in polled.read)):
        check_post(post)
    assert polled.cursor is None or len(polled.cursor) < 1_000_000


def _grown_info(piece: str, size: int) -> object:
    return {**VIDEO, "description": repeated(piece, size)}


def _grown_status(piece: str, size: int) -> object:
    return [{**MASTODON_STATUS, "content": repeated(piece, size), "in_reply_to_id": None}]


def platform_parsers() -> tuple[Parser, ...]:
    """Return the parsers of platforms' answers."""
    sidecars = (VIDEO, PLAYLIST, BLUESKY_FEED)
    return (
        Parser(
            "info-json",
            documents((VIDEO, PLAYLIST)),
            _info_json,
            grow=_grown_info,
            pieces=(f"{YOUTUBE} ", "https://", "http://a.b)", "@", "a.b/", "\n", "\u202e", ")"),
        ),
        Parser("sidecar file", json_bodies(sidecars), _sidecar),
        Parser("yt-dlp answer", json_bodies(YTDLP_ANSWERS), _ytdlp_answer),
        Parser("X answer", documents((X_ANSWER,)), _x),
        Parser("Bluesky answer", documents((BLUESKY_FEED,)), _bluesky),
        Parser(
            "Mastodon answer",
            documents((MASTODON_STATUS, [MASTODON_STATUS, _BOOST])),
            _mastodon,
            grow=_grown_status,
            pieces=("<p>", "<a href=https://a.b/>", "<div>", "&amp;", "<br>"),
        ),
    )
