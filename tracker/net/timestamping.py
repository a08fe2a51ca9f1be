"""How timestamp authorities and calendars are asked: one request, one bounded answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urljoin

import httpx

from tracker.clock import Clock
from tracker.errors import HttpStatusError, RateLimited
from tracker.net.guard import AddressGuard
from tracker.net.http import HttpLimits, mapped_errors
from tracker.net.http_headers import retry_at
from tracker.net.httpx_door import GuardedDoor
from tracker.net.url_syntax import shown

MAX_ANSWER_BYTES = 256 * 1024
"""Many times what any authority sends with its whole chain of certificates."""

QUERY_TYPE = "application/timestamp-query"  # Source: RFC 3161 §3.4
REPLY_TYPE = "application/timestamp-reply"
CALENDAR_TYPE = "application/vnd.opentimestamps.v1"
HTTP_OK, HTTP_NOT_FOUND, HTTP_TOO_MANY, HTTP_UNAVAILABLE = 200, 404, 429, 503


@dataclass(frozen=True, slots=True)
class Reply:
    """A raw answer, and whether the other side calls it a timestamp response."""

    body: bytes
    is_timestamp: bool


class TimestampDoor:
    """Sends digests out through the address guard. No redirects, no cookies, no proxies.

    Every call raises ``ForbiddenAddress``, ``NetworkError``, ``HttpStatusError``, ``RateLimited``
    and ``UnsupportedSource``.
    """

    def __init__(self, guard: AddressGuard, limits: HttpLimits, clock: Clock) -> None:
        bounded = replace(limits, max_page_bytes=MAX_ANSWER_BYTES)
        self._clock = clock
        self._client = httpx.Client(
            transport=GuardedDoor(guard, bounded, clock), trust_env=False, follow_redirects=False
        )

    def ask_authority(self, url: str, request: bytes) -> Reply:
        """Return what the timestamp authority at ``url`` answers to a request in DER.

        An answer that calls itself a timestamp response is returned whatever its status says.
        """
        headers = {"content-type": QUERY_TYPE, "accept": REPLY_TYPE}
        answer = self._send("POST", url, headers, request)
        said = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if said != REPLY_TYPE:
            self._refuse_failure(answer, url)
        return Reply(answer.content, said == REPLY_TYPE)

    def submit(self, calendar: str, digest: bytes) -> bytes:
        """Return a calendar's answer to a digest of 32 bytes."""
        url = _below(calendar, "digest")
        answer = self._send("POST", url, {"accept": CALENDAR_TYPE}, digest)
        self._refuse_failure(answer, url)
        return answer.content

    def upgrade(self, calendar: str, commitment: bytes) -> bytes | None:
        """Return what a calendar knows of a commitment by now; ``None`` while it is pending."""
        url = _below(calendar, f"timestamp/{commitment.hex()}")
        answer = self._send("GET", url, {"accept": CALENDAR_TYPE}, b"")
        if answer.status_code == HTTP_NOT_FOUND:
            return None
        self._refuse_failure(answer, url)
        return answer.content

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def _send(self, method: str, url: str, headers: dict[str, str], body: bytes) -> httpx.Response:
        with mapped_errors(url):
            return self._client.request(method, url, headers=headers, content=body)

    def _refuse_failure(self, answer: httpx.Response, url: str) -> None:
        code = answer.status_code
        if code == HTTP_OK:
            return
        at = retry_at(answer.headers.get("retry-after"), self._clock.now())
        if code == HTTP_TOO_MANY or (code == HTTP_UNAVAILABLE and at is not None):
            raise RateLimited(f"{shown(url)} asks us to wait", retry_at=at)
        raise HttpStatusError(
            f"the server answered {code} for {shown(url)}", status_code=code, retry_at=at
        )


def _below(calendar: str, path: str) -> str:
    return urljoin(calendar.rstrip("/") + "/", path)
