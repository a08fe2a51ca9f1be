"""The same guarded door for libraries that speak HTTP through ``httpx`` (the AT Protocol SDK).

``httpx.Client(transport=GuardedDoor(...), trust_env=False)`` sends every request, redirects
included, to addresses the guard has passed; size and time of the answer are bounded; cookies are
neither kept nor sent. Errors of the wire are ours, raised from inside the library's call; answers
of any status are handed back for the library to judge.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import httpx

from tracker.clock import Clock
from tracker.errors import NetworkError
from tracker.model.capture import Exchange
from tracker.net.guard import AddressGuard
from tracker.net.http import HttpLimits, mapped_errors
from tracker.net.http_body import decoded_chunks
from tracker.net.transport import Deadline, GuardedTransport
from tracker.net.url_syntax import shown

_TOOLS = (("httpx", httpx.__version__),)
_NOT_PASSED_ON = frozenset({"set-cookie", "content-encoding", "content-length"})


class GuardedDoor(httpx.BaseTransport):
    """A transport of bounded, recorded answers. Safe to use from several threads.

    ``tools`` are recorded with every exchange, beside the version of httpx.
    """

    def __init__(
        self,
        guard: AddressGuard,
        limits: HttpLimits,
        clock: Clock,
        *,
        tools: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self._guard = guard
        self._limits = limits
        self._clock = clock
        self._tools = (*tools, *_TOOLS)
        self._deadline = Deadline()
        self._transport = GuardedTransport(guard, self._deadline, keep_alive_s=15.0)
        self._local = _Recorder()

    @contextmanager
    def recording(self) -> Iterator[list[Exchange]]:
        """Give a list that grows by every answer this thread gets within the block."""
        former, self._local.exchanges = self._local.exchanges, []
        try:
            yield self._local.exchanges
        finally:
            self._local.exchanges = former

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the answer, read whole.

        Raises ``ForbiddenAddress``, ``NetworkError`` (also over the size or time limit) and
        ``UnsupportedSource``.
        """
        url = str(request.url)
        self._guard.check_form(url)
        started_at = self._clock.now()
        request.headers["accept-encoding"] = "gzip, deflate"
        request.headers["user-agent"] = self._limits.user_agent
        request.extensions = {**request.extensions, "timeout": self._timeout()}
        with self._deadline.within(self._limits.total_timeout_s), mapped_errors(url):
            answer = self._transport.handle_request(request)
            try:
                body = self._body(answer, url)
            finally:
                answer.close()
        self._record(url, answer, body, started_at)
        kept = [(n, v) for n, v in answer.headers.items() if n.lower() not in _NOT_PASSED_ON]
        return httpx.Response(answer.status_code, headers=kept, content=body, request=request)

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def _timeout(self) -> dict[str, float | None]:
        limits = self._limits
        return httpx.Timeout(limits.read_timeout_s, connect=limits.connect_timeout_s).as_dict()

    def _body(self, answer: httpx.Response, url: str) -> bytes:
        body = bytearray()
        encoding = answer.headers.get("content-encoding", "")
        for chunk in decoded_chunks(answer.iter_raw(), encoding):
            body += chunk
            if len(body) > self._limits.max_page_bytes:
                size = self._limits.max_page_bytes
                raise NetworkError(f"{shown(url)} is larger than the {size} bytes allowed")
        return bytes(body)

    def _record(self, url: str, answer: httpx.Response, body: bytes, started_at: datetime) -> None:
        if self._local.exchanges is None:
            return
        self._local.exchanges.append(
            Exchange(
                requested_url=url,
                final_url=url,
                status_code=answer.status_code,
                content_type=answer.headers.get("content-type"),
                started_at=started_at,
                finished_at=self._clock.now(),
                body=body,
                tools=self._tools,
            )
        )


class _Recorder(threading.local):
    """Where this thread's exchanges go; ``None`` while nobody asked for them."""

    exchanges: list[Exchange] | None = None
