"""A web server on loopback whose routes a test programs: the wire is real, the site is not."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_CHUNK = b"x" * 65536


@dataclass(frozen=True, slots=True)
class Page:
    """One programmed answer.

    ``etag`` and ``last_modified`` are honoured as conditions. ``delay_s`` comes before the
    answer, ``chunk_delay_s`` between its pieces; ``endless`` never stops sending.
    """

    body: bytes = b""
    content_type: str | None = "text/html; charset=utf-8"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    etag: str | None = None
    last_modified: str | None = None
    delay_s: float = 0.0
    chunk_delay_s: float = 0.0
    endless: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it arrived; header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]


class WebServer:
    """The running server: program it with ``add`` and ``redirect``, read ``requests``."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self._server = server
        self.routes: dict[str, Page] = {}
        self.requests: list[Seen] = []
        self.sent_bytes = 0

    def url(self, path: str = "/") -> str:
        """Return the absolute address of ``path``."""
        return f"http://127.0.0.1:{self._server.server_port}{path}"

    def add(self, path: str, body: bytes | str = b"", **options: object) -> str:
        """Answer ``path`` with a ``Page`` of these options; return its address."""
        data = body.encode() if isinstance(body, str) else body
        self.routes[path] = Page(data, **options)  # type: ignore[arg-type]  # Page checks its own
        return self.url(path)

    def redirect(self, path: str, target: str, status: int = 302) -> str:
        """Send who asks for ``path`` to ``target``."""
        return self.add(path, status=status, headers={"Location": target})


@contextmanager
def serve() -> Iterator[WebServer]:
    """Run a server on a free loopback port until the block ends."""
    server = _Server(("127.0.0.1", 0), _Handler)
    site = WebServer(server)
    server.site = site  # type: ignore[attr-defined]  # the handler finds it there
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients that hang up are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        site: WebServer = self.server.site  # type: ignore[attr-defined]  # set by serve()
        headers = {name.lower(): value for name, value in self.headers.items()}
        site.requests.append(Seen(self.command, self.path, headers))
        page = site.routes.get(self.path) or site.routes.get(self.path.partition("?")[0])
        if page is None:
            page = Page(b"<h1>Not found</h1>", status=404)
        time.sleep(page.delay_s)
        try:
            self._answer(page, headers, site)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_HEAD = do_GET  # noqa: N815 - the name http.server calls

    def _answer(self, page: Page, headers: Mapping[str, str], site: WebServer) -> None:
        if _unchanged(page, headers):
            self._head(page, 304, 0)
            return
        body, status, extra = _ranged(page, headers.get("range"))
        self._head(page, status, None if page.endless else len(body), extra)
        if self.command == "HEAD":
            return
        self._send(body, page, site)
        while page.endless:
            self._send(_CHUNK, page, site)

    def _head(
        self, page: Page, status: int, size: int | None, extra: Mapping[str, str] | None = None
    ) -> None:
        self.send_response(status)
        standard = {
            "Content-Type": page.content_type,
            "ETag": page.etag,
            "Last-Modified": page.last_modified,
            "Accept-Ranges": "bytes",
            "Content-Length": None if size is None else str(size),
            "Connection": "close" if size is None else None,
        }
        for name, value in {**standard, **page.headers, **(extra or {})}.items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()

    def _send(self, body: bytes, page: Page, site: WebServer) -> None:
        for start in range(0, len(body), len(_CHUNK)):
            piece = body[start : start + len(_CHUNK)]
            self.wfile.write(piece)
            site.sent_bytes += len(piece)
            time.sleep(page.chunk_delay_s)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing: stderr belongs to the tests."""


def _unchanged(page: Page, headers: Mapping[str, str]) -> bool:
    if page.etag is not None and "if-none-match" in headers:
        return headers["if-none-match"] == page.etag
    return page.last_modified is not None and (
        headers.get("if-modified-since") == page.last_modified
    )


def _ranged(page: Page, asked: str | None) -> tuple[bytes, int, Mapping[str, str]]:
    """The part of the body a ``Range: bytes=a-b`` asks for; the whole body for any other."""
    first, dash, last = (asked or "").removeprefix("bytes=").partition("-")
    if not dash or not first.isdecimal() or page.status != 200:
        return page.body, page.status, {}
    start, end = int(first), min(int(last or len(page.body)), len(page.body) - 1)
    part = page.body[start : end + 1]
    return part, 206, {"Content-Range": f"bytes {start}-{end}/{len(page.body)}"}
