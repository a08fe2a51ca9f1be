"""The same guarded door for libraries that speak HTTP through ``httpx`` (the AT Protocol SDK).

``httpx.Client(transport=GuardedDoor(...), trust_env=False)`` sends every request, redirects
included, to addresses the guard has passed; size and time of the answer are bounded; cookies are
neither kept nor sent. Errors of the wire are ours, raised from inside the library's call; answers
of any status are handed back for the library to judge.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

import httpx

from tracker.clock import Clock
from tracker.model.capture import Exchange
from tracker.net.guard import AddressGuard
from tracker.net.http import HttpLimits, mapped_errors
from tracker.net.recording import Recorder, bounded_body
from tracker.net.transport import Deadline, GuardedTransport

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
        self._deadline = Deadline()
        self._transport = GuardedTransport(guard, self._deadline, keep_alive_s=15.0)
        self._recorder = Recorder(clock, (*tools, *_TOOLS, *guard.rerouting.tools()))

    def recording(self) -> AbstractContextManager[list[Exchange]]:
        """Give a list that grows by every answer this thread gets within the block."""
        return self._recorder.recording()

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
                body = bounded_body(answer, url, self._limits.max_page_bytes)
            finally:
                answer.close()
        self._recorder.add(url, answer, body, started_at)
        kept = [(n, v) for n, v in answer.headers.items() if n.lower() not in _NOT_PASSED_ON]
        return httpx.Response(answer.status_code, headers=kept, content=body, request=request)

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def _timeout(self) -> dict[str, float | None]:
        limits = self._limits
        return httpx.Timeout(limits.read_timeout_s, connect=limits.connect_timeout_s).as_dict()
