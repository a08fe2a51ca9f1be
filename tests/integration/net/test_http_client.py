from __future__ import annotations

import gzip
import hashlib
import inspect
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, timedelta
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.callback_server import Call, Route, WebServer, file, page, redirect, serving
from tracker.clock import SystemClock
from tracker.errors import (
    ForbiddenAddress,
    HttpStatusError,
    MediaLimitExceeded,
    NetworkError,
    OutsideError,
    RateLimited,
    TrackerError,
    UnsupportedSource,
)
from tracker.net.guard import AddressGuard
from tracker.net.http import HttpClient, HttpLimits, mapped_errors

LIMITS = HttpLimits(
    connect_timeout_s=2,
    read_timeout_s=1,
    total_timeout_s=1.5,
    media_timeout_s=1.5,
    max_page_bytes=100_000,
    max_media_bytes=200_000,
    max_redirects=3,
)
LOOPBACK = AddressGuard(allowed_networks=("127.0.0.0/8",))


@pytest.fixture
def server() -> Iterator[WebServer]:
    with serving() as running:
        yield running


@pytest.fixture
def client() -> Iterator[HttpClient]:
    client = HttpClient(LIMITS, LOOPBACK, SystemClock())
    yield client
    client.close()


def test_a_page_and_the_record_of_its_fetching(server: WebServer, client: HttpClient) -> None:
    server.routes["/a"] = page("<p>grün")
    before = SystemClock().now()
    response = client.get(server.url("/a"))
    exchange = response.exchange
    assert response.text == "<p>grün"
    assert exchange.body == "<p>grün".encode()
    assert (exchange.requested_url, exchange.final_url) == (server.url("/a"),) * 2
    assert (exchange.status_code, exchange.content_type) == (200, "text/html; charset=utf-8")
    assert exchange.redirects == ()
    assert exchange.tools == (("httpx", httpx.__version__),)
    assert before <= exchange.started_at <= exchange.finished_at <= SystemClock().now()
    assert exchange.started_at.tzinfo is UTC
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert server.seen[0][2]["user-agent"] == LIMITS.user_agent


def test_redirects_are_followed_and_listed(server: WebServer, client: HttpClient) -> None:
    server.routes.update(
        {"/a": redirect("/b"), "/b": redirect("c?x=1#f", 301), "/c": page("there")}
    )
    exchange = client.get(server.url("/a")).exchange
    assert exchange.redirects == tuple(server.url(path) for path in ("/a", "/b", "/c?x=1"))
    assert exchange.final_url == server.url("/c?x=1")
    assert exchange.body == b"there"


def test_a_cookie_lives_through_redirects_and_no_longer(
    server: WebServer, client: HttpClient
) -> None:
    server.routes["/set"] = lambda call: call.reply(
        status=302, headers={"Location": "/page", "Set-Cookie": "consent=yes; Path=/"}
    )
    server.routes["/page"] = page("x")
    client.get(server.url("/set"))
    assert server.seen[-1][2].get("cookie") == "consent=yes"
    client.get(server.url("/page"))
    assert "cookie" not in server.seen[-1][2]


def test_cookies_are_kept_out_of_the_headers_returned(
    server: WebServer, client: HttpClient
) -> None:
    server.routes["/a"] = lambda call: call.reply(headers={"Set-Cookie": "secret=1"})
    assert "set-cookie" not in client.get(server.url("/a")).headers


def test_conditional_requests(server: WebServer, client: HttpClient) -> None:
    server.routes["/feed"] = lambda call: call.reply(status=304)
    response = client.get(server.url("/feed"), etag='"e"', last_modified="yesterday")
    assert response.not_modified
    headers = server.seen[0][2]
    assert (headers["if-none-match"], headers["if-modified-since"]) == ('"e"', "yesterday")


def test_a_stored_etag_cannot_break_the_request(server: WebServer, client: HttpClient) -> None:
    server.routes["/feed"] = page("x")
    assert client.get(server.url("/feed"), etag='"é\r\nX-Evil: 1"').text == "x"
    assert "x-evil" not in server.seen[0][2]


def test_environment_proxies_are_not_used(
    server: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    server.routes["/a"] = page("x")
    with closing(HttpClient(LIMITS, LOOPBACK, SystemClock())) as fresh:
        assert fresh.get(server.url("/a")).text == "x"


def endless(call: Call) -> None:
    call.send_response(200)
    call.end_headers()
    call.server.drip(call, b"x" * 50_000, 0)


def slow(call: Call) -> None:
    call.send_response(200)
    call.end_headers()
    call.server.drip(call, b"x", 0.1)


def slow_headers(call: Call) -> None:
    call.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    call.server.drip(call, b"x", 0.1)


def silent(call: Call) -> None:
    call.server.stopping.wait(10)


def truncated(call: Call) -> None:
    call.send_response(200)
    call.send_header("Content-Length", "1000")
    call.end_headers()
    call.wfile.write(b"only this")
    call.close_connection = True


def garbage(call: Call) -> None:
    call.wfile.write(b"this is no HTTP\r\n\r\n")
    call.close_connection = True


def truncated_gzip(call: Call) -> None:
    call.reply(gzip.compress(b"a" * 5000)[:-9], headers={"Content-Encoding": "gzip"})


def bomb(call: Call) -> None:
    call.reply(gzip.compress(b"\0" * 50_000_000), headers={"Content-Encoding": "gzip"})


def declared_huge(call: Call) -> None:
    call.send_response(200)
    call.send_header("Content-Length", str(10**12))
    call.end_headers()


def loop(call: Call) -> None:
    call.reply(status=302, headers={"Location": "/a?again"})


BAD_ANSWERS: dict[str, Route] = {
    "endless": endless,
    "slow": slow,
    "slow headers": slow_headers,
    "silent": silent,
    "truncated": truncated,
    "garbage": garbage,
    "truncated gzip": truncated_gzip,
    "bomb": bomb,
    "declared huge": declared_huge,
    "redirect loop": loop,
    "redirect without target": redirect(""),
    "redirect to garbage": redirect("http://[broken/"),
}


@pytest.mark.parametrize("name", BAD_ANSWERS)
def test_a_bad_answer_ends_soon_as_one_error_and_leaves_nothing(
    name: str, server: WebServer, client: HttpClient, tmp_path: Path
) -> None:
    server.routes["/a"] = BAD_ANSWERS[name]
    for call in (client.get, lambda url: client.download(url, tmp_path)):
        started = time.monotonic()
        with pytest.raises((NetworkError, MediaLimitExceeded, UnsupportedSource, ForbiddenAddress)):
            call(server.url("/a"))
        assert time.monotonic() - started < 5
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451, 500, 502])
def test_an_answer_that_says_no(status: int, server: WebServer, client: HttpClient) -> None:
    server.routes["/a"] = lambda call: call.reply(b"no", status=status)
    with pytest.raises(HttpStatusError) as caught:
        client.get(server.url("/a"))
    assert caught.value.status_code == status


@pytest.mark.parametrize(
    ("status", "wait", "seconds"), [(429, "60", 60), (503, "120", 120), (429, None, None)]
)
def test_a_server_that_asks_to_wait(
    status: int, wait: str | None, seconds: int | None, server: WebServer, client: HttpClient
) -> None:
    headers = {} if wait is None else {"Retry-After": wait}
    server.routes["/a"] = lambda call: call.reply(status=status, headers=headers)
    with pytest.raises(RateLimited) as caught:
        client.get(server.url("/a"))
    if seconds is None:
        assert caught.value.retry_at is None
    else:
        assert caught.value.retry_at is not None
        waiting = caught.value.retry_at - SystemClock().now()
        assert timedelta(seconds=seconds - 10) < waiting <= timedelta(seconds=seconds)


def test_overloaded_without_a_time_is_a_status_error(server: WebServer, client: HttpClient) -> None:
    server.routes["/a"] = lambda call: call.reply(status=503)
    with pytest.raises(HttpStatusError):
        client.get(server.url("/a"))


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/",
        "http://10.0.0.1/",
        "http://[::1]/",
        "file:///etc/passwd",
        "http://user@127.0.0.1/",
        "http://2130706433/",
    ],
)
def test_a_redirect_to_a_closed_address_is_refused(
    target: str, server: WebServer, client: HttpClient
) -> None:
    server.routes["/a"] = redirect(target)
    with pytest.raises(ForbiddenAddress):
        client.get(server.url("/a"))


def test_loopback_is_closed_by_default(server: WebServer) -> None:
    server.routes["/a"] = page("inside")
    strict = HttpClient(LIMITS, AddressGuard(), SystemClock())
    with closing(strict), pytest.raises(ForbiddenAddress):
        strict.get(server.url("/a"))
    assert server.seen == []


def test_a_download_is_hashed_and_counted(
    server: WebServer, client: HttpClient, tmp_path: Path
) -> None:
    body = bytes(range(256)) * 600
    server.routes["/v.mp4"] = file(body, "video/mp4")
    got = client.download(server.url("/v.mp4"), tmp_path)
    assert got.path.parent == tmp_path
    assert got.path.read_bytes() == body
    assert got.sha256 == hashlib.sha256(body).hexdigest()
    assert got.size_bytes == len(body)
    assert got.exchange.body == b""
    assert got.exchange.content_type == "video/mp4"
    assert server.seen[0][2]["accept-encoding"] == "identity"


def test_a_file_over_the_limit_leaves_nothing(
    server: WebServer, client: HttpClient, tmp_path: Path
) -> None:
    server.routes["/v.mp4"] = file(b"x" * 200_001, "video/mp4")
    with pytest.raises(MediaLimitExceeded, match="200000"):
        client.download(server.url("/v.mp4"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_is_not_there(
    server: WebServer, client: HttpClient, tmp_path: Path
) -> None:
    with pytest.raises(OutsideError):
        client.download(server.url("/v.mp4"), tmp_path / "missing")


def test_nobody_listening(client: HttpClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(NetworkError):
        client.get(f"http://127.0.0.1:{port}/")


def test_a_plain_server_behind_https(server: WebServer, client: HttpClient) -> None:
    with pytest.raises(NetworkError):
        client.get(server.url("/").replace("http:", "https:"))


def test_a_host_name_is_kept_while_its_checked_address_is_used(server: WebServer) -> None:
    guard = AddressGuard(allowed_networks=("127.0.0.0/8", "::1/128"))
    server.routes["/a"] = page("x")
    with closing(HttpClient(LIMITS, guard, SystemClock())) as client:
        assert client.get(f"http://localhost:{server.server_port}/a").text == "x"
    assert server.seen[0][2]["host"] == f"localhost:{server.server_port}"


class OneAnswerGuard(AddressGuard):
    """Knows a name that no resolver knows, and gives its address once only."""

    answers = 1

    def resolve(self, host: str, port: int) -> tuple[str, ...]:
        if host != "rebinding.test":
            return super().resolve(host, port)
        self.answers -= 1
        return ("127.0.0.1",) if self.answers >= 0 else super().resolve("10.0.0.1", port)


def test_the_connection_goes_to_the_address_that_was_checked(server: WebServer) -> None:
    server.routes["/a"] = page("x")
    guard = OneAnswerGuard(allowed_networks=("127.0.0.0/8",))
    with closing(HttpClient(LIMITS, guard, SystemClock())) as client:
        url = f"http://rebinding.test:{server.server_port}/a"
        assert client.get(url).text == "x"
    assert server.seen[0][2]["host"] == f"rebinding.test:{server.server_port}"


def test_tls_asks_for_the_host_by_name() -> None:
    hello: list[bytes] = []

    def listen() -> None:
        connection, _ = listener.accept()
        with connection:
            hello.append(connection.recv(4096))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=listen)
        thread.start()
        guard = AddressGuard(allowed_networks=("127.0.0.0/8", "::1/128"))
        named = HttpClient(LIMITS, guard, SystemClock())
        with closing(named), pytest.raises(NetworkError):
            named.get(f"https://localhost:{listener.getsockname()[1]}/")
        thread.join()
    assert b"localhost" in hello[0]


@pytest.fixture(scope="module")
def empty_server() -> Iterator[WebServer]:
    with serving() as running:
        yield running


@given(
    st.sampled_from(["", "http://[", "http://127.0.0.1:", "{}", "{}/?", "{}/a#"]),
    st.text(max_size=30),
)
@settings(max_examples=100, deadline=None)
def test_no_address_breaks_the_client(
    empty_server: WebServer, client_of_module: HttpClient, start: str, rest: str
) -> None:
    """Nothing is served there, so every answer is one of our errors."""
    with pytest.raises(TrackerError):
        client_of_module.get(start.format(empty_server.url("")) + rest)


@pytest.fixture(scope="module")
def client_of_module() -> Iterator[HttpClient]:
    with closing(HttpClient(LIMITS, LOOPBACK, SystemClock())) as client:
        yield client


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/\x00", "http://127.0.0.1/" + "a" * 70_000, "http://127.0.0.1/\ud800"]
)
def test_addresses_httpx_refuses(url: str, client: HttpClient) -> None:
    with pytest.raises(UnsupportedSource):
        client.get(url)


def _httpx_errors() -> list[type[Exception]]:
    found = (getattr(httpx, name) for name in httpx.__all__)
    return [kind for kind in found if isinstance(kind, type) and issubclass(kind, Exception)]


def _made(kind: type[Exception]) -> Exception:
    if kind is httpx.HTTPStatusError:
        request = httpx.Request("GET", "http://example.org/")
        return httpx.HTTPStatusError("x", request=request, response=httpx.Response(500))
    return kind("x") if inspect.signature(kind).parameters else kind()


@pytest.mark.parametrize("kind", _httpx_errors(), ids=lambda kind: kind.__name__)
def test_every_exception_of_httpx_is_mapped(kind: type[Exception]) -> None:
    with pytest.raises(TrackerError) as caught, mapped_errors("http://example.org/"):
        raise _made(kind)
    assert caught.value.__cause__ is not None
    assert "\n" not in str(caught.value)
