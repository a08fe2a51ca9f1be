"""Mastodon and compatible servers by Mastodon.py: what is asked, and what its errors mean.

Every server is asked without an account. The library's own waiting is off: a limit becomes
``RateLimited`` with the server's time, for the schedule to keep.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import TYPE_CHECKING

import requests

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
from tracker.model.capture import Exchange
from tracker.model.status import PostStatus
from tracker.net.guard import AddressGuard
from tracker.net.http import HttpLimits
from tracker.net.requests_adapter import GuardedAdapter, guarded_session
from tracker.net.url_syntax import shown

if TYPE_CHECKING:
    from mastodon import Mastodon

_STATUS_OF_HTTP = {
    401: PostStatus.LOGIN_REQUIRED,
    403: PostStatus.LOGIN_REQUIRED,
    404: PostStatus.DELETED,
    410: PostStatus.DELETED,
    451: PostStatus.GEO_BLOCKED,
}
_LONGEST_WAIT = timedelta(days=30)
_ANY_VERSION = "4.4.0"


@dataclass(frozen=True, slots=True)
class MastodonAnswer:
    """What a server answered: the raw JSON, and the exchanges it came in."""

    value: object
    exchanges: tuple[Exchange, ...]


class MastodonClient:
    """Asks any server of the family. Safe to use from several threads.

    Methods return the raw JSON as it was answered. They raise ``PostUnavailable`` for what is
    gone or closed, ``RateLimited``, ``UnsupportedSource`` for a server that does not speak the
    interface, and the errors of the network.
    """

    def __init__(self, guard: AddressGuard, limits: HttpLimits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        tools = (("Mastodon.py", version("Mastodon.py")),)
        self.door = GuardedAdapter(guard, limits, clock, tools=tools)

    def close(self) -> None:
        """Close all connections."""
        self.door.close()

    def status(self, server: str, status_id: str) -> MastodonAnswer:
        """Return a post as ``server`` knows it."""
        return self._ask(server, lambda api: api.status(status_id))

    def account(self, server: str, name: str) -> MastodonAnswer:
        """Return the account of ``name`` (``user`` or ``user@host``) as ``server`` knows it."""
        return self._ask(server, lambda api: api.account_lookup(name))

    def account_posts(
        self, server: str, account_id: str, below: str | None, limit: int
    ) -> MastodonAnswer:
        """Return a page of an account's posts and boosts, newest first."""
        return self._ask(
            server, lambda api: api.account_statuses(account_id, max_id=below, limit=limit)
        )

    def hashtag_posts(self, server: str, tag: str, below: str | None, limit: int) -> MastodonAnswer:
        """Return a page of the posts with a hashtag, newest first."""
        return self._ask(server, lambda api: api.timeline_hashtag(tag, max_id=below, limit=limit))

    def search(self, server: str, words: str, offset: int, limit: int) -> MastodonAnswer:
        """Return what the server's search finds; many servers answer it to accounts only."""
        return self._ask(
            server,
            lambda api: api.search_v2(
                words, resolve=False, result_type="statuses", offset=offset, limit=limit
            ),
        )

    def _ask(self, server: str, question: Callable[[Mastodon], object]) -> MastodonAnswer:
        api = self._library(server)
        with self.door.recording() as exchanges:
            try:
                with mapped_library_errors(server, exchanges):
                    question(api)
            except RateLimited as exc:
                exc.retry_at = _instant(api.ratelimit_reset, self._clock.now())
                raise
            except PostUnavailable as exc:
                exc.exchanges = tuple(exchanges)
                raise
        return MastodonAnswer(_parsed(exchanges, server), tuple(exchanges))

    def _library(self, server: str) -> Mastodon:
        # Loaded on first use: it brings a third of a second with it.
        from mastodon import Mastodon
        from mastodon.errors import MastodonDeprecationWarning

        warnings.filterwarnings("ignore", category=MastodonDeprecationWarning)
        session = requests.Session()
        guarded_session(session, self.door, max_redirects=self._limits.max_redirects)
        return Mastodon(
            mastodon_version=_ANY_VERSION,  # told, so that it need not ask before each question
            api_base_url=server,
            session=session,
            ratelimit_method="throw",
            version_check_mode="created",
            user_agent=self._limits.user_agent,
            request_timeout=self._limits.total_timeout_s,
        )


@contextmanager
def mapped_library_errors(server: str, exchanges: list[Exchange]) -> Iterator[None]:
    """Turn every exception of Mastodon.py into one of ours.

    The last of ``exchanges`` says what was really answered: the library keeps only words of it.
    """
    from mastodon import errors

    try:
        yield
    except errors.MastodonRatelimitError as exc:
        raise RateLimited(f"{shown(server)} asks us to wait") from exc
    except errors.MastodonIllegalArgumentError as exc:
        raise SourceError(f"not a question for {shown(server)}: {exc}") from exc
    except errors.MastodonError as exc:
        raise _ours_behind(exc) or _refusal(server, exchanges, exc) from exc
    except (ValueError, TypeError, RecursionError, LookupError, AttributeError) as exc:
        raise _unreadable(server) from exc


def _ours_behind(error: BaseException) -> TrackerError | None:
    """The error our own door raised inside the library, which wraps whatever it meets."""
    seen: BaseException | None = error
    for _ in range(10):
        seen = seen.__cause__ or seen.__context__ if seen is not None else None
        if isinstance(seen, TrackerError):
            return seen
    return None


def _refusal(server: str, exchanges: list[Exchange], error: Exception) -> TrackerError:
    last = exchanges[-1] if exchanges else None
    if last is None or last.status_code is None:
        return NetworkError(f"no answer from {shown(server)}: {type(error).__name__}")
    code = last.status_code
    said = _said(last)
    if said is None:  # a page: of another kind of server, or of one that is down
        return _unreadable(server)
    text = f"{shown(server)} says {code}: {said}"
    if code in _STATUS_OF_HTTP:
        return PostUnavailable(text, status=_STATUS_OF_HTTP[code])
    return HttpStatusError(text, status_code=code)


def _said(exchange: Exchange) -> str | None:
    """The error of a server that speaks the interface; ``None`` for a page or anything else."""
    try:
        value = json.loads(exchange.body)
    except (ValueError, RecursionError):
        return None
    error = value.get("error") if isinstance(value, dict) else None
    return ascii(error)[1:-1][:200] if isinstance(error, str) else None


def _unreadable(server: str) -> UnsupportedSource:
    return UnsupportedSource(f"{shown(server)} does not speak Mastodon's interface")


def _parsed(exchanges: list[Exchange], server: str) -> object:
    try:
        value: object = json.loads(exchanges[-1].body, parse_constant=lambda _: None)
    except (ValueError, RecursionError, LookupError) as exc:
        raise _unreadable(server) from exc
    return value


def _instant(epoch_s: object, now: datetime) -> datetime | None:
    """When the server lets us ask again, as the library worked it out; at most a month ahead."""
    if not isinstance(epoch_s, int | float):
        return None
    try:
        at = datetime.fromtimestamp(epoch_s, UTC)
    except (OverflowError, OSError, ValueError):
        return None
    return min(max(at, now), now + _LONGEST_WAIT)
