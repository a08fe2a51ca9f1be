"""What yt-dlp's exceptions mean, in the words of the product.

Runs inside the child, where the exceptions still have their types; the parent gets plain JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from yt_dlp.networking.exceptions import HTTPError, RequestError
from yt_dlp.utils import (
    ContentTooShortError,
    DownloadCancelled,
    DownloadError,
    ExtractorError,
    GeoRestrictedError,
    UnsupportedError,
    UserNotLive,
    YoutubeDLError,
)

from tracker.model.status import PostStatus


class TooLarge(DownloadCancelled):  # type: ignore[misc]  # yt-dlp has no types
    """The download passed the size limit."""


class LiveStream(DownloadCancelled):  # type: ignore[misc]  # yt-dlp has no types
    """The video has no end yet."""


_NOISE = re.compile(
    r"\A(?:ERROR: )?(?:\[[^\]]{1,60}\] )?(?:[\w.-]{1,60}: )?"
    r"|; please report this issue on .*"
    r"|(?:\. |\n)(?:Use --|You might want to use|Check if this post is).*"
    r"|\(caused by .*",
    re.DOTALL,
)

# First match wins. The wordings are those of yt-dlp's extractors, which quote the platforms.
_WORDINGS: tuple[tuple[str, PostStatus | None, tuple[str, ...]], ...] = (
    (
        "bot_check",
        None,
        (
            "not a (?:ro)?bot",
            "captcha",
            "unusual traffic",
            "verify (?:that )?you are (?:a )?human",
            "automated (?:queries|requests)",
        ),
    ),
    ("rate_limited", None, ("rate.?limit", "too many requests", "try again later")),
    # Removed, private or behind a login: Instagram answers all three with nothing.
    ("unavailable", PostStatus.UNKNOWN, ("empty media response",)),
    (
        "unavailable",
        PostStatus.GEO_BLOCKED,
        ("(?:in|from) your (?:country|region|location)", "geo.?(?:restrict|block)"),
    ),
    (
        "unavailable",
        PostStatus.PRIVATE,
        (
            r"\bprivate\b",
            "protected (?:account|tweet|post)",
            "not authorized to view",
            "not have permission to view",
        ),
    ),
    (
        "unavailable",
        PostStatus.LOGIN_REQUIRED,
        (
            r"\blog(?:ged)?[ -]?in\b",
            r"\bsign(?:ed)?[ -]?in\b",
            "registered users",
            "authenticat",
            "cookies",
            "members.only",
            "subscribers?.only",
            "age.?(?:restrict|limit)",
            "confirm your age",
        ),
    ),
    ("unavailable", PostStatus.SUSPENDED, ("suspended", "account.{1,60} terminated")),
    (
        "unavailable",
        PostStatus.DELETED,
        (
            "removed",
            "deleted",
            "no longer (?:available|exists)",
            "does(?: not|n't) exist",
            "taken down",
            "terminated",
            "not found",
            "video (?:is )?(?:unavailable|not available)",
            "post (?:is )?(?:unavailable|not available)",
        ),
    ),
    (
        "unsupported",
        None,
        (
            "unsupported url",
            "no video (?:could be )?found",
            "no video formats",
            "no media found",
            "no suitable",
            "requested format is not available",
        ),
    ),
)
_PATTERNS = tuple(
    (kind, status, re.compile("|".join(wordings), re.IGNORECASE))
    for kind, status, wordings in _WORDINGS
)
# What extractors let through when a page is not as they expect.
EXTRACTOR_ERRORS = (
    YoutubeDLError,
    OSError,
    MemoryError,
    RecursionError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    ArithmeticError,
)
_STATUS_BY_HTTP = {
    401: PostStatus.LOGIN_REQUIRED,
    404: PostStatus.DELETED,
    410: PostStatus.DELETED,
    451: PostStatus.GEO_BLOCKED,
}


def failure(error: BaseException, refused: list[str]) -> dict[str, object]:
    """Return the child's answer for ``error``: its kind, the post's status, one sentence.

    ``refused`` says what the guard kept it from; that explains any failure.
    """
    message = _sentence(error)
    if refused:
        return _failed("forbidden", refused[0])
    chain = tuple(_causes(error))
    return _by_type(chain, message) or _by_text(chain, message)


def _failed(
    kind: str, message: str, *, status: PostStatus | None = None, status_code: int | None = None
) -> dict[str, object]:
    return {
        "outcome": "failed",
        "kind": kind,
        "message": message,
        "status": None if status is None else status.value,
        "status_code": status_code,
    }


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what lies behind it: yt-dlp keeps the cause in three different places."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        item = waiting.pop(0)
        if not isinstance(item, BaseException) or id(item) in seen:
            continue
        seen.add(id(item))
        yield item
        info = getattr(item, "exc_info", None)
        waiting += [
            info[1] if isinstance(info, tuple) and len(info) > 1 else None,
            getattr(item, "cause", None),
            item.__cause__,
        ]


def _by_type(chain: tuple[BaseException, ...], message: str) -> dict[str, object] | None:
    for error in chain:
        match error:
            case TooLarge():
                return _failed("too_large", message)
            case LiveStream():
                text = "a live stream that has not ended yet"
                return _failed("unavailable", text, status=PostStatus.LIVE)
            case UserNotLive():
                return _failed("unavailable", message, status=PostStatus.UNKNOWN)
            case GeoRestrictedError():
                return _failed("unavailable", message, status=PostStatus.GEO_BLOCKED)
            case UnsupportedError():
                return _failed("unsupported", "yt-dlp finds no video on this page")
            case HTTPError():
                return _by_http_status(int(error.status), message) | _limits_of(error)
            case MemoryError():
                return _failed("tool", "yt-dlp needed more memory than allowed")
    return None


def _by_http_status(code: int, message: str) -> dict[str, object]:
    if code == 429:
        return _failed("rate_limited", message)
    if code in _STATUS_BY_HTTP:
        return _failed("unavailable", message, status=_STATUS_BY_HTTP[code])
    return _failed("http", message, status_code=code)


def _limits_of(error: Any) -> dict[str, object]:
    """What the answer says about waiting, for the parent to read."""
    headers = {str(k).lower(): str(v)[:200] for k, v in error.response.headers.items()}
    return {"headers": {k: v for k, v in headers.items() if k == "retry-after" or "limit" in k}}


def _by_text(chain: tuple[BaseException, ...], message: str) -> dict[str, object]:
    for kind, status, pattern in _PATTERNS:
        if pattern.search(message):
            return _failed(kind, message, status=status)
    if any(isinstance(error, RequestError | ContentTooShortError) for error in chain):
        return _failed("network", message)
    if any(isinstance(error, ExtractorError) and error.expected for error in chain):
        return _failed("unavailable", message, status=PostStatus.UNKNOWN)
    if any(isinstance(error, OSError) for error in chain):
        return _failed("network", message)
    return _failed("tool", message)


def _sentence(error: BaseException) -> str:
    """yt-dlp's message without its prefixes and its advice to command-line users."""
    original = getattr(error, "orig_msg", None)
    text = original if isinstance(original, str) and not isinstance(error, DownloadError) else ""
    text = _NOISE.sub("", text or str(error)).strip().rstrip(".")
    return " ".join(text.split())[:300] or type(error).__name__
