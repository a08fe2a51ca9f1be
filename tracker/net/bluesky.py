"""Bluesky's public interface by the AT Protocol SDK: what is asked, and what its errors mean.

The AppView answers about posts and feeds without an account; a post's own server (PDS), found
through the account's identity document, holds its records and the video as it was uploaded.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING

import httpx

from tracker.clock import Clock
from tracker.errors import (
    HttpStatusError,
    NetworkError,
    PostUnavailable,
    RateLimited,
    SourceError,
    TrackerError,
    UnsupportedSource,
)
from tracker.model.status import PostStatus
from tracker.net.guard import AddressGuard
from tracker.net.http import HttpLimits, mapped_errors
from tracker.net.httpx_door import GuardedDoor
from tracker.net.url_syntax import shown

if TYPE_CHECKING:
    from atproto_client.exceptions import RequestErrorBase
    from atproto_client.models.base import ParamsModelBase

PUBLIC_APPVIEW = "https://public.api.bsky.app"
PLC_DIRECTORY = "https://plc.directory"
POSTS_PER_CALL = 25
"""Source: the lexicon app.bsky.feed.getPosts."""

Json = Mapping[str, object]
_DID_PLC = re.compile(r"did:plc:[a-z2-7]{24}\Z")
_DID_WEB = re.compile(r"did:web:([a-z0-9.-]{1,253}(?:%3A\d{1,5})?)\Z", re.IGNORECASE)
_MAX_KNOWN_SERVERS = 5000

# Names of XRPC errors that speak of the post or its account. Source: the lexicons, and the error
# names of the reference implementation.
_STATUS_OF_ERROR = {
    "RecordNotFound": PostStatus.DELETED,
    "NotFound": PostStatus.DELETED,
    "HandleNotFound": PostStatus.DELETED,
    "ActorNotFound": PostStatus.DELETED,
    "AccountTakedown": PostStatus.SUSPENDED,
    "AccountDeactivated": PostStatus.DELETED,
    "RepoNotFound": PostStatus.DELETED,
    "RepoTakendown": PostStatus.SUSPENDED,
    "RepoDeactivated": PostStatus.DELETED,
    "RepoSuspended": PostStatus.SUSPENDED,
    "BlockedActor": PostStatus.PRIVATE,
    "BlockedByActor": PostStatus.PRIVATE,
}
_GONE = re.compile(
    r"unable to resolve handle|profile not found|could not (?:locate|find)|deactivated|taken ?down",
    re.IGNORECASE,
)


class BlueskyClient:
    """Asks the AppView at ``appview`` and the accounts' own servers. Safe in several threads.

    Methods raise ``PostUnavailable`` for what is gone or closed, ``RateLimited`` with the
    platform's own time, ``SourceError`` for a refused question, and the errors of the network.
    """

    def __init__(
        self,
        guard: AddressGuard,
        limits: HttpLimits,
        clock: Clock,
        *,
        appview: str = PUBLIC_APPVIEW,
        plc_directory: str = PLC_DIRECTORY,
    ) -> None:
        self.clock = clock
        self._limits = limits
        self._appview = appview.rstrip("/")
        self._plc_directory = plc_directory.rstrip("/")
        self.door = GuardedDoor(guard, limits, clock, tools=(("atproto", version("atproto")),))
        self._servers: dict[str, str] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close all connections."""
        self.door.close()

    def did(self, account: str) -> str:
        """Return the permanent name (DID) of a handle; a DID is returned as it is."""
        if account.startswith("did:"):
            return account
        from atproto_client.models import ComAtprotoIdentityResolveHandle as Method

        answer = self._ask("com.atproto.identity.resolveHandle", Method.Params(handle=account))
        did = answer.get("did")
        if not isinstance(did, str) or not did.startswith("did:"):
            raise NetworkError(f"Bluesky resolved the handle {shown(account)} to no DID")
        return did

    def posts(self, uris: Sequence[str]) -> Json:
        """Return the views of at most 25 posts; those that are gone are missing in it."""
        from atproto_client.models import AppBskyFeedGetPosts as Method

        return self._ask("app.bsky.feed.getPosts", Method.Params(uris=list(uris)))

    def author_feed(self, account: str, cursor: str | None, limit: int) -> Json:
        """Return a page of an account's posts, replies and reposts, newest first."""
        from atproto_client.models import AppBskyFeedGetAuthorFeed as Method

        params = Method.Params(
            actor=account, cursor=cursor, limit=limit, filter="posts_with_replies"
        )
        return self._ask("app.bsky.feed.getAuthorFeed", params)

    def search(
        self, words: str, cursor: str | None, limit: int, until: datetime | None = None
    ) -> Json:
        """Return a page of the posts that hold ``words``, newest first, of those before ``until``.

        Source: the lexicon of app.bsky.feed.searchPosts.
        """
        from atproto_client.models import AppBskyFeedSearchPosts as Method

        before = until.isoformat().replace("+00:00", "Z") if until is not None else None
        params = Method.Params(q=words, cursor=cursor, limit=limit, sort="latest", until=before)
        try:
            return self._ask("app.bsky.feed.searchPosts", params)
        except PostUnavailable as exc:
            if exc.status is not PostStatus.LOGIN_REQUIRED:
                raise
            raise SourceError(
                f"{self._appview} answers searches to accounts only; name another host in "
                "bluesky.appview, or watch the accounts themselves"
            ) from exc

    def record(self, did: str, collection: str, name: str) -> Json:
        """Return a record as the account's own server holds it."""
        from atproto_client.models import ComAtprotoRepoGetRecord as Method

        params = Method.Params(repo=did, collection=collection, rkey=name)
        return self._ask("com.atproto.repo.getRecord", params, host=self.server(did))

    def server(self, did: str) -> str:
        """Return the address of the account's own server. Source: atproto.com/specs/did."""
        with self._lock:
            known = self._servers.get(did)
        if known is not None:
            return known
        found = self._server(did)
        with self._lock:
            if len(self._servers) >= _MAX_KNOWN_SERVERS:
                self._servers.clear()
            self._servers[did] = found
        return found

    def blob_url(self, did: str, cid: str) -> str:
        """Return where the account's own server serves a blob: the bytes as they were uploaded."""
        query = httpx.QueryParams({"did": did, "cid": cid})
        return f"{self.server(did)}/xrpc/com.atproto.sync.getBlob?{query}"

    def _server(self, did: str) -> str:
        from atproto_core.did_doc import DidDocument

        url = self._document_url(did)
        with mapped_errors(url):
            answer = self._client.get(url)
        if answer.status_code in {404, 410}:
            raise PostUnavailable(f"no account {shown(did)}", status=PostStatus.DELETED)
        if answer.status_code != httpx.codes.OK:
            raise HttpStatusError(
                f"the server answered {answer.status_code} for {shown(url)}",
                status_code=answer.status_code,
            )
        try:
            document = DidDocument.model_validate_json(answer.content)
            endpoint: str | None = document.get_pds_endpoint()
        except ValueError as exc:
            raise NetworkError(f"no identity document at {shown(url)}") from exc
        if not endpoint or not endpoint.startswith(("https://", "http://")):
            raise SourceError(f"the account {shown(did)} names no server")
        return endpoint.rstrip("/")

    def _document_url(self, did: str) -> str:
        if _DID_PLC.match(did):
            return f"{self._plc_directory}/{did}"
        web = _DID_WEB.match(did)
        if web is None:
            raise UnsupportedSource(f"not an account of Bluesky: {shown(did)}")
        return f"https://{web[1].replace('%3A', ':').replace('%3a', ':')}/.well-known/did.json"

    @cached_property
    def _client(self) -> httpx.Client:
        return httpx.Client(
            transport=self.door,
            trust_env=False,
            follow_redirects=True,
            max_redirects=self._limits.max_redirects,
        )

    def _ask(self, method: str, params: ParamsModelBase, *, host: str | None = None) -> Json:
        from atproto_client.client.base import ClientBase
        from atproto_client.request import Request

        where = host or self._appview
        # A client of its own for each question: it is only a base address, the door is shared.
        request = Request(
            transport=self.door, trust_env=False, max_redirects=self._limits.max_redirects
        )
        client = ClientBase(f"{where}/xrpc", request)
        with mapped_sdk_errors(f"{where}/xrpc/{method}", self.clock.now):
            content = client.invoke_query(
                method, params=params, output_encoding="application/json"
            ).content
        if not isinstance(content, Mapping):
            raise NetworkError(f"{shown(where)} answered {method} with no JSON object")
        return content


@contextmanager
def mapped_sdk_errors(url: str, now: Callable[[], datetime]) -> Iterator[None]:
    """Turn every exception of the SDK into one of ours; ``url`` goes into the sentence."""
    from atproto_client.exceptions import RequestErrorBase
    from atproto_core.exceptions import AtProtocolError

    try:
        with mapped_errors(url):
            yield
    except RequestErrorBase as exc:
        raise _mapped(exc, url, now()) from exc
    except AtProtocolError as exc:
        raise SourceError(f"Bluesky's SDK refused the question {shown(url)}: {exc}") from exc
    except (ValueError, RecursionError) as exc:  # an answer that is no JSON, or far too deep
        raise NetworkError(f"the answer of {shown(url)} cannot be read: {exc}") from exc


def _mapped(error: RequestErrorBase, url: str, now: datetime) -> TrackerError:
    from atproto_client.exceptions import RateLimitExceededError

    if error.response is None:
        return NetworkError(f"no answer from {shown(url)}: {type(error).__name__}")
    if isinstance(error, RateLimitExceededError):
        return RateLimited(f"{shown(url)} asks us to wait", retry_at=_retry_at(error, now))
    code = error.response.status_code
    name, message = _named(error.response.content)
    said = f"Bluesky says {name or code}: {message}" if message else f"Bluesky says {name or code}"
    status = _STATUS_OF_ERROR.get(name) or (PostStatus.DELETED if _GONE.search(message) else None)
    if code in {401, 403}:
        status = status or PostStatus.LOGIN_REQUIRED
    if status is not None:
        return PostUnavailable(f"{said} ({shown(url)})", status=status)
    if code == httpx.codes.BAD_REQUEST:
        return SourceError(f"{said} ({shown(url)})")
    return HttpStatusError(f"{said} ({shown(url)})", status_code=code)


def _named(content: object) -> tuple[str, str]:
    """The error's name and message, bounded: they are the server's words."""
    name, message = getattr(content, "error", None), getattr(content, "message", None)
    return (
        ascii(name)[1:-1][:80] if isinstance(name, str) else "",
        ascii(message)[1:-1][:200] if isinstance(message, str) else "",
    )


def _retry_at(error: object, now: datetime) -> datetime | None:
    """The platform's own time: ``ratelimit-reset``, else ``Retry-After``; at most a month off."""
    reset: datetime | None = None
    try:
        reset = getattr(error, "reset_at", None)
    except (ValueError, OverflowError, OSError):
        reset = None
    after = getattr(error, "retry_after", None)
    if reset is None and isinstance(after, int | float):
        reset = now + timedelta(seconds=min(after, 30 * 86400))
    if reset is None:
        return None
    return min(max(reset.astimezone(UTC), now), now + timedelta(days=30))
