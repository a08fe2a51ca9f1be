"""`tracker serve` as a process on loopback: pages, documents, and what it refuses."""

from __future__ import annotations

import hashlib
import json
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from storage.staging import own_folder
from tests.e2e.conftest import Clips
from tests.support.json_schema import described
from tests.support.tracker_cli import TrackerCommand
from tests.support.webserver import WebServer

POST = "https://x.com/i/status/1568188530000000000"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def document(self) -> dict[str, object]:
        return dict(described(json.loads(self.text)))


@dataclass(frozen=True, slots=True)
class Serving:
    """A running server, asked over real connections."""

    tracker: TrackerCommand
    process: subprocess.Popen[str]
    port: int

    def ask(
        self,
        path: str,
        method: str = "GET",
        body: bytes | Iterator[bytes] | None = None,
        **headers: str,
    ) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body=body, headers=named)
            response: HTTPResponse = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, text)


@contextmanager
def serving(tracker: TrackerCommand, *arguments: str, **environment: str) -> Iterator[Serving]:
    """Run the command on a free port until the block ends."""
    process = subprocess.Popen(
        tracker.line("serve", "--port", "0", "--json", *arguments),
        env=tracker.environment(**environment), cwd=tracker.home, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        said = described(json.loads(process.stdout.readline()))
        assert said["schema"] == "tracker/serving/1"
        yield Serving(tracker, process, urlsplit(str(said["url"])).port or 0)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, clips: Clips) -> Iterator[Serving]:
    home = tmp_path_factory.mktemp("serve-home")
    tracker = TrackerCommand(home)
    added = tracker.run(
        "add", clips.source, "--published-at", "2022-09-09T10:00:00Z", "--post-url", POST,
        "--account", "<b>Maksym</b>",
    )  # fmt: skip
    assert added.code == 0, added
    with serving(tracker) as running:
        yield running


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A server of an empty archive that takes 300,000 bytes at most."""
    tracker = TrackerCommand(tmp_path_factory.mktemp("strict-home"))
    limit = {"TRACKER_NETWORK__MAX_MEDIA_BYTES": "300000"}
    with serving(tracker, **limit) as running:
        yield running


def all_files(folder: Path) -> dict[str, bytes]:
    return {
        str(path): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(("-shm", "-wal"))
    }


def test_the_documents_are_those_of_the_command_line(server: Serving, clips: Clips) -> None:
    (clip,) = server.tracker.run("clips", "--json").documents
    assert json.loads(server.ask("/api/clips").text) == [clip]
    lines = server.ask("/api/clips", Accept="application/x-ndjson")
    assert [json.loads(line) for line in lines.text.splitlines()] == [clip]
    digest = hashlib.sha256(clips.source.read_bytes()).hexdigest()
    expected = server.tracker.run("chain", "--json", POST).document
    for subject in (clip["clip"], digest, digest[:12].upper(), POST, quote(POST, safe="")):
        answer = server.ask(f"/api/chain/{subject}")
        assert answer.headers["content-type"] == "application/json"
        assert {**answer.document, "as_of": ""} == {**expected, "as_of": ""}


def test_a_look_up_fetches_compares_and_writes_nothing(
    server: Serving, clips: Clips, site: WebServer
) -> None:
    url = site.add("/copy.mp4", clips.copy.read_bytes(), content_type="video/mp4")
    before = all_files(server.tracker.data_dir)
    found = server.ask(f"/api/lookup?target={quote(url, safe='')}").document
    expected = server.tracker.run("lookup", "--json", url).document
    assert {**found, "elapsed_ms": {}} == {**expected, "elapsed_ms": {}}
    page = server.ask(f"/lookup?target={quote(url, safe='')}")
    assert page.status == 200
    assert "Seen before, in 1 video" in page.text
    assert all_files(server.tracker.data_dir) == before


def a_form(*parts: tuple[str, bytes], boundary: str = "b0undary") -> dict[str, Any]:
    """Return body and content type of a form: of each part its disposition and its bytes."""
    pieces = [
        f"--{boundary}\r\nContent-Disposition: {said}\r\n\r\n".encode() + body + b"\r\n"
        for said, body in parts
    ]
    body = b"".join((*pieces, f"--{boundary}--\r\n".encode()))
    return {"body": body, "Content_Type": f"multipart/form-data; boundary={boundary}"}


def test_a_file_is_looked_up_and_not_kept(server: Serving, clips: Clips) -> None:
    before = all_files(server.tracker.data_dir)
    form = a_form(('form-data; name="file"; filename="<i>cut.mp4"', clips.copy.read_bytes()))
    found = server.ask("/api/lookup", "POST", **form).document
    expected = server.tracker.run("lookup", "--json", clips.copy).document
    subject = {**expected["subject"], "target": "<i>cut.mp4"}
    assert {**found, "elapsed_ms": {}} == {**expected, "elapsed_ms": {}, "subject": subject}
    page = server.ask("/lookup", "POST", Origin=f"http://127.0.0.1:{server.port}", **form)
    assert page.status == 200
    assert "Seen before, in 1 video" in page.text
    assert "&lt;i&gt;cut.mp4" in page.text
    assert "<i>" not in page.text
    assert all_files(server.tracker.data_dir) == before
    assert list((server.tracker.data_dir / "staging").iterdir()) == []
    assert 'enctype="multipart/form-data"' in server.ask("/").text


FILE = 'form-data; name="file"; filename="a.mp4"'


@pytest.mark.parametrize(
    ("parts", "status", "said"),
    [
        (((FILE, b"no video at all"),), 422, "a.mp4"),
        (((FILE, b""),), 422, "a.mp4"),
        ((('form-data; name="file"; filename=""', b""),), 400, "no file was sent"),
        ((('form-data; name="other"; filename="a"', b"x"),), 400, "and nothing else"),
        (((FILE, b"x"), (FILE, b"y")), 400, "and nothing else"),
        (((FILE, b"x"), ('form-data; name="more"', b"y")), 400, "and nothing else"),
        ((), 400, "form"),
        (((FILE, b"x" * 300_001),), 413, "larger than 300,000 bytes"),
        (((FILE, b"x" * 500_000),), 413, "too large"),
    ],
)
def test_what_is_no_upload_is_refused_and_leaves_nothing(
    strict: Serving, parts: tuple[tuple[str, bytes], ...], status: int, said: str
) -> None:
    answer = strict.ask("/api/lookup", "POST", **a_form(*parts))
    assert (answer.status, said in answer.text) == (status, True), answer
    assert "staging" not in answer.text
    assert list((strict.tracker.data_dir / "staging").iterdir()) == []


def test_an_upload_of_unknown_length_is_counted(strict: Serving) -> None:
    form = a_form((FILE, b"x" * 600_000))
    body = form.pop("body")
    chunks = iter([body[at : at + 50_000] for at in range(0, len(body), 50_000)])
    answer = strict.ask("/api/lookup", "POST", body=chunks, **form)
    assert answer.status == 413
    assert list((strict.tracker.data_dir / "staging").iterdir()) == []


def test_bodies_that_are_no_form_or_break_off(strict: Serving) -> None:
    plain = strict.ask("/api/lookup", "POST", body=b"x", Content_Type="text/plain")
    assert plain.status == 415
    cut = a_form((FILE, b"x" * 1000))
    cut["body"] = cut["body"][:500]
    assert strict.ask("/api/lookup", "POST", **cut).status == 400
    junk = {**cut, "body": b"junk " * 100}
    assert strict.ask("/api/lookup", "POST", **junk).status == 400
    with socket.create_connection(("127.0.0.1", strict.port)) as connection:
        head = "POST /api/lookup HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000\r\n"
        kind = f"Content-Type: {cut['Content_Type']}\r\n\r\n"
        connection.sendall((head + kind).encode() + cut["body"])
    staging = strict.tracker.data_dir / "staging"
    assert strict.ask("/health").status == 200
    for _ in range(100):
        if not list(staging.iterdir()):
            break
        time.sleep(0.1)
    assert list(staging.iterdir()) == []


def test_a_process_that_begins_takes_no_upload_for_abandoned(strict: Serving) -> None:
    staging = strict.tracker.data_dir / "staging"
    form = a_form((FILE, b"x" * 1000))
    with socket.create_connection(("127.0.0.1", strict.port)) as connection:
        head = "POST /api/lookup HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000\r\n"
        kind = f"Content-Type: {form['Content_Type']}\r\n\r\n"
        connection.sendall((head + kind).encode() + form["body"][:500])
        until = time.monotonic() + 60
        while not list(staging.glob("*/*")):
            assert time.monotonic() < until
            time.sleep(0.05)
        (received,) = staging.glob("*/*")
        with own_folder(staging):  # as the daemon does when it begins
            assert received.exists()


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Referer": "https://evil.example/page"},
    ],
)
@pytest.mark.parametrize("path", ["/lookup", "/api/lookup"])
def test_forms_of_other_sites_are_refused(
    strict: Serving, path: str, headers: dict[str, Any]
) -> None:
    form = a_form((FILE, b"x"))
    assert strict.ask(path, "POST", **form, **headers).status == 403


def test_pages_lead_from_the_search_to_the_report(server: Serving) -> None:
    index = server.ask("/")
    assert "1 clip known" in index.text
    assert "&lt;b&gt;Maksym" in index.text
    assert "<b>Maksym" not in index.text
    found = server.ask(f"/search?q={quote(POST, safe='')}")
    assert found.status == 303
    assert found.headers["location"].startswith("/clips/clip-")
    report = server.ask(found.headers["location"])
    assert report.status == 200
    assert "Earliest appearance known to this archive" in report.text
    assert "img-src data:" in report.headers["content-security-policy"]
    assert "<script" not in report.text
    assert server.ask("/style.css").headers["content-type"].startswith("text/css")
    unknown = server.ask(f"/search?q={quote('https://example.org/<i>')}")
    assert unknown.status == 404
    assert "Fetch and look up" in unknown.text
    assert "<i>" not in unknown.text
    entries = server.tracker.run("status", "--json").document["ledger_entries"]
    assert server.ask("/health").document["ledger_entries"] == entries


@pytest.mark.parametrize("page", ["0", "-1", "x", "1" * 5_000, "123456789x"])
def test_any_page_number_is_answered(server: Serving, page: str) -> None:
    """Found by fuzzing: digits without end, and what begins with nine of them."""
    assert server.ask(f"/?page={page}").status == 200


@pytest.mark.parametrize("path", ["/", "/health", "/api/clips", "/nothing", "/search?q=x"])
def test_every_answer_carries_the_policy(server: Serving, path: str) -> None:
    headers = server.ask(path).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert not any(name.startswith("access-control-") for name in headers)
    assert "server" not in headers


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:1", 200), ("localhost", 200), ("LOCALHOST:9", 200), ("[::1]:80", 200),
        ("evil.example", 421), ("127.0.0.1.evil.example", 421), ("192.0.2.7", 421), ("", 421),
        ("localhost.evil.example:80", 421), ("[", 421),
    ],
)  # fmt: skip
def test_only_this_machines_own_names_are_answered(server: Serving, host: str, status: int) -> None:
    assert server.ask("/health", Host=host).status == status


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_can_be_changed(server: Serving, method: str) -> None:
    answer = server.ask("/api/clips", method=method)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


def test_what_is_too_large_is_refused(server: Serving) -> None:
    assert server.ask("/search?q=" + "a" * 9000).status == 414
    assert server.ask("/", X_Long="a" * 40_000).status in {400, 431}
    assert server.ask("/", body=b"x").status == 413


@pytest.mark.parametrize("path", ["/api/lookup?target=", "/lookup?target="])
def test_pages_of_other_sites_get_no_look_up(server: Serving, site: WebServer, path: str) -> None:
    url = site.add("/v.mp4", b"x", content_type="video/mp4")
    asked = path + quote(url, safe="")
    assert server.ask(asked, Sec_Fetch_Site="cross-site").status == 403
    assert server.ask(asked, Referer="https://evil.example/").status == 403
    assert server.ask(asked, Origin="http://[").status == 403
    assert site.requests == []


@pytest.mark.parametrize(
    "target", ["/etc/passwd", "file:///etc/passwd", "", "x:@someone", "ftp://example.org/a", "a b"]
)
def test_files_of_this_machine_are_no_subject(server: Serving, target: str) -> None:
    asked = quote(target, safe="")
    answer = server.ask(f"/api/lookup?target={asked}")
    assert answer.status == 422
    assert "web address" in str(answer.document["error"])
    assert server.ask(f"/search?q={asked}").status == 400
    if target:
        assert server.ask(f"/api/chain/{asked}").status == 400


def test_errors_are_said_in_the_form_that_was_asked_for(server: Serving) -> None:
    unknown = server.ask("/api/chain/clip-0123456789abcdef")
    assert unknown.status == 404
    assert unknown.document["schema"] == "tracker/error/1"
    assert server.ask("/api/nothing").document["schema"] == "tracker/error/1"
    page = server.ask("/clips/clip-0123456789abcdef")
    assert (page.status, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    refused = server.ask("/api/lookup?target=http://127.0.0.1:1/x")
    assert refused.status == 502


def test_one_look_up_at_a_time(server: Serving, site: WebServer) -> None:
    slow = quote(site.add("/slow", "<p>no video", delay_s=3), safe="")
    statuses: list[int] = []
    first = threading.Thread(
        target=lambda: statuses.append(server.ask(f"/api/lookup?target={slow}").status)
    )
    first.start()
    while not site.requests:
        assert first.is_alive()
    busy = server.ask(f"/api/lookup?target={slow}")
    assert (busy.status, busy.headers["retry-after"]) == (503, "5")
    assert server.ask("/health").status == 200
    first.join()
    assert statuses != [503]


def test_it_stops_when_it_is_told_to(tracker: TrackerCommand) -> None:
    with serving(tracker) as running:
        assert json.loads(running.ask("/api/clips").text) == []
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(timeout=15) == 0


def test_it_is_not_opened_to_the_network_by_accident(tracker: TrackerCommand) -> None:
    for host in ("0.0.0.0", "::"):  # noqa: S104 - what is refused
        refused = tracker.run("serve", "--host", host, "--port", "0")
        assert refused.code == 2
        assert "--open-to-network" in refused.stderr
        assert "no log-in" in refused.stderr


def test_opened_on_purpose_it_answers_to_its_names(tracker: TrackerCommand) -> None:
    arguments = ("--host", "0.0.0.0", "--open-to-network")  # noqa: S104 - on purpose
    with serving(tracker, *arguments) as running:
        assert running.ask("/health", Host="192.0.2.7:80").status == 200
        assert running.ask("/health", Host="evil.example").status == 421


def test_a_port_that_is_taken(tracker: TrackerCommand) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        outcome = tracker.run("serve", "--port", str(taken.getsockname()[1]))
    assert outcome.code == 3
    assert "cannot serve on 127.0.0.1" in outcome.stderr
    assert "Traceback" not in outcome.stderr
