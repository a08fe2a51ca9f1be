"""Secrets are planted wherever there can be one, then everything written is searched for them."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.callback_server import Call, Route, WebServer, file, page, serving
from tests.support.footage import make_footage
from tests.support.tracker_cli import TrackerCommand
from tracker.cli.main import run_command
from tracker.errors import TrackerError

CANARIES = {
    "bearer token": "AAAAAAAAAcanaryTOKEN7f3",
    "cookie": "canaryCOOKIE5d1",
    "database password": "canaryDBWORD9a2",
    "proxy password": "canaryPROXY4c8",
    "set-cookie": "canarySETCOOKIE6b0",
    "user name in an address": "canaryUSER2e4",
    "password in an address": "canaryWORD8f6",
    "netrc": "canaryNETRC1d9",
}
COOKIES = "# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t0\tsession\t{}\n"


def spellings(secret: str) -> set[bytes]:
    """Return the ways a secret may be written down."""
    plain = secret.encode()
    packed = [base64.b64encode(bytes(pad) + plain)[(pad * 4 + 2) // 3 + 1 : -4] for pad in range(3)]
    return {plain, quote(secret, safe="").encode(), plain.hex().encode(), plain[::-1], *packed}


@dataclass
class Watcher:
    """Sees the command lines of all processes, and what children are given as environment."""

    lines: set[bytes] = field(default_factory=set)
    child_environments: set[bytes] = field(default_factory=set)
    stopping: threading.Event = field(default_factory=threading.Event)

    def look(self) -> None:
        while not self.stopping.is_set():
            for process in Path("/proc").glob("[0-9]*"):
                self._note(process)
            time.sleep(0.1)

    def _note(self, process: Path) -> None:
        try:
            line = (process / "cmdline").read_bytes()
            if b"tracker.net.ytdlp_child" in line:
                self.child_environments.add((process / "environ").read_bytes())
        except OSError:
            return
        self.lines.add(line)


@pytest.fixture
def watcher() -> Iterator[Watcher]:
    made = Watcher()
    thread = threading.Thread(target=made.look)
    thread.start()
    yield made
    made.stopping.set()
    thread.join()


def _article(server: WebServer, path: str, body: str) -> None:
    text = f"<title>{path}</title><article><p>{'Something was seen there. ' * 20}</p>{body}"

    def answer(call: Call) -> None:
        secret = CANARIES["set-cookie"]
        call.reply(text.encode(), headers={"Set-Cookie": f"session={secret}; Path=/"})

    server.routes[path] = answer


def _echo(status: int) -> Route:
    """Answers with every header it was sent: some error pages do, and some interfaces."""

    def answer(call: Call) -> None:
        sent = {"authorization": "none", **{n.lower(): v for n, v in call.headers.items()}}
        said = ", ".join(f"{name}: {sent[name]}" for name in sorted(sent))
        document = {"title": said, "detail": said, "errors": [{"message": said}]}
        call.reply(json.dumps(document).encode(), "application/json", status=status)

    return answer


def _secret_environment(folder: Path, api_url: str) -> dict[str, str]:
    (folder / "token").write_text(CANARIES["bearer token"])
    (folder / "cookies.txt").write_text(COOKIES.format(CANARIES["cookie"]))
    (folder / "netrc").write_text(f"machine 127.0.0.1 login a password {CANARIES['netrc']}")
    proxy = f"http://user:{CANARIES['proxy password']}@127.0.0.1:9"
    return {
        "TRACKER_X__BEARER_TOKEN_FILE": str(folder / "token"),
        "TRACKER_X__API_URL": api_url,
        "TRACKER_YTDLP__COOKIE_FILE": str(folder / "cookies.txt"),
        "TRACKER_LOG__LEVEL": "debug",
        "HTTP_PROXY": proxy,
        "HTTPS_PROXY": proxy,
        "NETRC": str(folder / "netrc"),
    }


def found_in(places: dict[str, bytes]) -> list[tuple[str, str]]:
    """Return every secret found, and where."""
    return [
        (name, place)
        for name, secret in CANARIES.items()
        for place, content in places.items()
        if any(spelling in content for spelling in spellings(secret))
    ]


def test_the_search_finds_a_secret_in_every_spelling() -> None:
    secret = CANARIES["cookie"].encode()
    for hidden in (secret, base64.b64encode(b"user:" + secret + b"!"), secret.hex().encode()):
        assert found_in({"here": b"before " + hidden + b" after"}) == [("cookie", "here")]


def said_by(
    arguments: Sequence[str | Path], capfd: pytest.CaptureFixture[str]
) -> tuple[int, bytes]:
    """Run a command in this process; return its code and all it said, a traceback included."""
    capfd.readouterr()
    try:
        code, trace = run_command([str(argument) for argument in arguments]), ""
    except TrackerError as exc:  # with --debug
        code, trace = exc.exit_code, "".join(traceback.format_exception(exc))
    said = capfd.readouterr()
    return code, (trace + said.out + said.err).encode()


def _site(site: WebServer, clip: Path, named: str) -> list[str]:
    """Publish what a hostile site may show; return the addresses to read."""
    site.routes["/clip.mp4"] = file(clip.read_bytes(), "video/mp4")
    site.routes["/player"] = page("<title>p</title><div data-src='/clip.mp4'></div>")
    for status in (401, 403, 500):
        site.routes[f"/{status}"] = _echo(status)
    links = "".join(f'<a href="{named}/{path}">x</a>' for path in ("clip.mp4", "story"))
    _article(site, "/story", f"<video src='/clip.mp4'></video>{links}")
    return [site.url(path) for path in ("/story", "/player", "/401", "/403", "/500")]


def test_no_secret_is_written_anywhere(
    tracker: TrackerCommand,
    tmp_path: Path,
    watcher: Watcher,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    make_footage(tmp_path / "clip.mp4", seconds=4, seed=8)
    (tmp_path / "secrets").mkdir()
    user, word = CANARIES["user name in an address"], CANARIES["password in an address"]
    with serving() as x, serving() as site:
        named = site.url("").replace("http://", f"http://{user}:{word}@")
        pages = _site(site, tmp_path / "clip.mp4", named)
        environment = _secret_environment(tmp_path / "secrets", x.url("").rstrip("/"))
        x.fallback = _echo(401)
        targets = [*pages, "http://nobody.invalid/a", "https://x.com/bob/status/20"]
        first = tracker.run("add", *targets, "--debug", **environment)
        for name, value in tracker.environment(**environment).items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tracker.home)
        said = {"add": (first.stdout + first.stderr).encode()}
        for status, form in ((403, "text"), (200, "json"), (500, "json")):
            x.fallback = _echo(status)
            monkeypatch.setenv("TRACKER_LOG__FORMAT", form)
            post = f"https://x.com/bob/status/{status}"
            said[f"{status} {form}"] = said_by(("add", post, "--debug"), capfd)[1]
        x.fallback = _echo(401)
        said_by(("watch", "add", "x:@bob"), capfd)
        codes = {}
        for line in LINES + tuple(_report(pages[0], form) for form in FORMS):
            codes[line], said[" ".join(line)] = said_by(line, capfd)
        typed = {
            " ".join(line[:2]): said_by(line, capfd)[1]
            for line in (
                ("add", f"{named}/clip.mp4", "--json"),
                ("lookup", f"{named}/clip.mp4", "--debug"),
                ("watch", "add", f"{named}/feed"),
            )
        }
    assert any(CANARIES["cookie"] in seen[2].get("cookie", "") for seen in site.seen)
    assert any(CANARIES["bearer token"] in seen[2].get("authorization", "") for seen in x.seen)
    assert [line for line, code in codes.items() if code and line[0] == "report"] == []
    assert watcher.child_environments
    written = {str(p): p.read_bytes() for p in tracker.home.rglob("*") if p.is_file()}
    assert len(written) > 10
    elsewhere = {
        "command lines": b"\n".join(watcher.lines),
        "yt-dlp's environment": b"\n".join(watcher.child_environments),
    }
    leaks = found_in(said | written | elsewhere)
    assert [leak for leak in leaks if not _is_the_page(*leak, written)] == []
    assert found_in(typed) == []  # what a person typed is not repeated to him


LINES = (("run", "--once"), ("doctor",), ("status", "--json"), ("hosts",))
FORMS = ("html", "json", "csv", "prov", "bundle")


def _report(subject: str, form: str) -> tuple[str, ...]:
    return ("report", subject, "--format", form, "-o", f"case.{form}")


def _is_the_page(name: str, place: str, written: dict[str, bytes]) -> bool:
    """The raw page is evidence and stays what it was, also where it links with a password."""
    return "in an address" in name and written.get(place, b"").startswith(b"<title>/story")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://user:{}@127.0.0.1:1/archive",
        "postgresql://user:{}@127.0.0.1:1/archive",
        "postgresql+psycopg://user@127.0.0.1:1/archive?password={}",
        "mysql://user:{}@127.0.0.1:1/archive",
        "nonsense://user:{}@[",
        "{}",
    ],
)
def test_a_bad_database_address_does_not_tell_its_password(
    url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("TRACKER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("TRACKER_DATABASE__URL", url.format(CANARIES["database password"]))
    lines: list[tuple[str, ...]] = [("status",), ("status", "--debug"), ("run", "--once")]
    for line in [*lines, ("doctor", "--json")]:
        code, said = said_by(line, capfd)
        assert code != 0 or line[0] == "doctor"
        assert found_in({" ".join(line): said}) == []
    written = {str(p): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert found_in(written) == []


def test_a_crash_leaves_no_dump_with_secrets_in_it() -> None:
    code = (
        "import resource, sys\nfrom tracker.__main__ import run\n"
        "hard = resource.getrlimit(resource.RLIMIT_CORE)[1]\n"
        "resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))\n"
        "sys.argv = ['tracker', '--version']\n"
        "try:\n    run()\nexcept SystemExit:\n"
        "    print(resource.getrlimit(resource.RLIMIT_CORE))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.splitlines()[-1] == b"(0, 0)"
