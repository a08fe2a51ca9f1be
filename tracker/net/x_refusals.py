"""What it means when the X API says no.

Source: X API v2 documentation, "Response codes & errors" and "Rate limits".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, auto

from tracker.errors import (
    HTTP_SERVER_ERROR,
    HttpStatusError,
    NetworkError,
    OutsideError,
    RateLimited,
    SourceError,
    TrackerError,
)
from tracker.net.url_syntax import shown

WINDOW = timedelta(minutes=15)
"""The API counts requests in windows of this length; waited for where no end is named."""

_LONGEST_WAIT = timedelta(days=2)  # the longest windows are of 24 hours
_SHORTEST_WAIT = timedelta(seconds=1)
_TOO_FAST = timedelta(seconds=5)
_USAGE_CAPPED = "/problems/usage-capped"
_PAYMENT_REQUIRED = 402


class Scope(Enum):
    """What else a refusal holds for."""

    REQUEST = auto()  # this request only
    ENDPOINT = auto()  # every request of its kind, until ``retry_at``
    TOKEN = auto()  # everything asked with this token, until ``retry_at``
    MONTH = auto()  # everything, until the month ends


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that says no: as an error, and what else it holds for."""

    error: TrackerError
    scope: Scope


def refusal(
    endpoint: str,
    status: int,
    headers: Mapping[str, str],
    document: Mapping[str, object],
    now: datetime,
) -> Refusal:
    """Return what an answer with ``status`` (not 2xx) means; header names are in lower case."""
    detail = _detail(document, status)
    if is_usage_cap(status, document):
        return Refusal(RateLimited(f"X stops this token for the month: {detail}"), Scope.MONTH)
    match status:
        case 429:
            wait = RateLimited(f"X asks us to wait ({endpoint})", retry_at=reset_at(headers, now))
            return Refusal(wait, Scope.ENDPOINT)
        case 401:
            sentence = f"X refuses the bearer token: {detail}"
            return Refusal(OutsideError(sentence, retry_at=now + WINDOW), Scope.TOKEN)
        case 403:
            sentence = f"X does not allow this token to ask for {endpoint}: {detail}"
            return Refusal(OutsideError(sentence, retry_at=now + WINDOW), Scope.ENDPOINT)
        case 400:
            return Refusal(SourceError(f"X does not accept the request: {detail}"), Scope.REQUEST)
    sentence = f"X answered {status} for {endpoint}"
    if status >= HTTP_SERVER_ERROR:
        return Refusal(HttpStatusError(sentence, status_code=status), Scope.REQUEST)
    return Refusal(NetworkError(f"{sentence}: {detail}"), Scope.REQUEST)


def is_usage_cap(status: int, document: Mapping[str, object]) -> bool:
    """Tell whether the month's allowance (or credit) is used up; its reset header says nothing."""
    if status == _PAYMENT_REQUIRED or document.get("title") == "UsageCapExceeded":
        return True
    return str(document.get("type", "")).endswith(_USAGE_CAPPED)


def reset_at(headers: Mapping[str, str], now: datetime) -> datetime:
    """Return when the next request is welcome: when every used-up window has ended.

    Where the window has requests left, they came too fast: full-archive search allows one a second.
    """
    if headers.get("x-rate-limit-remaining", "0").strip() != "0":
        return now + _TOO_FAST
    named = [
        at
        for prefix in _WINDOWS
        if headers.get(f"{prefix}-remaining", "0").strip() == "0"
        and (at := _instant(headers.get(f"{prefix}-reset", ""))) is not None
    ]
    at = max(named, default=now + WINDOW)
    if at > now + _LONGEST_WAIT:
        at = now + WINDOW
    return max(at, now + _SHORTEST_WAIT)


_WINDOWS = ("x-rate-limit", "x-app-limit-24hour", "x-user-limit-24hour")


def is_used_up(headers: Mapping[str, str]) -> bool:
    """Tell whether an answer that was given says that it was the last of its window."""
    return any(
        headers.get(f"{prefix}-remaining", "").strip() == "0" and f"{prefix}-reset" in headers
        for prefix in _WINDOWS
    )


def _instant(text: str) -> datetime | None:
    digits = text.strip()
    if not digits.isascii() or not digits.isdecimal() or len(digits) > 11:
        return None
    return datetime.fromtimestamp(int(digits), UTC)


def _detail(document: Mapping[str, object], status: int) -> str:
    """The API's own words, short and printable."""
    first = document.get("errors")
    problem = first[0] if isinstance(first, list) and first else None
    inner = problem if isinstance(problem, Mapping) else {}
    for source in (document, inner):
        for name in ("detail", "message", "title"):
            value = source.get(name)
            if isinstance(value, str) and value.strip():
                return shown(" ".join(value.split()))
    return f"status {status}"
