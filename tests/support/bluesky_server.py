"""Bluesky on loopback: an AppView, an identity directory and the accounts' own server in one.

XRPC as the lexicons describe it: errors as ``{"error", "message"}``, cursors, ``ratelimit-*``
headers, posts that are gone left out of ``getPosts``, reposts as feed entries with a reason.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from tests.support.callback_server import Call, WebServer, serving

ALICE = "did:plc:" + "a" * 24
BOB = "did:plc:" + "b" * 24
HANDLES = {ALICE: "alice.test", BOB: "bob.test"}
CID = "bafkreih" + "a" * 51


@dataclass
class Entry:
    """A post or a repost in the order of an account's feed, newest first by ``at``."""

    did: str
    at: str
    uri: str
    repost_of: str | None = None


@dataclass
class BlueskySite:
    """The running site: fill it with ``post`` and ``repost``; ``blobs`` are by CID."""

    server: WebServer
    records: dict[str, dict[str, object]] = field(default_factory=dict)
    indexed: dict[str, str] = field(default_factory=dict)
    feed: list[Entry] = field(default_factory=list)
    blobs: dict[str, bytes] = field(default_factory=dict)
    thumbnails: dict[str, bytes] = field(default_factory=dict)  # by CID of the video
    hidden: set[str] = field(default_factory=set)
    search_open: bool = True
    limited_after: int | None = None
    calls: list[str] = field(default_factory=list)

    @property
    def host(self) -> str:
        """Where all three are."""
        return self.server.url("")

    def post(
        self,
        did: str,
        name: str,
        text: str,
        *,
        at: str = "2026-02-01T10:00:00.000Z",
        indexed: str | None = None,
        **more: object,
    ) -> str:
        """Publish a post; return its at-uri."""
        uri = f"at://{did}/app.bsky.feed.post/{name}"
        kind = {"$type": "app.bsky.feed.post"}
        self.records[uri] = {**kind, "text": text, "createdAt": at, **more}
        self.indexed[uri] = indexed or at
        self.feed.append(Entry(did, min(at, self.indexed[uri]), uri))
        return uri

    def repost(self, did: str, name: str, subject: str, at: str) -> str:
        """Share a post; return the repost's at-uri."""
        uri = f"at://{did}/app.bsky.feed.repost/{name}"
        self.records[uri] = {"subject": {"uri": subject, "cid": CID}, "createdAt": at}
        self.indexed[uri] = at
        self.feed.append(Entry(did, at, uri, repost_of=subject))
        return uri

    def delete(self, uri: str) -> None:
        """Take a record away."""
        del self.records[uri]
        self.feed = [entry for entry in self.feed if uri not in {entry.uri, entry.repost_of}]

    def answer(self, call: Call) -> None:
        """Answer whatever is asked."""
        split = urlsplit(call.path)
        query = parse_qs(split.query)
        one = {name: values[0] for name, values in query.items()}
        method = split.path.rpartition("/")[2]
        self.calls.append(method)
        if self.limited_after is not None and len(self.calls) > self.limited_after:
            _fail(call, 429, "RateLimitExceeded", {"ratelimit-reset": "1772370000"})
        elif split.path.startswith("/did:"):
            self._document(call, split.path[1:])
        elif method == "com.atproto.identity.resolveHandle":
            self._resolve(call, one.get("handle", ""))
        elif method == "app.bsky.feed.getPosts":
            shown = [u for u in query.get("uris", []) if u in self.records and u not in self.hidden]
            _json(call, {"posts": [self.view(uri) for uri in shown]})
        elif method == "app.bsky.feed.getAuthorFeed":
            self._author_feed(call, one)
        elif method == "app.bsky.feed.searchPosts":
            self._search(call, one)
        elif method == "com.atproto.repo.getRecord":
            self._record(call, f"at://{one['repo']}/{one['collection']}/{one['rkey']}")
        elif method == "com.atproto.sync.getBlob" and one.get("cid") in self.blobs:
            call.reply(self.blobs[one["cid"]], "video/mp4")
        elif split.path.startswith("/thumbnail/") and method in self.thumbnails:
            call.reply(self.thumbnails[method], "image/jpeg")
        else:
            _fail(call, 501, "MethodNotImplemented")

    def view(self, uri: str) -> dict[str, object]:
        """Return the AppView's view of a post."""
        did, record = uri.split("/")[2], self.records[uri]
        shown: dict[str, object] = {
            "uri": uri,
            "cid": CID,
            "author": {"did": did, "handle": HANDLES[did], "displayName": HANDLES[did].title()},
            "record": record,
            "indexedAt": self.indexed[uri],
            "likeCount": 3,
            "labels": [],
        }
        embed = record.get("embed")
        if isinstance(embed, dict) and embed.get("$type") == "app.bsky.embed.video":
            cid = embed["video"]["ref"]["$link"]
            video: dict[str, object] = {
                "$type": "app.bsky.embed.video#view",
                "cid": cid,
                "playlist": self.server.url("/watch/playlist.m3u8"),
            }
            if cid in self.thumbnails:
                video["thumbnail"] = self.server.url(f"/thumbnail/{cid}")
            shown["embed"] = video
        return shown

    def _document(self, call: Call, did: str) -> None:
        if did not in HANDLES:
            call.reply(b'{"message":"DID not registered"}', "application/json", status=404)
            return
        service = {
            "id": "#atproto_pds",
            "type": "AtprotoPersonalDataServer",
            "serviceEndpoint": self.host,
        }
        known = [f"at://{HANDLES[did]}"]
        _json(call, {"id": did, "alsoKnownAs": known, "service": [service]})

    def _resolve(self, call: Call, handle: str) -> None:
        did = next((did for did, known in HANDLES.items() if known == handle), None)
        if did is None:
            _fail(call, 400, "InvalidRequest", message="Unable to resolve handle")
        else:
            _json(call, {"did": did})

    def _author_feed(self, call: Call, query: Mapping[str, str]) -> None:
        actor = query["actor"]
        did = next((did for did, h in HANDLES.items() if actor in {did, h}), None)
        if did is None:
            _fail(call, 400, "InvalidRequest", message="Profile not found")
            return
        self._page(call, "feed", [e for e in self.feed if e.did == did], query)

    def _search(self, call: Call, query: Mapping[str, str]) -> None:
        if not self.search_open:
            call.reply(b"<html>403 Forbidden</html>", status=403)
            return
        words = query["q"].lower()
        found = [e for e in self.feed if e.repost_of is None
                 and words in str(self.records[e.uri]["text"]).lower()
                 and e.at < query.get("until", "9999")]  # fmt: skip
        self._page(call, "posts", found, query)

    def _page(self, call: Call, name: str, entries: list[Entry], query: Mapping[str, str]) -> None:
        ordered = sorted(entries, key=lambda e: e.at, reverse=True)
        start, limit = int(query.get("cursor", 0)), int(query.get("limit", 50))
        shown = ordered[start : start + limit]
        following = {"cursor": str(start + limit)} if start + limit < len(ordered) else {}
        _json(call, {name: [self._entry(name, e) for e in shown], **following})

    def _entry(self, name: str, entry: Entry) -> dict[str, object]:
        if name == "posts":
            return self.view(entry.uri)
        if entry.repost_of is None:
            return {"post": self.view(entry.uri)}
        reason = {
            "$type": "app.bsky.feed.defs#reasonRepost",
            "by": {"did": entry.did, "handle": HANDLES[entry.did]},
            "uri": entry.uri,
            "cid": CID,
            "indexedAt": entry.at,
        }
        return {"post": self.view(entry.repost_of), "reason": reason}

    def _record(self, call: Call, uri: str) -> None:
        if uri in self.records:
            _json(call, {"uri": uri, "cid": CID, "value": self.records[uri]})
        else:
            _fail(call, 400, "RecordNotFound", message=f"Could not locate record: {uri}")


def video_embed(cid: str) -> dict[str, object]:
    """Return a record's video, as an embed."""
    blob = {"$type": "blob", "ref": {"$link": cid}, "mimeType": "video/mp4", "size": 5}
    return {"$type": "app.bsky.embed.video", "video": blob}


def link_facet(url: str) -> dict[str, object]:
    """Return a link in a post's text."""
    feature = {"$type": "app.bsky.richtext.facet#link", "uri": url}
    return {"index": {"byteStart": 0, "byteEnd": 4}, "features": [feature]}


def _json(call: Call, value: object) -> None:
    call.reply(json.dumps(value).encode(), "application/json; charset=utf-8")


def _fail(
    call: Call,
    status: int,
    name: str,
    headers: Mapping[str, str] | None = None,
    message: str = "as it says",
) -> None:
    body = json.dumps({"error": name, "message": message}).encode()
    call.reply(body, "application/json", status=status, headers=headers)


@contextmanager
def serve_bluesky() -> Iterator[BlueskySite]:
    """Run the site for the enclosed block."""
    with serving() as server:
        site = BlueskySite(server)
        server.fallback = site.answer
        yield site
