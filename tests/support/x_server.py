"""A server on loopback that speaks the X API v2: data, includes, errors beside data, limits.

Written from the platform's documentation: only the fields that were asked for are given, posts
that are gone come as problems beside the data, pages go by tokens, and 429 names its reset.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.callback_server import Call, serving
from tracker.clock import Clock, SystemClock
from tracker.timestamps.snowflake import X as X_IDS

TOKEN = "loopback-token"
PROBLEMS = "https://api.twitter.com/2/problems"
WINDOW = timedelta(minutes=15)
GONE = ("Not Found Error", "resource-not-found", "Could not find tweet with {name}: [{id}].")
PROTECTED = (
    "Authorization Error",
    "not-authorized-for-resource",
    "Sorry, you are not authorized to see the Tweet with {name}: [{id}].",
)
SUSPENDED = ("Forbidden", "resource-not-found", "User has been suspended: [{id}].")
Json = dict[str, Any]


def post_id(at: datetime, sequence: int = 0) -> str:
    """Return the id of a post that was published at ``at``."""
    return str((int(at.timestamp() * 1000) - 1288834974657 << 22) + sequence)


@dataclass
class Limit:
    """How many requests of one kind a window allows."""

    requests: int = 450
    left: int = 450
    reset_at: datetime | None = None


@dataclass
class XSite:
    """What the platform holds, and what was asked of it."""

    clock: Clock
    url: str = ""
    posts: dict[str, Json] = field(default_factory=dict)
    users: dict[str, Json] = field(default_factory=dict)
    media: dict[str, Json] = field(default_factory=dict)
    hidden: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    hidden_users: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    limits: dict[str, Limit] = field(default_factory=dict)
    capped: bool = False
    full_archive_allowed: bool = True
    full_archive_asked_at: float = 0.0
    answer_instead: Callable[[Call], None] | None = None
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    served_posts: int = 0

    def add_user(self, number: str, username: str, **more: object) -> str:
        """Add an account; return its number."""
        self.users[number] = {"id": number, "username": username, "name": username, **more}
        return number

    def add_video(self, number: str, *variants: tuple[str, str, int], kind: str = "7") -> str:
        """Add a video with (address, content type, bit rate) variants; return its media key."""
        key = f"{kind}_{number}"
        described = [
            {"url": url, "content_type": kind_, **({"bit_rate": rate} if rate else {})}
            for url, kind_, rate in variants
        ]
        self.media[key] = {
            "media_key": key,
            "type": "video",
            "duration_ms": 9000,
            "width": 1280,
            "height": 720,
            "preview_image_url": f"{self.url}/preview/{number}.jpg",
            "variants": described,
        }
        return key

    def add_post(
        self,
        at: datetime,
        author: str,
        text: str = "text",
        *,
        number: str | None = None,
        media: tuple[str, ...] = (),
        refers: Mapping[str, str] | None = None,
        **more: object,
    ) -> str:
        """Add a post published at ``at``; ``refers`` maps kinds to ids; return its id."""
        number = number or post_id(at, len(self.posts))
        post: Json = {
            "id": number,
            "text": text,
            "author_id": author,
            "created_at": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "edit_history_tweet_ids": [number],
            "lang": "en",
        }
        if media:
            post["attachments"] = {"media_keys": list(media)}
        if refers:
            post["referenced_tweets"] = [{"type": kind, "id": i} for kind, i in refers.items()]
        self.posts[number] = {**post, **more}
        return number

    def asked_for(self, path: str) -> list[dict[str, str]]:
        """Return the parameters of every request for ``path``."""
        return [parameters for asked, parameters in self.asked if asked == path]


@contextmanager
def serving_x(clock: Clock | None = None) -> Iterator[XSite]:
    """Run the server for the enclosed block."""
    with serving() as server:
        site = XSite(clock or SystemClock(), server.url(""))
        server.fallback = lambda call: _Answer(site, call).give()
        yield site


class _Answer:
    def __init__(self, site: XSite, call: Call) -> None:
        self._site = site
        self._call = call
        split = urlsplit(call.path)
        self._path = split.path
        self._query = {name: values[-1] for name, values in parse_qs(split.query).items()}
        self._headers: dict[str, str] = {}

    def give(self) -> None:
        site = self._site
        site.asked.append((self._path, self._query))
        if site.answer_instead is not None:
            site.answer_instead(self._call)
            return
        if self._call.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._problem(401, "Unauthorized", "Unauthorized", "about:blank")
        elif site.capped:
            self._reply(429, {
                "title": "UsageCapExceeded", "period": "Monthly", "scope": "Product",
                "account_id": 1, "product_name": "standard-basic",
                "detail": "Usage cap exceeded: Monthly product cap",
                "type": f"{PROBLEMS}/usage-capped",
            })  # fmt: skip
        elif self._within_limit():
            self._route()

    def _within_limit(self) -> bool:
        limit = self._site.limits.setdefault(_endpoint(self._path), Limit())
        now = self._site.clock.now()
        if limit.reset_at is None or limit.reset_at <= now:
            limit.reset_at, limit.left = now + WINDOW, limit.requests
        self._headers = {
            "x-rate-limit-limit": str(limit.requests),
            "x-rate-limit-remaining": str(max(0, limit.left - 1)),
            "x-rate-limit-reset": str(int(limit.reset_at.timestamp())),
        }
        if limit.left <= 0:
            self._problem(429, "Too Many Requests", "Too Many Requests", "about:blank")
            return False
        limit.left -= 1
        return True

    def _route(self) -> None:
        routes: list[tuple[str, Callable[..., None]]] = [
            (r"/2/tweets", self._by_ids),
            (r"/2/users/by/username/(\w+)", self._user),
            (r"/2/users/(\d+)/tweets", self._timeline),
            (r"/2/tweets/search/(recent|all)", self._search),
            (r"/2/tweets/(\d+)/quote_tweets", self._quotes),
        ]
        for pattern, answer in routes:
            if found := re.fullmatch(pattern, self._path):
                answer(*found.groups())
                return
        self._problem(404, "Not Found", "Not Found", "about:blank")

    def _by_ids(self) -> None:
        ids = self._query.get("ids", "").split(",")
        bad = [i for i in ids if not re.fullmatch(r"\d{1,19}", i)]
        if bad or not 1 <= len(ids) <= 100:
            self._invalid(f"The `ids` query parameter value [{bad[:1]}] is not valid")
            return
        found = [self._site.posts[i] for i in ids if self._visible(i)]
        errors = [_missing(self._reason(i), i, "ids") for i in ids if not self._visible(i)]
        self._reply(200, self._document(found, errors, one_page=True))

    def _user(self, name: str) -> None:
        known = {user["username"].lower(): user for user in self._site.users.values()}
        user = known.get(name.lower())
        if user is None or user["id"] in self._site.hidden_users:
            reason = self._site.hidden_users.get(user["id"]) if user else None
            title, kind, detail = reason or (
                "Not Found Error", "resource-not-found", "Could not find user with {name}: [{id}].",
            )  # fmt: skip
            if title != "Authorization Error":  # a protected account can be looked up
                error = _missing((title, kind, detail), name, "username", resource="user")
                self._reply(200, {"errors": [error]})
                return
        assert user is not None
        self._reply(
            200, {"data": _only(user, self._list("user.fields"), ("id", "name", "username"))}
        )

    def _timeline(self, number: str) -> None:
        if number in self._site.hidden_users:
            reason = self._site.hidden_users[number]
            self._reply(200, {"errors": [_missing(reason, number, "id", resource="user")]})
            return
        posts = [p for p in self._site.posts.values() if p["author_id"] == number]
        self._listing(posts, 5, "pagination_token")

    def _search(self, reach: str) -> None:
        if reach == "all" and not self._site.full_archive_allowed:
            self._problem(
                403, "Client Forbidden", "When authenticating requests you must use keys and "
                "tokens from a developer App that is attached to a Project.",
                f"{PROBLEMS}/client-forbidden",
            )  # fmt: skip
            return
        if reach == "all" and self._too_fast():
            self._problem(429, "Too Many Requests", "Too Many Requests", "about:blank")
            return
        if not 1 <= len(self._query.get("query", "")) <= 512:
            self._invalid("The `query` query parameter can not be empty or too long")
            return
        earliest = self._site.clock.now() - timedelta(days=7)
        if reach == "recent" and self._starts_before(earliest):
            self._invalid("'start_time' must be on or after a time within the last 7 days")
            return
        posts = [
            p for p in self._site.posts.values() if _matches(p, self._query["query"], self._site)
        ]
        if reach == "recent":
            posts = [p for p in posts if _at(p) > earliest]
        self._listing(posts, 10, "next_token")

    def _too_fast(self) -> bool:
        """Full-archive search allows one request a second; a little less says it is met."""
        now, former = time.monotonic(), self._site.full_archive_asked_at
        self._site.full_archive_asked_at = now
        return now - former < 0.9

    def _starts_before(self, earliest: datetime) -> bool:
        since = self._query.get("since_id")
        start = self._query.get("start_time")
        return (since is not None and X_IDS.at(int(since)) < earliest) or (
            start is not None and datetime.fromisoformat(start) < earliest
        )

    def _quotes(self, number: str) -> None:
        quoting = {"type": "quoted", "id": number}
        posts = [p for p in self._site.posts.values() if quoting in p.get("referenced_tweets", [])]
        self._listing(posts, 10, "pagination_token")

    def _listing(self, posts: list[Json], least: int, token_name: str) -> None:
        size = int(self._query.get("max_results", "10"))
        if not least <= size <= 100:
            self._invalid(f"The `max_results` query parameter value [{size}] is not valid")
            return
        start = self._query.get("start_time")
        since, until = self._query.get("since_id"), self._query.get("until_id")
        kept = [
            p
            for p in sorted(posts, key=lambda post: -int(post["id"]))
            if self._visible(p["id"])
            and (since is None or int(p["id"]) > int(since))
            and (until is None or int(p["id"]) < int(until))
            and (start is None or _at(p) >= datetime.fromisoformat(start))
        ]
        token = self._query.get(token_name, "t0")
        if not re.fullmatch(r"t\d+", token):
            self._invalid(f"The `{token_name}` query parameter value [{token}] is not valid")
            return
        first = int(token[1:])
        page = kept[first : first + size]
        document = self._document(page, [], one_page=False)
        if len(kept) > first + size:
            document["meta"]["next_token"] = f"t{first + size}"
        self._reply(200, document)

    def _document(self, found: list[Json], errors: list[Json], *, one_page: bool) -> Json:
        site, expansions = self._site, self._list("expansions")
        referenced: dict[str, Json] = {}
        errors = list(errors)
        if "referenced_tweets.id" in expansions:
            for reference in (r for p in found for r in p.get("referenced_tweets", [])):
                number = reference["id"]
                if self._visible(number):
                    referenced[number] = site.posts[number]
                else:
                    errors.append(_missing(self._reason(number), number, "referenced_tweets.id"))
        carriers = list(found)
        if "referenced_tweets.id.attachments.media_keys" in expansions:
            carriers += referenced.values()
        authors = found if "author_id" in expansions else []
        if "referenced_tweets.id.author_id" in expansions:
            authors = [*authors, *referenced.values()]
        keys = [
            key for p in carriers for key in p.get("attachments", {}).get("media_keys", [])
        ] if "attachments.media_keys" in expansions else []  # fmt: skip
        fields = self._list("tweet.fields")
        default = ("id", "text", "edit_history_tweet_ids")
        includes = {
            "tweets": [_only(p, fields, default) for p in referenced.values()],
            "users": [
                _only(site.users[i], self._list("user.fields"), ("id", "name", "username"))
                for i in dict.fromkeys(p["author_id"] for p in authors)
                if i in site.users
            ],
            "media": [
                _only(site.media[k], self._list("media.fields"), ("media_key", "type"))
                for k in dict.fromkeys(keys)
                if k in site.media
            ],
        }
        document: Json = {"data": [_only(p, fields, default) for p in found]}
        if not found:
            del document["data"]
        document["includes"] = {name: values for name, values in includes.items() if values}
        if not document["includes"]:
            del document["includes"]
        if errors:
            document["errors"] = errors
        if not one_page:
            document["meta"] = {"result_count": len(found)}
        site.served_posts += len({p["id"] for p in found} | set(referenced))
        return document

    def _visible(self, number: str) -> bool:
        post = self._site.posts.get(number)
        if post is None or number in self._site.hidden:
            return False
        return post["author_id"] not in self._site.hidden_users

    def _reason(self, number: str) -> tuple[str, str, str]:
        author = str(self._site.posts.get(number, {}).get("author_id"))
        return self._site.hidden.get(number) or self._site.hidden_users.get(author, GONE)

    def _list(self, name: str) -> list[str]:
        return self._query.get(name, "").split(",")

    def _invalid(self, message: str) -> None:
        self._reply(400, {
            "errors": [{"parameters": {}, "message": message}],
            "title": "Invalid Request",
            "detail": "One or more parameters to your request was invalid.",
            "type": f"{PROBLEMS}/invalid-request",
        })  # fmt: skip

    def _problem(self, status: int, title: str, detail: str, kind: str) -> None:
        self._reply(status, {"title": title, "detail": detail, "type": kind, "status": status})

    def _reply(self, status: int, document: Json) -> None:
        body = json.dumps(document, ensure_ascii=False).encode()
        self._call.reply(
            body, "application/json; charset=utf-8", status=status, headers=self._headers
        )


def _endpoint(path: str) -> str:
    return re.sub(r"(?<=users/)\d+|(?<=tweets/)\d+|(?<=username/)\w+", ":id", path)


def _missing(reason: tuple[str, str, str], value: str, name: str, resource: str = "tweet") -> Json:
    title, kind, detail = reason
    return {
        "value": value,
        "detail": detail.format(name=name, id=value),
        "title": title,
        "resource_type": resource,
        "parameter": name,
        "resource_id": value,
        "type": f"{PROBLEMS}/{kind}",
    }


def _only(value: Json, asked: list[str], default: tuple[str, ...]) -> Json:
    return {name: item for name, item in value.items() if name in asked or name in default}


def _matches(post: Json, query: str, site: XSite) -> bool:
    for word in query.split():
        name, _, value = word.partition(":")
        if name == "from":
            if site.users[post["author_id"]]["username"].lower() != value.lower():
                return False
        elif word.lower() not in post["text"].lower():
            return False
    return True


def _at(post: Json) -> datetime:
    return datetime.fromisoformat(post["created_at"])
