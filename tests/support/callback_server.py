"""A web server on loopback that answers each request by a function of the test.

For answers that misbehave on the wire (broken lengths, dripped bytes); a site of ordinary pages is
quicker said with ``webserver``.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Call(BaseHTTPRequestHandler):
    """One request; a route answers it through ``reply`` or writes to ``wfile`` itself."""

    server: WebServer
    protocol_version = "HTTP/1.1"
    posted = b""  # the body of a POST

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.seen.append((self.command, self.path, headers))
        route = self.server.routes.get(self.path.partition("?")[0], self.server.fallback)
        with suppress(BrokenPipeError, ConnectionResetError):
            route(self)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        self.posted = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.do_GET()

    def reply(
        self,
        body: bytes = b"",
        content_type: str = "text/html; charset=utf-8",
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.send_response(status)
        named = {"Content-Type": content_type, "Content-Length": str(len(body)), **(headers or {})}
        for name, value in named.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class named it
        pass


Route = Callable[[Call], None]


class WebServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Call)
        self.routes: dict[str, Route] = {}
        self.fallback: Route = not_found  # what answers every other path
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        self.stopping = threading.Event()

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # clients that hang up are part of the tests

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"

    def drip(self, call: Call, piece: bytes, pause_s: float) -> None:
        """Send ``piece`` again and again until the client hangs up or the test ends."""
        while not self.stopping.is_set():
            call.wfile.write(piece)
            call.wfile.flush()
            time.sleep(pause_s)


@contextmanager
def serving() -> Iterator[WebServer]:
    """Run a server for the enclosed block."""
    server = WebServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.stopping.set()
        server.shutdown()
        thread.join()
        server.server_close()


def not_found(call: Call) -> None:
    call.reply(b"nothing here", status=404)


def page(html: str) -> Route:
    return lambda call: call.reply(html.encode())


def file(body: bytes, content_type: str) -> Route:
    return lambda call: call.reply(body, content_type)


def redirect(target: str, status: int = 302) -> Route:
    return lambda call: call.reply(status=status, headers={"Location": target})
