"""Plain HTTP: pages and media files, bounded in size, time and redirects.

Redirects are followed by hand, so that the guard sees every step and the record lists it.
Nothing of the environment is used (no proxies, no netrc), and cookies live for one call only.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

import httpx

from tracker.clock import Clock
from tracker.errors import (
    HttpStatusError,
    MediaLimitExceeded,
    NetworkError,
    OutsideError,
    RateLimited,
    TrackerError,
    UnsupportedSource,
)
from tracker.model.capture import Exchange
from tracker.model.ids import VideoId
from tracker.net.guard import AddressGuard
from tracker.net.http_body import decoded_chunks
from tracker.net.http_headers import decode_text, lower_case_headers, named_wait
from tracker.net.transport import Deadline, GuardedTransport
from tracker.net.url_syntax import shown

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TOOLS = (("httpx", httpx.__version__),)


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """How far one call may go. ``total_timeout_s`` is for pages, ``media_timeout_s`` for files."""

    connect_timeout_s: float = 10.0
    read_timeout_s: float = 20.0
    total_timeout_s: float = 60.0
    media_timeout_s: float = 900.0
    max_page_bytes: int = 16 * 1024 * 1024
    max_media_bytes: int = 2 * 1024 * 1024 * 1024
    max_redirects: int = 10
    user_agent: str = "Mozilla/5.0 (compatible; video-provenance-tracker/0.1)"


@dataclass(frozen=True, slots=True)
class Response:
    """A page as it was answered; its bytes are ``exchange.body``.

    ``headers`` have lower-case names. ``not_modified`` is True for an answer 304, which has no
    body. ``leads_to`` is the target of a redirect that was not followed because the caller said so.
    """

    exchange: Exchange
    headers: Mapping[str, str]
    not_modified: bool = False
    leads_to: str | None = None

    @property
    def text(self) -> str:
        """The body as text: by the header's charset, a BOM, the page's own word, else UTF-8."""
        return decode_text(self.exchange.body, self.exchange.content_type)


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A file written to ``path``, hashed on the way."""

    path: Path
    sha256: VideoId
    size_bytes: int
    exchange: Exchange
    headers: Mapping[str, str]


class _Sink(Protocol):
    def write(self, data: bytes, /) -> object: ...


@dataclass(slots=True)
class _Visit:
    """What happened on the way to the final answer."""

    requested_url: str
    started_at: datetime
    redirects: list[str] = field(default_factory=list)
    leads_to: str | None = None
    noted: tuple[tuple[str, str], ...] = ()  # of the last address


Permit = Callable[[str], tuple[tuple[str, str], ...]]


class HttpClient:
    """Fetches pages and files over HTTP(S). Safe to use from several threads."""

    def __init__(self, limits: HttpLimits, guard: AddressGuard, clock: Clock) -> None:
        self._limits = limits
        self._guard = guard
        self._clock = clock
        self._tools = (*_TOOLS, *guard.rerouting.tools())
        self._deadline = Deadline()
        self._transport = GuardedTransport(guard, self._deadline, keep_alive_s=15.0)

    def get(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        abandon: Callable[[str, bytes], bool] | None = None,
        leaves: Callable[[str], bool] | None = None,
        permit: Permit | None = None,
    ) -> Response:
        """Return the page at ``url``; with ``etag`` or ``last_modified`` only if it changed.

        ``abandon`` is asked once, with the content type and the first piece of the body; if it
        says True (a film where a page was hoped for), nothing more is read. ``leaves`` is asked
        of the target of each redirect; one of which it says True is not connected to but named.
        ``permit`` is asked before each address, raises what forbids it, and returns what is to be
        noted with the answer (robots.txt).

        Raises ``ForbiddenAddress``, ``NetworkError`` (also for a page over the size or time
        limit), ``HttpStatusError``, ``RateLimited``, ``UnsupportedSource``.
        """
        conditions = {"if-none-match": etag, "if-modified-since": last_modified}
        headers = {name: value for name, value in conditions.items() if value and _sendable(value)}
        headers["accept-encoding"] = "gzip, deflate"
        body = bytearray()
        collect = _Collector(body)
        with self._deadline.within(self._limits.total_timeout_s), mapped_errors(url):
            response, visit = self._request(url, headers, leaves, permit)
            with _closing(response):
                if visit.leads_to is None:
                    _copy(response, collect, self._limits.max_page_bytes, abandon)
        return Response(
            exchange=self._exchange(response, visit, bytes(body)),
            headers=lower_case_headers(response.headers),
            not_modified=response.status_code == 304,
            leads_to=visit.leads_to,
        )

    def head_of(self, url: str, max_bytes: int) -> tuple[bytes, str | None]:
        """Return the body at ``url`` up to ``max_bytes``, and its content type; raises as ``get``.

        Of a longer one the rest is not read.
        """
        body = bytearray()
        with self._deadline.within(self._limits.total_timeout_s), mapped_errors(url):
            response, _ = self._request(url, {"accept-encoding": "gzip, deflate"})
            with _closing(response):
                encoding = response.headers.get("content-encoding", "")
                for chunk in decoded_chunks(response.iter_raw(), encoding):
                    body += chunk
                    if len(body) >= max_bytes:
                        break
        return bytes(body[:max_bytes]), response.headers.get("content-type")

    def download(self, url: str, directory: Path) -> Downloaded:
        """Write the file at ``url`` into ``directory`` and return it, hashed on the way.

        Raises as ``get`` does, and ``MediaLimitExceeded`` for a file that is too large, which
        no later try can mend. Nothing is left behind then.
        """
        path = _new_file(directory)
        try:
            return self._download(url, path)
        except OSError as exc:
            path.unlink(missing_ok=True)
            raise OutsideError(f"cannot write the download of {shown(url)}: {exc}") from exc
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def _download(self, url: str, path: Path) -> Downloaded:
        digest = hashlib.sha256()
        size = 0
        with self._deadline.within(self._limits.media_timeout_s), mapped_errors(url):
            response, visit = self._request(url, {"accept-encoding": "identity"})
            with _closing(response), path.open("wb") as file:
                tee = _Tee(file, digest.update)
                size = _copy(
                    response, tee, self._limits.max_media_bytes, refusal=MediaLimitExceeded
                )
        return Downloaded(
            path=path,
            sha256=VideoId(digest.hexdigest()),
            size_bytes=size,
            exchange=self._exchange(response, visit, b""),
            headers=lower_case_headers(response.headers),
        )

    def _request(
        self,
        url: str,
        headers: dict[str, str],
        leaves: Callable[[str], bool] | None = None,
        permit: Permit | None = None,
    ) -> tuple[httpx.Response, _Visit]:
        """Return the first answer that is no redirect to follow, its body still unread."""
        visit = _Visit(url, self._clock.now())
        cookies = httpx.Cookies()
        while True:
            if permit is not None:
                visit.noted = permit(url)
            response = self._send(url, headers, cookies)
            if response.status_code not in _REDIRECTS:
                break
            response.close()
            visit.redirects.append(url)
            if len(visit.redirects) > self._limits.max_redirects:
                raise NetworkError(f"more than {self._limits.max_redirects} redirects: {url}")
            url = _target(response)
            if leaves is not None and leaves(url):
                visit.leads_to = url
                return response, visit
        self._refuse_failure(response)
        return response, visit

    def _send(self, url: str, headers: dict[str, str], cookies: httpx.Cookies) -> httpx.Response:
        self._guard.check_form(url)
        request = httpx.Request("GET", url, headers=headers, extensions=self._timeouts())
        request.headers["user-agent"] = self._limits.user_agent
        request.headers["accept"] = "*/*"
        cookies.set_cookie_header(request)
        response = self._transport.handle_request(request)
        response.request = request
        cookies.extract_cookies(response)
        return response

    def _timeouts(self) -> dict[str, object]:
        limits = self._limits
        timeout = httpx.Timeout(limits.read_timeout_s, connect=limits.connect_timeout_s)
        return {"timeout": timeout.as_dict()}

    def _refuse_failure(self, response: httpx.Response) -> None:
        code = response.status_code
        if code == 304 or 200 <= code < 300:
            return
        response.close()
        at, _ = named_wait(lower_case_headers(response.headers), self._clock.now())
        where = shown(str(response.request.url))
        if code == 429 or (code == 503 and at is not None):
            raise RateLimited(f"{response.request.url.host} asks us to wait: {where}", retry_at=at)
        raise HttpStatusError(
            f"the server answered {code} for {where}", status_code=code, retry_at=at
        )

    def _exchange(self, response: httpx.Response, visit: _Visit, body: bytes) -> Exchange:
        final_url = visit.leads_to or str(response.request.url)
        return Exchange(
            requested_url=visit.requested_url,
            final_url=final_url,
            status_code=response.status_code,
            content_type=response.headers.get("content-type"),
            started_at=visit.started_at,
            finished_at=self._clock.now(),
            body=body,
            redirects=(*visit.redirects, final_url) if visit.redirects else (),
            tools=(*self._tools, *visit.noted),
        )


class _Collector:
    """Keeps what is written in memory."""

    def __init__(self, body: bytearray) -> None:
        self._body = body

    def write(self, data: bytes, /) -> object:
        self._body += data
        return None


class _Tee:
    """Passes what is written to a file and to a digest."""

    def __init__(self, file: _Sink, update: Callable[[bytes], object]) -> None:
        self._file = file
        self._update = update

    def write(self, data: bytes, /) -> object:
        self._update(data)
        return self._file.write(data)


@contextmanager
def mapped_errors(url: str) -> Iterator[None]:
    """Turn every exception of httpx into one of ours; ``url`` goes into the sentence."""
    try:
        yield
    except httpx.TimeoutException as exc:
        raise NetworkError(f"no answer in time from {shown(url)}") from exc
    except (httpx.InvalidURL, UnicodeEncodeError) as exc:  # the latter for a lone surrogate
        raise UnsupportedSource(f"not a valid address: {shown(url)}") from exc
    except httpx.RemoteProtocolError as exc:
        raise NetworkError(f"the answer of {shown(url)} is broken or breaks off: {exc}") from exc
    except (httpx.HTTPError, httpx.StreamError, httpx.CookieConflict) as exc:
        reason = str(exc) or type(exc).__name__
        raise NetworkError(f"cannot fetch {shown(url)}: {reason}") from exc


@contextmanager
def _closing(response: httpx.Response) -> Iterator[None]:
    try:
        yield
    finally:
        response.close()


def _sendable(value: str) -> bool:
    return value.isascii() and value.isprintable()


def _new_file(directory: Path) -> Path:
    try:
        with tempfile.NamedTemporaryFile(dir=directory, prefix="download-", delete=False) as file:
            return Path(file.name)
    except OSError as exc:
        raise OutsideError(f"cannot write into {directory}: {exc.strerror}") from exc


def _target(response: httpx.Response) -> str:
    location = response.headers.get("location")
    if not location:
        raise NetworkError(f"a redirect without a target: {shown(str(response.request.url))}")
    return str(response.request.url.join(location).copy_with(fragment=None))


def _copy(
    response: httpx.Response,
    sink: _Sink,
    max_bytes: int,
    abandon: Callable[[str, bytes], bool] | None = None,
    refusal: type[TrackerError] = NetworkError,
) -> int:
    """Write the decoded body to ``sink`` and return its size; ``refusal`` if it is too large."""
    content_type = response.headers.get("content-type", "")
    encoding = response.headers.get("content-encoding", "")
    declared = response.headers.get("content-length", "")
    url = str(response.request.url)
    too_large = declared.isdecimal() and len(declared) < 20 and int(declared) > max_bytes
    if too_large and abandon is None:
        raise refusal(f"{shown(url)} is larger than the {max_bytes} bytes allowed")
    size = 0
    for chunk in decoded_chunks(response.iter_raw(), encoding):
        if size == 0 and abandon is not None and abandon(content_type, chunk):
            sink.write(chunk)
            return len(chunk)
        size += len(chunk)
        if size > max_bytes:
            raise refusal(f"{shown(url)} is larger than the {max_bytes} bytes allowed")
        sink.write(chunk)
    return size
