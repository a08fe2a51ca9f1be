"""The X API v2 through tweepy: raw answers, waits left to the schedule, every read counted.

tweepy's own waiting is off: it sleeps in the worker and, on a used-up month, for ever. A refusal
becomes an error with the time of the next try, and until then nothing more of that kind is sent.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version

import httpx
import requests
import tweepy

from tracker.clock import Clock
from tracker.errors import (
    ForbiddenAddress,
    NetworkError,
    PostUnavailable,
    QuotaSpent,
    RateLimited,
    TrackerError,
)
from tracker.model.capture import Exchange
from tracker.model.status import PostStatus
from tracker.net.guard import AddressGuard
from tracker.net.http import HttpLimits
from tracker.net.read_budget import ReadBudget, Reservation
from tracker.net.requests_adapter import GuardedAdapter, guarded_session
from tracker.net.x_refusals import Scope, is_used_up, refusal, reset_at

MAX_IDS = 100
"""Posts that one request may ask for by id. Source: X API v2, GET /2/tweets."""
MAX_PAGE = 100
MIN_TIMELINE_PAGE = 5
MIN_SEARCH_PAGE = 10
POSTS_EACH = 3
"""Most posts one asked-for post may cost: itself, and what it shares or quotes and replies to."""

FULL_ARCHIVE_PAUSE_S = 1.0
"""Full-archive search answers one request a second. Source: X API v2, rate limits."""

_HOST_IN_TWEEPY = "https://api.twitter.com"
_KEPT_AT_THE_DOOR = "added-by-the-adapter"
_FIELDS = {
    "tweet_fields": [
        "attachments",
        "author_id",
        "conversation_id",
        "created_at",
        "edit_controls",
        "edit_history_tweet_ids",
        "entities",
        "in_reply_to_user_id",
        "lang",
        "note_tweet",
        "possibly_sensitive",
        "referenced_tweets",
        "text",
        "withheld",
    ],
    "media_fields": [
        "alt_text",
        "duration_ms",
        "height",
        "media_key",
        "preview_image_url",
        "type",
        "url",
        "variants",
        "width",
    ],
    "user_fields": ["created_at", "name", "protected", "username"],
}
# What tweepy itself fails with when an answer is not as documented.
_MALFORMED = (ValueError, TypeError, AttributeError, KeyError, RecursionError)
_OWN = ["author_id", "attachments.media_keys"]
_REFERENCED = [
    "referenced_tweets.id",
    "referenced_tweets.id.author_id",
    "referenced_tweets.id.attachments.media_keys",
]


@dataclass(frozen=True, slots=True)
class XAnswer:
    """One answer of the API: its JSON object, and the exchange with the raw bytes."""

    document: Mapping[str, object]
    exchange: Exchange


@dataclass(frozen=True, slots=True)
class PageOf:
    """Which part of a listing is asked for: at most ``size`` posts."""

    size: int
    token: str | None = None
    since_id: int | None = None
    until_id: int | None = None
    start_at: datetime | None = None
    end_at: datetime | None = None  # of searches


class XApi:
    """Asks the X API. Every method raises ``RateLimited``, ``QuotaSpent`` or ``NetworkError``
    where it gets no answer, and ``SourceError`` where X does not accept the request.
    """

    def __init__(
        self,
        token: str,
        reads: ReadBudget,
        guard: AddressGuard,
        limits: HttpLimits,
        clock: Clock,
        *,
        api_url: str = "https://api.x.com",
    ) -> None:
        base = api_url.rstrip("/")
        secret = {"authorization": f"Bearer {token}"}
        self._adapter = GuardedAdapter(
            guard,
            limits,
            clock,
            moved={_HOST_IN_TWEEPY: base},
            tools=(("tweepy", version("tweepy")),),
            secret_headers=lambda url: secret if url.startswith(f"{base}/") else {},
            heeds_limits=False,  # its limits are those of one endpoint: see x_refusals
        )
        self._client = tweepy.Client(
            bearer_token=_KEPT_AT_THE_DOOR,
            return_type=requests.Response,
            wait_on_rate_limit=False,
        )
        guarded_session(self._client.session, self._adapter, max_redirects=0)
        self._reads = reads
        self._clock = clock
        self._closed: dict[str, TrackerError] = {}
        self._full_archive = _Pace(FULL_ARCHIVE_PAUSE_S)

    def posts(self, ids: Sequence[str]) -> tuple[XAnswer, tuple[str, ...]]:
        """Return the posts with these ids (the first 100 at most), and the ids asked for."""
        wanted = tuple(dict.fromkeys(ids))[:MAX_IDS]

        def ask(count: int, fields: Mapping[str, object]) -> object:
            return self._client.get_tweets(list(wanted[:count]), **fields)

        answer, count = self._counted("post look-up", len(wanted), 1, ask)
        return answer, wanted[:count]

    def account_id(self, handle: str) -> str:
        """Return the number behind an account's name; raises ``PostUnavailable`` if it is gone."""
        known = self._reads.account_id(handle)
        if known is not None:
            return known
        self._refuse_closed("account look-up")
        reservation = self._reads.reserve(at_least=1, at_most=1)
        answer = self._asked(
            "account look-up",
            reservation,
            lambda: self._client.get_user(username=handle, user_fields=_FIELDS["user_fields"]),
        )
        data = answer.document.get("data")
        number = data.get("id") if isinstance(data, Mapping) else None
        self._reads.settle(reservation, 1 if number else 0)
        if not isinstance(number, str) or not number.isascii() or not number.isdecimal():
            raise _no_account(handle, answer)
        self._reads.remember_account(handle, number)
        return number

    def timeline(self, account_id: str, page: PageOf) -> XAnswer:
        """Return posts of an account, the newest first."""

        def ask(count: int, fields: Mapping[str, object]) -> object:
            return self._client.get_users_tweets(
                account_id,
                max_results=count,
                pagination_token=page.token,
                **_bounds(page),
                **fields,
            )

        return self._counted("timeline", page.size, MIN_TIMELINE_PAGE, ask)[0]

    def search(self, query: str, page: PageOf, *, full_archive: bool) -> XAnswer:
        """Return posts that match, the newest first: of seven days, or of the full archive."""
        search = self._client.search_recent_tweets
        if full_archive:
            search = self._client.search_all_tweets

        def ask(count: int, fields: Mapping[str, object]) -> object:
            return search(
                query, max_results=count, next_token=page.token, **_bounds(page), **fields
            )

        if not full_archive:
            return self._counted("recent search", page.size, MIN_SEARCH_PAGE, ask)[0]
        with self._full_archive.turn():
            return self._counted("full-archive search", page.size, MIN_SEARCH_PAGE, ask)[0]

    def quotes(self, post_id: str, page: PageOf) -> XAnswer:
        """Return the posts that quote a post, the newest first."""

        def ask(count: int, fields: Mapping[str, object]) -> object:
            return self._client.get_quote_tweets(
                post_id, max_results=count, pagination_token=page.token, **fields
            )

        return self._counted("quotes", page.size, MIN_SEARCH_PAGE, ask)[0]

    def close(self) -> None:
        """Close all connections."""
        self._adapter.close()

    def _counted(
        self,
        endpoint: str,
        wanted: int,
        least: int,
        ask: Callable[[int, Mapping[str, object]], object],
    ) -> tuple[XAnswer, int]:
        """Ask for as many posts as are wanted and may be read; return the answer and the number.

        Near the end of the month's reads the posts that others refer to are left out.
        """
        self._refuse_closed(endpoint)
        wanted = max(least, min(wanted, MAX_PAGE))
        reservation = self._reads.reserve(at_least=least, at_most=wanted * POSTS_EACH)
        count = reservation.reads // POSTS_EACH
        expansions = [*_OWN, *_REFERENCED]
        if count < least:
            count, expansions = min(reservation.reads, wanted), _OWN
        fields = {**_FIELDS, "expansions": expansions}
        answer = self._asked(endpoint, reservation, lambda: ask(count, fields))
        self._reads.settle(reservation, len(post_ids_in(answer.document)))
        return answer, count

    def _asked(self, endpoint: str, reservation: Reservation, ask: Callable[[], object]) -> XAnswer:
        """Make one request; what cannot have been billed is given back."""
        with self._adapter.recording() as exchanges:
            try:
                response = ask()
            except TrackerError as exc:  # the wire: ours, from inside tweepy
                if not _may_have_left(exc):
                    self._reads.settle(reservation, 0)
                raise
            except tweepy.TweepyException as exc:
                self._reads.settle(reservation, 0)
                headers = _headers(getattr(exc, "response", None))
                raise self._refused(endpoint, exchanges, headers) from exc
            except (requests.RequestException, *_MALFORMED) as exc:
                # A redirect, or tweepy fell over an answer that is not as documented.
                self._reads.settle(reservation, 0)
                raise self._refused(endpoint, exchanges, {}) from exc
            exchange = exchanges[-1]
        headers = _headers(response)
        if is_used_up(headers):
            at = reset_at(headers, self._clock.now())
            self._closed[endpoint] = RateLimited(f"X asks us to wait ({endpoint})", retry_at=at)
        return XAnswer(_json_object(exchange.body), exchange)

    def _refused(
        self, endpoint: str, exchanges: Sequence[Exchange], headers: Mapping[str, str]
    ) -> TrackerError:
        if not exchanges or exchanges[-1].status_code is None:
            return NetworkError(f"X gave no answer that can be read ({endpoint})")
        exchange, now = exchanges[-1], self._clock.now()
        try:
            document = _json_object(exchange.body)
        except NetworkError:
            document = {}
        status = exchange.status_code or 0
        found = refusal(endpoint, status, headers, document, now)
        if found.scope is Scope.MONTH:
            return self._reads.stop(str(found.error))
        if found.scope is not Scope.REQUEST:
            self._closed[endpoint if found.scope is Scope.ENDPOINT else ""] = found.error
        return found.error

    def _refuse_closed(self, endpoint: str) -> None:
        """Raise what was said before while it still holds, without asking again."""
        now = self._clock.now()
        for scope in ("", endpoint):
            error = self._closed.get(scope)
            if error is not None and error.retry_at is not None:
                if error.retry_at > now:
                    raise type(error)(str(error), retry_at=error.retry_at)
                del self._closed[scope]


class _Pace:
    """Lets one call at a time through, each a pause after the end of the one before."""

    def __init__(self, pause_s: float) -> None:
        self._pause_s = pause_s
        self._lock = threading.Lock()
        self._next_at = 0.0

    @contextmanager
    def turn(self) -> Iterator[None]:
        with self._lock:
            time.sleep(max(0.0, self._next_at - time.monotonic()))
            try:
                yield
            finally:
                self._next_at = time.monotonic() + self._pause_s


def post_ids_in(document: Mapping[str, object]) -> set[str]:
    """Return the ids of all posts an answer holds, those it includes beside too: its cost."""
    data, includes = document.get("data"), document.get("includes")
    included = includes.get("tweets") if isinstance(includes, Mapping) else None
    found: list[object] = [
        *(data if isinstance(data, list) else [data]),
        *(included if isinstance(included, list) else []),
    ]
    return {str(post["id"]) for post in found if isinstance(post, Mapping) and "id" in post}


def _bounds(page: PageOf) -> dict[str, object]:
    bounds = {
        "since_id": page.since_id,
        "until_id": page.until_id,
        "start_time": page.start_at,
        "end_time": page.end_at,
    }
    return {name: value for name, value in bounds.items() if value is not None}


def _headers(response: object) -> dict[str, str]:
    if not isinstance(response, requests.Response):
        return {}
    return {name.lower(): value for name, value in response.headers.items()}


def _json_object(body: bytes) -> Mapping[str, object]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise NetworkError("X gave an answer that is not JSON") from exc
    if not isinstance(value, Mapping):
        raise NetworkError("X gave an answer that is not a JSON object")
    return value


def _may_have_left(error: TrackerError) -> bool:
    """Tell whether the request may have reached X: then its reads stay counted."""
    if isinstance(error, ForbiddenAddress | QuotaSpent):
        return False
    return not isinstance(error.__cause__, httpx.ConnectError | httpx.ConnectTimeout | OSError)


def _no_account(handle: str, answer: XAnswer) -> PostUnavailable:
    errors = answer.document.get("errors")
    text = json.dumps(errors)[:2000].lower() if isinstance(errors, list) else ""
    exchanges = (answer.exchange,)
    if "suspended" in text:
        return PostUnavailable(
            f"X has suspended the account @{handle}",
            status=PostStatus.SUSPENDED,
            exchanges=exchanges,
        )
    return PostUnavailable(
        f"X knows no account @{handle}", status=PostStatus.DELETED, exchanges=exchanges
    )
