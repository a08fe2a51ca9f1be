"""A server of Mastodon's family on loopback: statuses, accounts, timelines, boosts, quotes.

Fields and errors as docs.joinmastodon.org describes them: ids as texts, ``Link`` headers for
paging, ``X-RateLimit-*`` on every answer, ``{"error": …}`` with 404 for what is gone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from tests.support.callback_server import Call, WebServer, serving

ACCOUNT_IDS = {"ann": "11", "ben": "12"}


@dataclass
class MastodonSite:
    """The running server: fill it with ``publish`` and ``boost``; ``files`` are by path."""

    server: WebServer
    statuses: dict[str, dict[str, object]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    search_open: bool = False
    limited: bool = False

    @property
    def host(self) -> str:
        """Where the server is."""
        return self.server.url("")

    def publish(
        self,
        status_id: str,
        content: str,
        *,
        account: str = "ann",
        at: str = "2026-02-01T10:00:00.123Z",
        **more: object,
    ) -> str:
        """Publish a status; return its address."""
        url = self.server.url(f"/@{account}/{status_id}")
        self.statuses[status_id] = {
            "id": status_id,
            "created_at": at,
            "edited_at": None,
            "in_reply_to_id": None,
            "in_reply_to_account_id": None,
            "sensitive": False,
            "spoiler_text": "",
            "visibility": "public",
            "uri": self.server.url(f"/users/{account}/statuses/{status_id}"),
            "url": url,
            "content": content,
            "reblog": None,
            "account": self.account(account),
            "media_attachments": [],
            "mentions": [],
            "tags": [],
            "card": None,
            **more,
        }
        return url

    def boost(self, status_id: str, shared: Mapping[str, object], at: str, by: str = "ann") -> str:
        """Share a status; return the boost's address."""
        url = self.publish(status_id, str(shared["content"]), account=by, at=at, reblog=shared)
        self.statuses[status_id] |= {"url": None, "uri": f"{url}/activity"}
        return url

    def account(self, name: str) -> dict[str, object]:
        """Return an account's JSON."""
        return {
            "id": ACCOUNT_IDS[name],
            "username": name,
            "acct": name,
            "url": self.server.url(f"/@{name}"),
            "display_name": name.title(),
        }

    def video(
        self, name: str, number: str = "77", preview: str = "/preview.png"
    ) -> dict[str, object]:
        """Return a video attachment's JSON; its bytes are ``files["/media/NAME"]``."""
        return {
            "id": number,
            "type": "video",
            "url": self.server.url(f"/media/{name}"),
            "remote_url": None,
            "preview_url": self.server.url(preview),
            "description": None,
        }

    def answer(self, call: Call) -> None:
        """Answer whatever is asked."""
        split = urlsplit(call.path)
        query = {name: values[0] for name, values in parse_qs(split.query).items()}
        parts = split.path.strip("/").split("/")
        if self.limited:
            self._json(call, {"error": "Too many requests"}, 429)
        elif split.path in self.files:
            call.reply(self.files[split.path], "video/mp4")
        elif parts[:3] == ["api", "v1", "statuses"] and parts[3] in self.statuses:
            self._json(call, self.statuses[parts[3]])
        elif split.path == "/api/v1/accounts/lookup" and query.get("acct") in ACCOUNT_IDS:
            self._json(call, self.account(query["acct"]))
        elif parts[:3] == ["api", "v1", "accounts"] and parts[-1] == "statuses":
            own = [s for s in self.statuses.values() if _account_id(s) == parts[3]]
            self._timeline(call, own, query)
        elif parts[:4] == ["api", "v1", "timelines", "tag"]:
            tagged = [s for s in self.statuses.values() if f"#{parts[4]}" in str(s["content"])]
            self._timeline(call, tagged, query)
        elif split.path == "/api/v2/search":
            self._search(call, query)
        elif parts[0] == "api":
            self._json(call, {"error": "Record not found"}, 404)
        else:
            call.reply(b"<html>a page</html>", status=404)

    def _timeline(
        self, call: Call, statuses: list[dict[str, object]], query: Mapping[str, str]
    ) -> None:
        below = int(query.get("max_id", 10**20))
        ordered = sorted(statuses, key=lambda s: -int(str(s["id"])))
        shown = [s for s in ordered if int(str(s["id"])) < below][: int(query.get("limit", 20))]
        following = f'<{self.server.url("/next")}?max_id=1>; rel="next"'
        self._json(call, shown, headers={"Link": following})

    def _search(self, call: Call, query: Mapping[str, str]) -> None:
        if not self.search_open:
            self._json(call, {"error": "This method requires an authenticated user"}, 401)
            return
        found = [s for s in self.statuses.values() if query["q"] in str(s["content"])]
        start = int(query.get("offset", 0))
        self._json(call, {"accounts": [], "hashtags": [], "statuses": found[start : start + 20]})

    def _json(
        self,
        call: Call,
        value: object,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        limits = {
            "X-RateLimit-Limit": "300",
            "X-RateLimit-Remaining": "0" if self.limited else "299",
            "X-RateLimit-Reset": "2099-01-01T00:00:00.000000Z",
        }
        body = json.dumps(value).encode()
        kind = "application/json; charset=utf-8"
        call.reply(body, kind, status=status, headers={**limits, **(headers or {})})


def _account_id(status: Mapping[str, object]) -> object:
    account = status["account"]
    return account.get("id") if isinstance(account, dict) else None


@contextmanager
def serve_mastodon() -> Iterator[MastodonSite]:
    """Run the server for the enclosed block."""
    with serving() as server:
        site = MastodonSite(server)
        server.fallback = site.answer
        yield site
