"""The connection under httpx: to the checked address only, and never beyond a deadline."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache

import httpcore
import httpx

from tracker.errors import NetworkError
from tracker.net.counted import CountedTransport
from tracker.net.guard import AddressGuard
from tracker.net.http_headers import lower_case_headers
from tracker.net.politeness import host_of

_FOREVER = float("inf")


class Deadline(threading.local):
    """When the present call of this thread must have ended, on ``time.monotonic``'s scale."""

    def __init__(self) -> None:
        self.at = _FOREVER

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Let the enclosed network calls of this thread take ``seconds`` altogether.

        A block within another ends no later than that one.
        """
        former, self.at = self.at, min(self.at, time.monotonic() + seconds)
        try:
            yield
        finally:
            self.at = former

    def put_off(self, seconds: float) -> None:
        """Let the present call end later by what was spent on waiting for its turn."""
        self.at += seconds

    def left(self, timeout: float | None) -> float | None:
        """Return ``timeout`` cut to what is left; raise ``NetworkError`` if nothing is."""
        left = self.at - time.monotonic()
        if left <= 0:
            raise NetworkError("the answer took longer than the time allowed for it")
        if left == _FOREVER:
            return timeout
        return left if timeout is None else min(timeout, left)


class GuardedTransport(CountedTransport):
    """httpx's transport over a connection pool that asks the guard for every connection.

    The host name stays what it was for TLS and for the ``Host`` header, also where the guard's
    rerouting sends the connection elsewhere. Where the guard has ``turns``, a request waits for
    its own, and keeps it until its answer is closed; what the answer says about waiting is heeded,
    unless ``heeds_limits`` is False (an interface whose limits hold for a kind of request only).
    """

    def __init__(
        self,
        guard: AddressGuard,
        deadline: Deadline,
        *,
        keep_alive_s: float,
        heeds_limits: bool = True,
    ) -> None:
        context = _context(guard.rerouting.ca_bytes())
        super().__init__(verify=context, trust_env=False)
        self._guard = guard
        self._deadline = deadline
        self._heeds_limits = heeds_limits
        self._pool.close()
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=20,
            max_keepalive_connections=10,
            keepalive_expiry=keep_alive_s,
            network_backend=_GuardedBackend(guard, deadline),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the answer to ``request``, its body unread; raises what httpx raises and ours."""
        turns = self._guard.turns
        if turns is None:
            return super().handle_request(request)
        host = host_of(str(request.url))
        since = time.monotonic()
        give_back = turns.take(host)
        self._deadline.put_off(time.monotonic() - since)
        try:
            answer = super().handle_request(request)
            if self._heeds_limits:
                turns.heed(host, answer.status_code, lower_case_headers(answer.headers))
        except BaseException:
            give_back()
            raise
        answer.stream = _HeldStream(answer.stream, give_back)
        return answer


@lru_cache(maxsize=4)
def _context(own_authorities: bytes) -> ssl.SSLContext:
    """What TLS trusts: made once, for all doors; to read the usual authorities takes a while."""
    context = httpx.create_ssl_context(trust_env=False)
    if own_authorities:
        context.load_verify_locations(cadata=own_authorities.decode("ascii"))
    return context


class _HeldStream(httpx.SyncByteStream):
    """A body that gives its turn back when it is closed."""

    def __init__(
        self, stream: httpx.SyncByteStream | httpx.AsyncByteStream, give_back: Callable[[], None]
    ) -> None:
        self._stream = stream
        self._give_back: Callable[[], None] | None = give_back

    def __iter__(self) -> Iterator[bytes]:
        assert isinstance(self._stream, httpx.SyncByteStream)  # noqa: S101 - httpx's own promise
        yield from self._stream

    def close(self) -> None:
        give_back, self._give_back = self._give_back, None
        try:
            if isinstance(self._stream, httpx.SyncByteStream):
                self._stream.close()
        finally:
            if give_back is not None:
                give_back()


class _GuardedBackend(httpcore.NetworkBackend):
    """Opens TCP connections to addresses the guard has passed."""

    def __init__(self, guard: AddressGuard, deadline: Deadline) -> None:
        self._guard = guard
        self._deadline = deadline
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        self._guard.check_port(port)  # once more: two parsers may read one address differently
        host, port = self._guard.rerouting.place(host, port)
        addresses = self._guard.resolve(host, port)
        for address in addresses[:-1]:
            try:
                return self._connect(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return self._connect(addresses[-1], port, timeout, local_address, socket_options)

    def _connect(
        self,
        address: str,
        port: int,
        timeout: float | None,
        local_address: str | None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None,
    ) -> httpcore.NetworkStream:
        stream = self._backend.connect_tcp(
            address, port, self._deadline.left(timeout), local_address, socket_options
        )
        return _TimedStream(stream, self._deadline)


class _TimedStream(httpcore.NetworkStream):
    """A connection on which no call outlasts the deadline, however slowly bytes drip."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left(timeout))
        return _TimedStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)
