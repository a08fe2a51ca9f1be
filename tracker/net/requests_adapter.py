"""The same guarded door for libraries that speak HTTP through ``requests`` (tweepy, Mastodon.py).

``guarded_session(session, adapter)`` makes a library's own ``requests.Session`` use it::

    adapter = GuardedAdapter(guard, limits, clock, moved={"https://api.twitter.com": api_url})
    guarded_session(client.session, adapter)
    with adapter.recording() as exchanges:      # the raw answers of this thread's calls
        client.get_tweets(...)

Every request, redirects included, then passes the address guard and is sent to the very address
that was checked; size and time of the answer are bounded; nothing of the environment is used (no
proxies, no netrc, which would replace the library's ``Authorization``). Errors of the wire are
ours (``NetworkError``, ``ForbiddenAddress`` …), raised from inside the library's call; answers of
any status are handed back for the library to judge. A library on httpx needs none of this: give
its client ``tracker.net.transport.GuardedTransport``.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from importlib.metadata import version

import httpx
import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from tracker.clock import Clock
from tracker.errors import NetworkError, UnsupportedSource
from tracker.model.capture import Exchange
from tracker.net.guard import AddressGuard
from tracker.net.http import HttpLimits, mapped_errors
from tracker.net.recording import Recorder, bounded_body
from tracker.net.transport import Deadline, GuardedTransport
from tracker.net.url_syntax import shown

_TOOLS = (("httpx", httpx.__version__), ("requests", version("requests")))


class GuardedAdapter(BaseAdapter):
    """Sends what ``requests`` prepared through the guarded transport. Safe in several threads.

    ``moved`` maps the start of an address, as the library has it built in, to where it is to be
    asked instead (``{"https://api.twitter.com": "https://api.x.com"}``). ``tools`` are recorded
    with every exchange, beside the versions of httpx and requests. ``secret_headers`` gives what
    is added for an address just before the request leaves (a token): the library, its logs and
    its exceptions never hold it. ``heeds_limits=False`` leaves what answers say about waiting to
    the caller.
    """

    def __init__(
        self,
        guard: AddressGuard,
        limits: HttpLimits,
        clock: Clock,
        *,
        moved: Mapping[str, str] | None = None,
        tools: tuple[tuple[str, str], ...] = (),
        secret_headers: Callable[[str], Mapping[str, str]] = lambda _url: {},
        heeds_limits: bool = True,
    ) -> None:
        super().__init__()
        self._guard = guard
        self._limits = limits
        self._clock = clock
        self._moved = dict(moved or {})
        self._secret_headers = secret_headers
        self._deadline = Deadline()
        self._transport = GuardedTransport(
            guard, self._deadline, keep_alive_s=15.0, heeds_limits=heeds_limits
        )
        self._recorder = Recorder(clock, (*tools, *_TOOLS, *guard.rerouting.tools()))

    def recording(self) -> AbstractContextManager[list[Exchange]]:
        """Give a list that grows by every answer this thread gets within the block."""
        return self._recorder.recording()

    def send(  # the signature is that of requests
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: ARG002 - answers are bounded and read whole
        timeout: object = None,  # noqa: ARG002 - the limits decide
        verify: object = True,  # noqa: ARG002 - certificates are always checked
        cert: object = None,  # noqa: ARG002 - none is ever shown
        proxies: object = None,  # noqa: ARG002 - none is ever used
    ) -> requests.Response:
        """Return the answer to ``request``, whatever its status.

        Raises ``ForbiddenAddress``, ``NetworkError`` (also over the size or time limit, and for an
        answer that repeats a secret header) and ``UnsupportedSource``.
        """
        url = self._address(request.url or "")
        self._guard.check_form(url)
        started_at = self._clock.now()
        with self._deadline.within(self._limits.total_timeout_s), mapped_errors(_bare(url)):
            answer = self._transport.handle_request(self._outgoing(request, url))
            try:
                body = bounded_body(answer, _bare(url), self._limits.max_page_bytes)
            finally:
                answer.close()
        self._refuse_echo(url, answer, body)
        self._recorder.add(url, answer, body, started_at)
        return _response(request, answer, body)

    def _refuse_echo(self, url: str, answer: httpx.Response, body: bytes) -> None:
        """Refuse an answer that repeats what was secret: it would be kept, and quoted."""
        said = b"\n".join([body, *(value for _, value in answer.headers.raw)])
        for value in self._secret_headers(url).values():
            secret = value.rpartition(" ")[2].encode()
            if secret and secret in said:
                raise NetworkError(
                    f"the answer of {shown(_bare(url))} repeats the token it was sent"
                )

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def _address(self, url: str) -> str:
        for old, new in self._moved.items():
            rest = url.removeprefix(old)
            if rest != url and rest[:1] in {"", "/", "?"}:
                return new.rstrip("/") + rest
        return url

    def _outgoing(self, request: requests.PreparedRequest, url: str) -> httpx.Request:
        body = request.body
        if not isinstance(body, str | bytes | None):
            raise UnsupportedSource(f"a streamed request body is not sent: {shown(_bare(url))}")
        limits = self._limits
        timeout = httpx.Timeout(limits.read_timeout_s, connect=limits.connect_timeout_s)
        outgoing = httpx.Request(
            request.method or "GET",
            url,
            headers=[(name, _text(value)) for name, value in (request.headers or {}).items()],
            content=body,
            extensions={"timeout": timeout.as_dict()},
        )
        outgoing.headers["accept-encoding"] = "gzip, deflate"
        outgoing.headers.update(self._secret_headers(url))
        return outgoing


def guarded_session(
    session: requests.Session, adapter: GuardedAdapter, *, max_redirects: int = 5
) -> None:
    """Make every request of ``session`` go through ``adapter``, and nothing of the environment."""
    session.trust_env = False
    session.max_redirects = max_redirects
    session.adapters.clear()  # no other scheme, and no longer prefix that goes another way
    for scheme in ("https://", "http://"):
        session.mount(scheme, adapter)


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")


def _bare(url: str) -> str:
    """The address without its parameters, which may hold what no message should."""
    return url.partition("?")[0]


def _response(
    request: requests.PreparedRequest, answer: httpx.Response, body: bytes
) -> requests.Response:
    response = requests.Response()
    response.status_code = answer.status_code
    response.reason = answer.reason_phrase
    response.url = request.url or ""
    response.headers = CaseInsensitiveDict(answer.headers.items())
    response.encoding = requests.utils.get_encoding_from_headers(response.headers)
    response.request = request
    response.raw = io.BytesIO(body)
    return response
