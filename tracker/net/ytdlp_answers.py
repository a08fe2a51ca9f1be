"""What yt-dlp's child process answered: its JSON, and the errors it stands for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import IO, Any

from tracker.errors import (
    BotCheck,
    ForbiddenAddress,
    HttpStatusError,
    MediaLimitExceeded,
    NetworkError,
    PostUnavailable,
    RateLimited,
    ToolError,
    TrackerError,
    UnsupportedSource,
)
from tracker.model.status import PostStatus
from tracker.net.http_headers import named_wait
from tracker.net.url_syntax import shown

_MAX_ANSWER_BYTES = 48 * 1024 * 1024


def read_answer(out: IO[bytes]) -> bytes:
    """Return what the child wrote, up to the most an answer may be."""
    out.seek(0)
    return out.read(_MAX_ANSWER_BYTES)


def parsed_answer(answer: bytes) -> dict[str, Any]:
    """Return the child's JSON; raise ``ToolError`` if it is none."""
    try:
        value = json.loads(answer, parse_constant=lambda _: None)
    except (ValueError, RecursionError) as exc:
        raise ToolError("yt-dlp's process gave no readable answer") from exc
    if not isinstance(value, dict):
        raise ToolError("yt-dlp's process gave no readable answer")
    return value


def info_of(answer: Mapping[str, Any], url: str) -> dict[str, object]:
    """Return the metadata in an answer; raise ``UnsupportedSource`` if it holds none."""
    info = answer.get("info")
    if not isinstance(info, dict):
        raise UnsupportedSource(f"yt-dlp found nothing at {shown(url)}")
    return info


def error_of(answer: Mapping[str, Any], url: str, now: datetime) -> TrackerError:
    """Return the error that the child's answer stands for, given at ``now``."""
    message = f"{answer.get('message')} ({shown(url)})"
    match answer.get("kind"):
        case "unavailable":
            return PostUnavailable(message, status=PostStatus(answer.get("status") or "unknown"))
        case "http":
            return HttpStatusError(message, status_code=int(answer.get("status_code") or 0))
        case kind:
            error = _ERRORS.get(str(kind), ToolError)
            return error(message, retry_at=_wait(answer, now) if error is RateLimited else None)


def _wait(answer: Mapping[str, Any], now: datetime) -> datetime | None:
    headers = answer.get("headers")
    if not isinstance(headers, dict):
        return None
    return named_wait({str(k): str(v) for k, v in headers.items()}, now)[0]


_ERRORS: dict[str, type[TrackerError]] = {
    "rate_limited": RateLimited,
    "bot_check": BotCheck,
    "unsupported": UnsupportedSource,
    "network": NetworkError,
    "forbidden": ForbiddenAddress,
    "too_large": MediaLimitExceeded,
    "tool": ToolError,
}
