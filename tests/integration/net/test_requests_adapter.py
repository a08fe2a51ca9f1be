from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.support.callback_server import Call, Route, WebServer, redirect, serving
from tracker.clock import SystemClock
from tracker.errors import ForbiddenAddress, NetworkError, UnsupportedSource
from tracker.net.guard import AddressGuard
from tracker.net.http import HttpLimits
from tracker.net.requests_adapter import GuardedAdapter, guarded_session

LIMITS = HttpLimits(
    connect_timeout_s=2, read_timeout_s=1, total_timeout_s=1.5, max_page_bytes=50_000
)
LOOPBACK = AddressGuard(allowed_networks=("127.0.0.0/8",))


@pytest.fixture
def server() -> Iterator[WebServer]:
    with serving() as running:
        yield running


def _adapter(server: WebServer, guard: AddressGuard = LOOPBACK) -> GuardedAdapter:
    moved = {"https://api.example": server.url("").rstrip("/")}
    return GuardedAdapter(guard, LIMITS, SystemClock(), moved=moved, tools=(("sdk", "1.2"),))


@pytest.fixture
def adapter(server: WebServer) -> Iterator[GuardedAdapter]:
    made = _adapter(server)
    yield made
    made.close()


@pytest.fixture
def session(adapter: GuardedAdapter) -> requests.Session:
    made = requests.Session()
    guarded_session(made, adapter)
    return made


def _json(value: object, status: int = 200) -> Route:
    return lambda call: call.reply(
        json.dumps(value).encode(), "application/json", status=status, headers={"x-left": "3"}
    )


def test_the_library_reads_the_answer_and_the_raw_bytes_are_kept(
    server: WebServer, adapter: GuardedAdapter, session: requests.Session
) -> None:
    server.routes["/2/tweets"] = _json({"data": ["grün"]})
    with adapter.recording() as exchanges:
        answer = session.get(
            "https://api.example/2/tweets", params={"ids": "1,2"}, headers={"X-Own": "yes"}
        )
    assert (answer.status_code, answer.headers["X-Left"]) == (200, "3")
    assert answer.json() == {"data": ["grün"]}
    assert server.seen[0][1] == "/2/tweets?ids=1%2C2"
    assert server.seen[0][2]["x-own"] == "yes"
    (kept,) = exchanges
    assert kept.requested_url == server.url("/2/tweets?ids=1%2C2")
    assert (kept.status_code, kept.body) == (200, answer.content)
    assert ("sdk", "1.2") in kept.tools


def test_a_body_is_sent_and_a_packed_answer_unpacked(
    server: WebServer, session: requests.Session
) -> None:
    def answer(call: Call) -> None:
        call.reply(gzip.compress(b'{"a":1}'), headers={"Content-Encoding": "gzip"})

    server.routes["/packed"] = answer
    assert session.get(server.url("/packed")).json() == {"a": 1}


def test_an_answer_that_says_no_is_the_librarys_to_judge(
    server: WebServer, adapter: GuardedAdapter, session: requests.Session
) -> None:
    server.routes["/no"] = _json({"title": "no"}, 429)
    with adapter.recording() as exchanges:
        assert session.get(server.url("/no")).status_code == 429
    assert [exchange.status_code for exchange in exchanges] == [429]


def test_redirects_pass_the_guard_too(server: WebServer, session: requests.Session) -> None:
    server.routes["/on"] = _json({"ok": True})
    server.routes["/moved"] = redirect("/on")
    server.routes["/inside"] = redirect("http://169.254.169.254/latest/meta-data/")
    assert session.get(server.url("/moved")).json() == {"ok": True}
    with pytest.raises(ForbiddenAddress):
        session.get(server.url("/inside"))


def test_a_closed_address_is_never_connected_to(server: WebServer) -> None:
    session = requests.Session()
    guarded_session(session, _adapter(server, AddressGuard()))
    with pytest.raises(ForbiddenAddress):
        session.get(server.url("/2/tweets"))
    assert server.seen == []


def test_proxies_and_netrc_of_the_environment_are_not_used(
    server: WebServer, session: requests.Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password canary\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9/")
    server.routes["/a"] = _json({})
    session.get(server.url("/a"), headers={"Authorization": "Bearer own"})
    assert server.seen[0][2]["authorization"] == "Bearer own"


def test_what_is_secret_is_added_on_the_way_out_and_for_its_own_address_only(
    server: WebServer,
) -> None:
    base = server.url("/api/")
    adapter = GuardedAdapter(
        LOOPBACK,
        LIMITS,
        SystemClock(),
        secret_headers=lambda url: (
            {"authorization": "Bearer canary"} if url.startswith(base) else {}
        ),
    )
    session = requests.Session()
    guarded_session(session, adapter)
    server.routes["/other"] = _json({})
    server.routes["/api/a"] = redirect("/other")
    with adapter.recording() as exchanges:
        answer = session.get(server.url("/api/a"))
    adapter.close()
    sent = [headers.get("authorization") for _, _, headers in server.seen]
    assert sent == ["Bearer canary", None]
    held = [dict(seen.request.headers) for seen in (answer, *answer.history)]
    assert "canary" not in repr((held, exchanges))


@pytest.mark.parametrize("status", [200, 401, 500])
@pytest.mark.parametrize("where", ["body", "header"])
def test_an_answer_that_repeats_the_token_is_not_handed_on(
    where: str, status: int, server: WebServer
) -> None:
    secret = {"authorization": "Bearer canary"}
    adapter = GuardedAdapter(LOOPBACK, LIMITS, SystemClock(), secret_headers=lambda _url: secret)
    session = requests.Session()
    guarded_session(session, adapter)

    def echo(call: Call) -> None:
        said = call.headers["authorization"]
        if where == "body":
            call.reply(f"you sent {said}".encode(), status=status)
        else:
            call.reply(status=status, headers={"X-You-Sent": said})

    server.routes["/echo"] = echo
    with adapter.recording() as exchanges, pytest.raises(NetworkError) as caught:
        session.get(server.url("/echo"))
    adapter.close()
    assert "canary" not in repr((exchanges, caught.value, caught.value.__cause__))


def test_size_and_time_are_bounded(server: WebServer, session: requests.Session) -> None:
    server.routes["/large"] = lambda call: call.reply(b"x" * 60_000)

    def slow(call: Call) -> None:
        call.send_response(200)
        call.end_headers()
        server.drip(call, b"x", 0.2)

    server.routes["/slow"] = slow
    with pytest.raises(NetworkError, match="larger than"):
        session.get(server.url("/large"))
    with pytest.raises(NetworkError, match=r"longer than the time allowed|no answer in time"):
        session.get(server.url("/slow"))


def test_other_schemes_have_no_way_out(session: requests.Session) -> None:
    with pytest.raises(requests.exceptions.InvalidSchema):
        session.get("file:///etc/hostname")


def test_a_streamed_body_is_refused(session: requests.Session, server: WebServer) -> None:
    with pytest.raises(UnsupportedSource):
        session.post(server.url("/a"), data=iter((b"a", b"b")))


def test_each_thread_records_its_own_answers(
    server: WebServer, adapter: GuardedAdapter, session: requests.Session
) -> None:
    server.routes["/a"] = _json({})
    counts: list[int] = []

    def work() -> None:
        with adapter.recording() as exchanges:
            for _ in range(3):
                session.get(server.url("/a"))
            counts.append(len(exchanges))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [3, 3, 3, 3]
