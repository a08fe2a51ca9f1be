"""One pace for a host, whoever asks: threads, processes, every kind of door."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest
import requests

from tests.support.callback_server import Call, WebServer, page, serving
from tracker.clock import Clock, SystemClock
from tracker.errors import HttpStatusError, NetworkError, OutsideError, RateLimited
from tracker.net.guard import AddressGuard
from tracker.net.http import HttpClient, HttpLimits
from tracker.net.httpx_door import GuardedDoor
from tracker.net.politeness import UNNAMED_WAIT, HostTurns, Pace, host_of
from tracker.net.requests_adapter import GuardedAdapter, guarded_session
from tracker.net.rerouting import Rerouting
from tracker.net.ytdlp import YtDlp, YtDlpLimits

HOST = "www.site.test"
LIMITS = HttpLimits(connect_timeout_s=5, read_timeout_s=5, total_timeout_s=5)
SHORT = Pace(pause_s=0.02, connections=2, patience_s=20)
Ask = Callable[[AddressGuard, str], object]


@dataclass
class SetClock:
    """Tells the time it was set to."""

    at: datetime

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def server() -> Iterator[WebServer]:
    with serving() as running:
        running.routes["/a"] = page("here")
        yield running


def guard_of(server: WebServer, turns: HostTurns, *names: str) -> AddressGuard:
    places = dict.fromkeys(names or (HOST,), f"127.0.0.1:{server.server_port}")
    return AddressGuard(allow_private=True, rerouting=Rerouting(places), turns=turns)


def turns_in(folder: Path, pace: Pace = SHORT, clock: Clock | None = None) -> HostTurns:
    return HostTurns(folder / "hosts", pace, clock or SystemClock())


def by_our_client(guard: AddressGuard, url: str) -> object:
    with closing(HttpClient(LIMITS, guard, SystemClock())) as client:
        return client.get(url)


def by_download(guard: AddressGuard, url: str) -> object:
    with closing(HttpClient(LIMITS, guard, SystemClock())) as client:
        return client.download(url, Path(os.environ["PYTEST_FOLDER"]))


def by_requests(guard: AddressGuard, url: str) -> object:
    with requests.Session() as session:
        guarded_session(session, GuardedAdapter(guard, LIMITS, SystemClock()))
        return session.get(url)


def by_httpx(guard: AddressGuard, url: str) -> object:
    door = GuardedDoor(guard, LIMITS, SystemClock())
    with httpx.Client(transport=door, trust_env=False) as client:
        return client.get(url)


DOORS = [by_our_client, by_download, by_requests, by_httpx]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "downloads").mkdir()
    monkeypatch.setenv("PYTEST_FOLDER", str(tmp_path / "downloads"))
    return tmp_path


@pytest.mark.parametrize("ask", DOORS)
def test_requests_to_one_host_keep_their_pause(ask: Ask, server: WebServer, tmp_path: Path) -> None:
    guard = guard_of(server, turns_in(tmp_path, Pace(pause_s=0.05)))
    began = time.monotonic()
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda _: ask(guard, f"http://{HOST}/a"), range(5)))
    assert time.monotonic() - began >= 4 * 0.05
    assert len(server.seen) == 5


def test_other_hosts_and_this_machine_do_not_wait(server: WebServer, tmp_path: Path) -> None:
    turns = turns_in(tmp_path, Pace(pause_s=3600))
    guard = guard_of(server, turns, "a.test", "b.test")
    with closing(HttpClient(LIMITS, guard, SystemClock())) as client:
        for url in ("http://a.test/a", "http://b.test/a", server.url("/a"), server.url("/a")):
            client.get(url)
    assert len(server.seen) == 4


@pytest.mark.parametrize("ask", DOORS)
def test_no_more_at_a_time_than_allowed_whoever_asks(
    ask: Ask, server: WebServer, tmp_path: Path
) -> None:
    running: list[int] = []
    most: list[int] = []
    lock = threading.Lock()

    def slow(call: Call) -> None:
        with lock:
            running.append(1)
            most.append(len(running))
        time.sleep(0.05)
        with lock:
            running.pop()
        call.reply(b"x")

    server.routes["/a"] = slow
    pace = Pace(pause_s=0, connections=2, patience_s=30)
    guards = [guard_of(server, turns_in(tmp_path, pace)) for _ in range(2)]  # as two processes
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: ask(guards[n % 2], f"http://{HOST}/a"), range(8)))
    assert len(most) == 8
    assert max(most) <= 2


def test_what_a_killed_process_held_is_free_again(server: WebServer, tmp_path: Path) -> None:
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom tracker.clock import SystemClock\n"
        "from tracker.net.politeness import HostTurns, Pace\n"
        "turns = HostTurns(Path(sys.argv[1]), Pace(0, 1), SystemClock())\n"
        "turns.take(sys.argv[2])\nprint('held', flush=True)\ntime.sleep(60)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "hosts"), HOST]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ.copy()) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        ours = turns_in(tmp_path, Pace(pause_s=0, connections=1, patience_s=0.2))
        with pytest.raises(RateLimited, match="busy with our other requests") as caught:
            ours.take(HOST)
        assert caught.value.retry_at is not None
        process.send_signal(signal.SIGKILL)
        process.wait()
        ours.take(HOST)()


def test_a_turn_is_given_back_when_the_answer_fails(server: WebServer, tmp_path: Path) -> None:
    def broken(call: Call) -> None:
        call.wfile.write(b"this is no HTTP\r\n\r\n")
        call.close_connection = True

    server.routes["/broken"] = broken
    server.routes["/large"] = page("x" * 5000)
    pace = Pace(pause_s=0, connections=1, patience_s=0.5)
    guard = guard_of(server, turns_in(tmp_path, pace))
    small = HttpLimits(total_timeout_s=5, max_page_bytes=100)
    with closing(HttpClient(small, guard, SystemClock())) as client:
        for path in ("/broken", "/large", "/missing", "/broken", "/large"):
            with pytest.raises(NetworkError):
                client.get(f"http://{HOST}{path}")
        client.get(f"http://{HOST}/a")


WAITS: dict[str, tuple[int, Callable[[datetime], dict[str, str]]]] = {
    "seconds": (429, lambda _: {"Retry-After": "600"}),
    "a date": (503, lambda now: {"Retry-After": format_datetime(now + timedelta(seconds=600))}),
    "x-rate-limit-reset": (
        429,
        lambda now: {
            "x-rate-limit-remaining": "0",
            "x-rate-limit-reset": str(int(now.timestamp()) + 600),
        },
    ),
    "ratelimit-reset": (429, lambda _: {"RateLimit-Reset": "600", "RateLimit-Remaining": "0"}),
    "a moment in words": (
        429,
        lambda now: {
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": (now + timedelta(seconds=600)).isoformat(),
        },
    ),
    "used up by this answer": (200, lambda _: {"RateLimit": '"default";r=0;t=600'}),
}


@pytest.mark.parametrize("ask", DOORS)
@pytest.mark.parametrize("name", WAITS)
def test_who_asks_us_to_wait_is_left_alone_by_all(
    name: str, ask: Ask, server: WebServer, tmp_path: Path
) -> None:
    status, headers = WAITS[name]
    now = datetime.now(UTC)
    server.routes["/limited"] = lambda call: call.reply(status=status, headers=headers(now))
    turns, others = turns_in(tmp_path), turns_in(tmp_path)
    guard = guard_of(server, turns, HOST, "other.test")
    with ExitStack() as stack:
        if status != 200 and ask in DOORS[:2]:
            stack.enter_context(pytest.raises(RateLimited))
        ask(guard, f"http://{HOST}/limited")
    for asked_by in (turns, others):
        with pytest.raises(RateLimited, match=HOST) as caught:
            ask(guard_of(server, asked_by), f"http://{HOST}/a")
        assert caught.value.retry_at is not None
        waits_s = (caught.value.retry_at - now).total_seconds()
        assert 500 < waits_s <= 610
    ask(guard, "http://other.test/a")
    assert [path for _, path, _ in server.seen] == ["/limited", "/a"]


def test_a_wait_without_a_time_is_a_short_one_and_ends(server: WebServer, tmp_path: Path) -> None:
    server.routes["/limited"] = lambda call: call.reply(status=429)
    clock = SetClock(datetime(2026, 5, 1, tzinfo=UTC))
    turns = turns_in(tmp_path, clock=clock)
    guard = guard_of(server, turns)
    with closing(HttpClient(LIMITS, guard, clock)) as client:
        with pytest.raises(RateLimited):
            client.get(f"http://{HOST}/limited")
        with pytest.raises(RateLimited) as caught:
            client.get(f"http://{HOST}/a")
        assert caught.value.retry_at == clock.at + UNNAMED_WAIT
        assert [(c.host, c.why) for c in turns.closed()] == [(HOST, "it answered 429")]
        clock.at += UNNAMED_WAIT
        client.get(f"http://{HOST}/a")
        assert turns.closed() == []


def test_an_overloaded_server_without_a_word_closes_nothing(
    server: WebServer, tmp_path: Path
) -> None:
    server.routes["/down"] = lambda call: call.reply(status=503)
    guard = guard_of(server, turns_in(tmp_path))
    with closing(HttpClient(LIMITS, guard, SystemClock())) as client:
        with pytest.raises(HttpStatusError):
            client.get(f"http://{HOST}/down")
        client.get(f"http://{HOST}/a")


def test_limits_that_hold_for_one_kind_of_request_are_the_callers(
    server: WebServer, tmp_path: Path
) -> None:
    server.routes["/limited"] = lambda call: call.reply(status=429, headers={"Retry-After": "60"})
    guard = guard_of(server, turns_in(tmp_path))
    adapter = GuardedAdapter(guard, LIMITS, SystemClock(), heeds_limits=False)
    with requests.Session() as session:
        guarded_session(session, adapter)
        assert session.get(f"http://{HOST}/limited").status_code == 429
        assert session.get(f"http://{HOST}/a").text == "here"


def test_the_operator_lifts_a_wait(tmp_path: Path) -> None:
    turns = turns_in(tmp_path)
    until = datetime.now(UTC) + timedelta(days=20)
    turns.close_host(HOST, until, "it answered 429")
    assert turns_in(tmp_path).lift(HOST) == until
    turns.take(HOST)()
    assert turns.lift(HOST) is None


def test_a_look_up_heeds_what_was_asked_and_writes_nothing(tmp_path: Path) -> None:
    turns_in(tmp_path).close_host(HOST, datetime.now(UTC) + timedelta(hours=1), "it answered 429")
    before = {path: path.read_bytes() for path in (tmp_path / "hosts").iterdir()}
    reader = HostTurns(tmp_path / "hosts", SHORT, SystemClock(), private=True)
    with pytest.raises(RateLimited):
        reader.take(HOST)
    reader.take("other.test")()
    reader.close_host("other.test", datetime.now(UTC) + timedelta(hours=1), "it answered 429")
    assert {path: path.read_bytes() for path in (tmp_path / "hosts").iterdir()} == before
    elsewhere = HostTurns(tmp_path / "none", SHORT, SystemClock(), private=True)
    elsewhere.take(HOST)()
    assert not (tmp_path / "none").exists()


def test_a_damaged_file_is_begun_anew(tmp_path: Path) -> None:
    turns_in(tmp_path).take(HOST)()
    (tmp_path / "hosts" / "hosts.db").write_bytes(b"this is no database" * 1000)
    turns_in(tmp_path).take(HOST)()
    with sqlite3.connect(tmp_path / "hosts" / "hosts.db") as rows:
        assert rows.execute("SELECT name FROM host").fetchall() == [(HOST,)]
    rows.close()


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "hosts").write_text("a file")
    with pytest.raises(OutsideError, match="whose turn"):
        turns_in(tmp_path).take(HOST)


def test_a_clock_that_was_set_back_holds_nobody_up(tmp_path: Path) -> None:
    clock = SetClock(datetime(2026, 5, 2, tzinfo=UTC))
    turns = turns_in(tmp_path, clock=clock)
    turns.take(HOST)()
    turns.close_host(HOST, clock.at + timedelta(hours=1), "it answered 429")
    turns.close()
    with sqlite3.connect(tmp_path / "hosts" / "hosts.db") as rows:
        rows.execute("UPDATE host SET next_at = ?", (time.time() + 86400,))
    rows.close()
    clock.at -= timedelta(days=1)
    turns.take(HOST)()


def test_waiting_ends_when_the_program_stops(tmp_path: Path) -> None:
    turns = turns_in(tmp_path, Pace(pause_s=3600, connections=2))
    turns.take(HOST)()
    threading.Timer(0.1, turns.stop).start()
    with pytest.raises(NetworkError, match="stopped"):
        turns.take(HOST)
    assert turns_in(tmp_path, Pace(pause_s=0, patience_s=1)).take(HOST)() is None


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://WWW.Site.test/a?b#c", "www.site.test"),
        ("https://www.site.test:443/", "www.site.test"),
        ("http://www.site.test.:80", "www.site.test"),
        ("http://user:word@www.site.test/", "www.site.test"),
        ("http://www.site.test:8080/a", "www.site.test:8080"),
        ("https://[2606:4700::1]:443/", "[2606:4700::1]"),
        ("https://[2606:4700::1]/", "[2606:4700::1]"),
        ("", ""),
    ],
)
def test_a_host_has_one_name(url: str, host: str) -> None:
    assert host_of(url) == host


def test_ytdlp_takes_its_turn_and_what_it_is_told_counts_for_all(
    server: WebServer, tmp_path: Path
) -> None:
    server.routes["/watch"] = lambda call: call.reply(status=429, headers={"Retry-After": "600"})
    turns = turns_in(tmp_path)
    guard = guard_of(server, turns)
    limits = YtDlpLimits(generic_allowed=True, user_agent="tracker-test/1 (who we are)")
    ytdlp = YtDlp(limits, guard, SystemClock())
    began = datetime.now(UTC)
    with pytest.raises(RateLimited) as caught:
        ytdlp.extract(f"http://{HOST}/watch")
    assert caught.value.retry_at is not None
    assert caught.value.retry_at > began + timedelta(seconds=590)
    seen = len(server.seen)
    assert server.seen[0][2]["user-agent"] == "tracker-test/1 (who we are)"
    with pytest.raises(RateLimited):
        by_our_client(guard, f"http://{HOST}/a")
    with pytest.raises(RateLimited):
        ytdlp.extract(f"http://{HOST}/watch")
    assert len(server.seen) == seen
