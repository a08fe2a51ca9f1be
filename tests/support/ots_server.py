"""A calendar of OpenTimestamps on loopback: it promises at once and confirms when told to."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentimestamps.core.notary import BitcoinBlockHeaderAttestation, PendingAttestation
from opentimestamps.core.op import OpAppend, OpPrepend, OpSHA256
from opentimestamps.core.serialize import BytesSerializationContext
from opentimestamps.core.timestamp import Timestamp

CONTENT_TYPE = "application/vnd.opentimestamps.v1"


@dataclass(slots=True)
class Calendar:
    """The running calendar. ``broken`` is sent instead of any answer, as it stands."""

    url: str
    block_height: int | None = None
    broken: tuple[int, bytes] | None = None
    submitted: list[bytes] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    commitments: set[bytes] = field(default_factory=set)

    def confirm(self, height: int) -> None:
        """Say from now on that everything promised is in that block."""
        self.block_height = height

    def promise(self, digest: bytes) -> tuple[int, bytes]:
        """Answer a submitted digest."""
        self.submitted.append(digest)
        if self.broken is not None:
            return self.broken
        timestamp = Timestamp(digest)
        end = timestamp.ops.add(OpAppend(b"\x01" * 16)).ops.add(OpSHA256())
        end.attestations.add(PendingAttestation(self.url))
        self.commitments.add(end.msg)
        return 200, _written(timestamp)

    def status(self, commitment: str) -> tuple[int, bytes]:
        """Answer who asks what became of a promise."""
        self.asked.append(commitment)
        if self.broken is not None:
            return self.broken
        if bytes.fromhex(commitment) not in self.commitments:
            return 404, b"Commitment not found"
        if self.block_height is None:
            return 404, b"Pending confirmation in Bitcoin blockchain"
        timestamp = Timestamp(bytes.fromhex(commitment))
        end = timestamp.ops.add(OpPrepend(b"\x02" * 32)).ops.add(OpSHA256())
        end.attestations.add(BitcoinBlockHeaderAttestation(self.block_height))
        return 200, _written(timestamp)


@contextmanager
def serve_calendar() -> Iterator[Calendar]:
    """Run the calendar on a free loopback port until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    calendar = Calendar(f"http://127.0.0.1:{server.server_port}")
    server.calendar = calendar  # type: ignore[attr-defined]  # the handler finds it there
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield calendar
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _written(timestamp: Timestamp) -> bytes:
    context = BytesSerializationContext()
    timestamp.serialize(context)
    written: bytes = context.getbytes()
    return written


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        found = self._calendar().promise(body) if self.path == "/digest" else (404, b"")
        self._answer(*found)

    def do_GET(self) -> None:
        asked = self.path.startswith("/timestamp/")
        name = self.path.removeprefix("/timestamp/")
        self._answer(*(self._calendar().status(name) if asked else (404, b"")))

    def _calendar(self) -> Calendar:
        calendar: Calendar = self.server.calendar  # type: ignore[attr-defined]  # as above
        return calendar

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", CONTENT_TYPE)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Say nothing."""
