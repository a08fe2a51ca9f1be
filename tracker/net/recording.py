"""What both doors for foreign clients do with an answer: read it within bounds, and record it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import httpx

from tracker.clock import Clock
from tracker.errors import NetworkError
from tracker.model.capture import Exchange
from tracker.net.http_body import decoded_chunks
from tracker.net.url_syntax import shown


def bounded_body(answer: httpx.Response, url: str, max_bytes: int) -> bytes:
    """Return the decoded body of ``answer``; raises ``NetworkError`` naming ``url`` beyond it."""
    body = bytearray()
    encoding = answer.headers.get("content-encoding", "")
    for chunk in decoded_chunks(answer.iter_raw(), encoding):
        body += chunk
        if len(body) > max_bytes:
            raise NetworkError(f"{shown(url)} is larger than the {max_bytes} bytes allowed")
    return bytes(body)


class Recorder(threading.local):
    """Keeps the exchanges of the thread that asked for them.

    ``tools`` are named in every exchange.
    """

    _exchanges: list[Exchange] | None = None

    def __init__(self, clock: Clock, tools: tuple[tuple[str, str], ...]) -> None:
        self._clock = clock
        self._tools = tools

    @contextmanager
    def recording(self) -> Iterator[list[Exchange]]:
        """Give a list that grows by every answer this thread gets within the block."""
        former, self._exchanges = self._exchanges, []
        try:
            yield self._exchanges
        finally:
            self._exchanges = former

    def add(self, url: str, answer: httpx.Response, body: bytes, started_at: datetime) -> None:
        """Record an answer that was read whole just now, if this thread is recording."""
        if self._exchanges is None:
            return
        self._exchanges.append(
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
