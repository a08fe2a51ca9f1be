"""The connection under httpx: to the checked address only, and never beyond a deadline."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import httpcore
import httpx

from tracker.errors import NetworkError
from tracker.net.counted import CountedTransport
from tracker.net.guard import AddressGuard

_FOREVER = float("inf")


class Deadline(threading.local):
    """When the present call of this thread must have ended, on ``time.monotonic``'s scale."""

    def __init__(self) -> None:
        self.at = _FOREVER

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Let the enclosed network calls of this thread take ``seconds`` altogether."""
        self.at = time.monotonic() + seconds
        try:
            yield
        finally:
            self.at = _FOREVER

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
    rerouting sends the connection elsewhere.
    """

    def __init__(self, guard: AddressGuard, deadline: Deadline, *, keep_alive_s: float) -> None:
        context = guard.rerouting.trusted(httpx.create_ssl_context(trust_env=False))
        super().__init__(verify=context, trust_env=False)
        self._pool.close()
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=20,
            max_keepalive_connections=10,
            keepalive_expiry=keep_alive_s,
            network_backend=_GuardedBackend(guard, deadline),
        )


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
