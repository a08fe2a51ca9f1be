"""Every door to the network obeys the rerouting, and speaks TLS with the host that was named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
import requests

from tests.support.authority import Authority, make_authority
from tests.support.callback_server import WebServer, page, serving
from tracker.clock import SystemClock
from tracker.errors import ForbiddenAddress, NetworkError
from tracker.net.guard import AddressGuard
from tracker.net.http import HttpClient, HttpLimits
from tracker.net.httpx_door import GuardedDoor
from tracker.net.requests_adapter import GuardedAdapter, guarded_session
from tracker.net.rerouting import Rerouting

LIMITS = HttpLimits(connect_timeout_s=2, read_timeout_s=2, total_timeout_s=4)
HOST = "www.platform.test"
Ask = Callable[[AddressGuard, str], tuple[str, dict[str, str]]]


def by_our_client(guard: AddressGuard, url: str) -> tuple[str, dict[str, str]]:
    with closing(HttpClient(LIMITS, guard, SystemClock())) as client:
        answer = client.get(url)
        return answer.text, dict(answer.exchange.tools)


def by_requests(guard: AddressGuard, url: str) -> tuple[str, dict[str, str]]:
    adapter = GuardedAdapter(guard, LIMITS, SystemClock())
    with requests.Session() as session, adapter.recording() as exchanges:
        guarded_session(session, adapter)
        return session.get(url).text, dict(exchanges[0].tools)


def by_httpx(guard: AddressGuard, url: str) -> tuple[str, dict[str, str]]:
    door = GuardedDoor(guard, LIMITS, SystemClock())
    with httpx.Client(transport=door, trust_env=False) as client, door.recording() as exchanges:
        return client.get(url).text, dict(exchanges[0].tools)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return make_authority(tmp_path, [HOST])


@pytest.fixture
def server(authority: Authority) -> Iterator[WebServer]:
    with serving() as running:
        running.socket = authority.context.wrap_socket(
            running.socket, server_side=True, do_handshake_on_connect=False
        )
        running.routes["/a"] = page("here")
        yield running


def place(server: WebServer) -> str:
    return f"127.0.0.1:{server.server_port}"


@pytest.mark.parametrize("ask", [by_our_client, by_requests, by_httpx])
def test_the_connection_goes_elsewhere_and_the_request_stays_what_it_was(
    ask: Ask, server: WebServer, authority: Authority
) -> None:
    rerouting = Rerouting({HOST: place(server)}, authority.ca_file)
    text, tools = ask(AddressGuard(allow_private=True, rerouting=rerouting), f"https://{HOST}/a")
    assert text == "here"
    assert server.seen[0][2]["host"] == HOST
    assert tools["network.connect_to"] == f"{HOST} at {place(server)}"


@pytest.mark.parametrize("ask", [by_our_client, by_requests, by_httpx])
def test_the_place_must_be_allowed_and_its_certificate_trusted(
    ask: Ask, server: WebServer, authority: Authority
) -> None:
    routes = {HOST: place(server), "other.test": place(server)}
    trusting = Rerouting(routes, authority.ca_file)
    with pytest.raises(ForbiddenAddress):
        ask(AddressGuard(rerouting=trusting), f"https://{HOST}/a")
    with pytest.raises(NetworkError, match=r"(?i)certificate"):
        ask(AddressGuard(allow_private=True, rerouting=Rerouting(routes)), f"https://{HOST}/a")
    with pytest.raises(NetworkError, match=r"(?i)certificate"):  # of another host
        ask(AddressGuard(allow_private=True, rerouting=trusting), "https://other.test/a")
    assert server.seen == []
