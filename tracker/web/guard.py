"""What every request passes before anything looks at it, and what every answer carries.

A page of another site that is open in the same browser can send requests to this machine too.
It cannot read the answers (nothing here allows that), and what costs something, a look-up, is
refused when the browser says that another site asks. Names that a stranger's DNS points at this
machine are refused by the ``Host`` header (DNS rebinding); addresses in figures cannot be bent.
Source: Fetch Metadata Request Headers (W3C), Content Security Policy Level 3, RFC 9110 §7.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_TARGET_BYTES = 8192
"""Path and query together; the longest address of a post is far shorter."""

MAX_HEADERS_BYTES = 32 * 1024
ALLOWED_METHODS = ("GET", "HEAD")
UPLOAD_PATHS = frozenset({"/lookup", "/api/lookup"})
"""Where a question may bring the video along (POST); it changes nothing either."""

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
REPORT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'none'; sandbox allow-popups allow-same-origin"
)
"""A report carries its style and pictures inside, and a stricter policy of its own."""

SECURITY_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": PAGE_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Other sites learn nothing; our own forms keep the Origin by which they are told from theirs.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class AllowedHosts:
    """Under which names this server answers, besides ``localhost`` and addresses in figures.

    With ``loopback_only`` those addresses must be this machine's own.
    """

    names: frozenset[str] = frozenset()
    loopback_only: bool = True

    def allows(self, host: str) -> bool:
        """Tell whether a ``Host`` header names this server."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        if name == "localhost" or name in self.names:
            return True
        try:
            address = ip_address(name)
        except ValueError:
            return False
        return address.is_loopback or not self.loopback_only


class Guard:
    """Refuses requests that are not for this server, too large, or not a mere question.

    ``max_upload_bytes``: the largest body of a look-up that brings its video along; 0: none may.
    """

    def __init__(self, app: ASGIApp, hosts: AllowedHosts, max_upload_bytes: int = 0) -> None:
        self._app = app
        self._hosts = hosts
        self._max_upload_bytes = max_upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope) if scope["type"] == "http" else (400, "not HTTP")
        app = self._app if refusal is None else _refused(*refusal)
        await app(scope, receive, _with_security_headers(send))

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        if not self._hosts.allows(headers.get("host", "")):
            return 421, "this server does not answer under that name"
        uploads = scope["method"] == "POST" and scope["path"] in UPLOAD_PATHS
        uploads = uploads and self._max_upload_bytes > 0
        if scope["method"] not in ALLOWED_METHODS and not uploads:
            return 405, "this server only answers questions (GET); it changes nothing"
        if len(scope.get("raw_path", b"")) + len(scope["query_string"]) > MAX_TARGET_BYTES:
            return 414, "the address is too long"
        if not scope["query_string"].isascii():
            return 400, "the address holds bytes that are none of an address"
        if sum(len(name) + len(value) for name, value in scope["headers"]) > MAX_HEADERS_BYTES:
            return 431, "the headers are too large"
        if uploads:
            return self._upload_refusal(headers)
        if headers.get("content-length", "0") != "0" or "transfer-encoding" in headers:
            return 413, "a question has no body here"
        return None

    def _upload_refusal(self, headers: Headers) -> tuple[int, str] | None:
        """Refuse what can be refused before a byte of the body is read."""
        if asked_by_another_site(headers):
            return 403, "look-ups are not made for pages of other sites"
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit() and len(length) < 19):
            return 400, "the length of the body cannot be read"
        if int(length) > self._max_upload_bytes:
            return 413, "the file is too large (network.max_media_bytes)"
        return None


def asked_by_another_site(headers: Headers) -> bool:
    """Tell whether a page of another site sent the request, as far as the browser says."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = headers.get("origin") or headers.get("referer")
    try:
        return origin is not None and urlsplit(origin).netloc != headers.get("host")
    except ValueError:  # no address at all: none of ours
        return True


def _refused(status: int, reason: str) -> ASGIApp:
    headers = {"Allow": ", ".join(ALLOWED_METHODS)} if status == 405 else None
    return PlainTextResponse(reason + "\n", status, headers)


def _with_security_headers(send: Send) -> Send:
    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return wrapped
