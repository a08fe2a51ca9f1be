"""Parsers of short texts: addresses, ids, dates, settings, headers, web queries, shown text."""

from __future__ import annotations

import asyncio
import os
import tempfile
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path
from urllib.parse import quote

from hypothesis import strategies as st
from starlette.types import ASGIApp, Message, Scope

from benchmarks.reliability.mutations import PIECES, bodies, texts
from benchmarks.reliability.parsers.parser import NOW, Parser, check_text, repeated, repeated_bytes
from tracker.app import open_app
from tracker.config import Settings, load_settings
from tracker.errors import TrackerError
from tracker.model.time_claim import ClaimKind, ForgeableBy
from tracker.net.http_body import decoded_chunks
from tracker.net.http_headers import decode_text, retry_at
from tracker.net.urls import canonical_url, parse_address
from tracker.reports.plain_text import clean_block, clean_line, file_name, web_link
from tracker.sources import clean
from tracker.sources.leads.days import resolve_day
from tracker.sources.paging import position_from
from tracker.sources.ytdlp_listing import position_from as listing_position_from
from tracker.timestamps.claims import parse_datetime_claim
from tracker.timestamps.decode import readings
from tracker.web.application import application
from tracker.web.guard import AllowedHosts

ADDRESSES = (
    "https://twitter.com/BBC/status/1098230906194546688?s=20&t=abc#m",
    "https://l.facebook.com/l.php?u=https%3A%2F%2Fx.com%2FBBC%2Fstatus%2F1098230906194546688&h=AT0",
    "https://www.google.com/url?sa=t&url=https%3A%2F%2Fvk.com%2Faway.php%3Fto%3Dhttps%253A%252F%252Fa.b",
    "https://user:pass@www.youtube.com:443/shorts/dQw4w9WgXcQ?feature=share&utm_source=x",
    "https://www.instagram.com/reel/DW1nTDiDvnF/?igsh=a",
    "https://vm.tiktok.com/ZMabc/",
    "https://mastodon.example/@ann@other.example/108779000807761862",
    "https://t.me/s/abcde/55?single",
    "at://did:plc:abc234/app.bsky.feed.post/3lbd2ebt3wk2r",
    "x:@bbc",
    "x:search:a b since:2024-01-01",
    "https://bsky.app/profile/alice.test/post/3lbd2ebt3wk2r",
    "http://[::ffff:127.0.0.1]:80/a/../b/%2e%2e/",
    "https://xn--bcher-kva.example/ä?ü=ß",
    "http://0x7f.1/",
    "https://fb.watch/abc/",
    "//a.b/c",
    "https://web.archive.org/web/20240101000000/https://x.com/a/status/21",
    "https://a.b/%zz?%",
)
IDS = (
    *("1098230906194546688", "6854717870488702213", "108779000807761862", "3lbd2ebt3wk2r"),
    *("DW1nTDiDvnF", "507f1f77bcf86cd799439011", "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"),
    *("01ARZ3NDEKTSV4RRFFQ69G5FAV", "0ujtsYcgvSTl8PAuAdqWYSMnLOv", "dQw4w9WgXcQ", "4711", "-9"),
)
DATES = (
    *(
        "2024-05-01T10:00:00+02:00",
        "20240131T120000Z",
        "2024-02-29",
        "2024-05-01 10:00:00.123456789Z",
    ),
    *("Wed, 01 May 2024 10:00:00 +0200", "Sunday, 06-Nov-94 08:49:37 GMT", "1 May 24 10:00 EST"),
    *("2016-12-31T23:59:60Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "120", "0"),
)
CONFIG = """data_dir = "/tmp/x"
[network]
allow_private = false
allowed_networks = ["192.0.2.0/24"]
connect_to = {"www.example.org" = "10.0.0.5:8443"}
max_redirects = 10
[database]
url = "postgresql://user:hunter2@host/db"
[x]
bearer_token = "hunter2"
[timestamps]
authorities = [{ url = "https://tsa.example/tsr", ca_file = "/etc/ca.pem" }]
[[watches]]
target = "https://example.org/feed.xml"
interval_s = 900
back_to = 2026-01-01
"""
SECRET = "hunter2"  # noqa: S105 - a canary, no secret
SHOWN = (
    *(
        "Plain words",
        "a\x1b[31m\nb\u202e",
        "\x1b]8;;http://evil.example\x07x\x1b]8;;\x07",
        "=1+1",
        "@x",
    ),
    *(
        "e" + "\u0301" * 50,
        "👩‍👩‍👧‍👦" * 5,
        "قناة الأخبار\u2067abc\u2069",
        "<script>alert(1)</script>",
    ),
    *("/home/ann/Фильм.mp4", "C:\\a\\b.mp4", "..\\..\\x", "https://a.b/\u202ec"),
)
QUERIES = (
    *(
        "/",
        "/search?q=https%3A%2F%2Fx.com%2Fa%2Fstatus%2F21",
        "/clips/c_0123456789abcdef",
        "/?page=2",
    ),
    *("/api/chain/" + "a" * 64, "/api/chain/https://x.com/a/status/21", "/api/clips", "/health"),
    *(
        "/lookup?target=notes",
        "/api/lookup",
        "/style.css",
        "/api/lookup?target=",
        "/%2e%2e/etc/passwd",
    ),
)
HEADERS = (
    "text/html; charset=utf-8",
    'text/html;charset="ISO-8859-1"',
    "a/b; charset=utf-7",
    "application/xml; charset=x-user-defined",
    "text/html; charset='big5-hkscs'",
    "gzip",
)


def _url(text: str) -> None:
    try:
        key = canonical_url(text)
    except TrackerError:
        assert parse_of(text) is None
        return
    assert canonical_url(key) == key
    check_text(key, 40 * len(text) + 400)
    address = parse_address(text)
    check_text(address.account, 40 * len(text) + 400)
    assert address.key == key


def parse_of(text: str) -> object | None:
    """Return what the address parser makes of ``text``, ``None`` where it refuses it."""
    try:
        return parse_address(text)
    except TrackerError:
        return None


def _found_urls(text: str) -> None:
    clean.urls_in_text(text)
    for base in ("", "https://a.example/b/", "file:///tmp/a.html"):
        found = clean.web_url(text, base)
        check_text(found, clean.MAX_URL_CHARS)
    clean.address_of(text)


def _id(text: str) -> None:
    for reading in readings(text, now=NOW):
        earliest = reading.interval.earliest_at
        assert earliest is None or earliest <= NOW


def _date(text: str) -> None:
    claim = parse_datetime_claim(text, ClaimKind.FEED, ForgeableBy.PLATFORM, "test")
    if claim is not None:
        first, last = claim.interval.earliest_at, claim.interval.latest_at
        assert first is not None
        assert last is not None
        assert 1989 <= first.year <= last.year <= 2100
    at = retry_at(text, NOW)
    assert at is None or at.tzinfo is not None
    resolve_day(text.split()[:50], NOW.date())
    position_from(text)
    listing_position_from(text)


@cache
def _config_path() -> Path:
    return Path(tempfile.mkdtemp(prefix="tracker-fuzz-config-")) / "tracker.toml"


def _config(body: bytes) -> None:
    path = _config_path()
    path.write_bytes(body)
    try:
        load_settings(path)
    except TrackerError as exc:
        assert "\n" not in str(exc), "more than one line"
        assert SECRET not in str(exc), "a secret is quoted"


def _environment(value: str) -> None:
    if "\x00" in value:
        return
    for name in ("NETWORK", "WATCHES", "DATABASE__URL", "JOBS__WORKERS", "X__BEARER_TOKEN"):
        variable = f"TRACKER_{name}"
        try:
            os.environ[variable] = value
        except UnicodeEncodeError:
            continue
        try:
            load_settings()
        except TrackerError as exc:
            assert "\n" not in str(exc), "more than one line"
        finally:
            del os.environ[variable]


def _cleaned(text: str) -> None:
    for read in (clean.clean_line, clean.clean_text, clean.clean_account):
        check_text(read(text), clean.MAX_TEXT_CHARS)
    for limit in (1, 60, 600):
        check_text(clean_line(text, limit), limit)
        check_text(clean_block(text, limit), limit)
        assert "\n" not in clean_line(text, limit)
    check_text(file_name(text), 120)
    assert "/" not in file_name(text)
    web_link(text)


def _header(body: bytes) -> None:
    head, _, rest = body.partition(b"\n")
    kind = head.decode("latin-1")
    decode_text(rest, kind)
    for encoding in ("gzip", "deflate", kind):
        with suppress(TrackerError):
            taken = 0
            for piece in decoded_chunks([rest], encoding):
                taken += len(piece)
                assert len(piece) <= max(256 * 1024, len(rest))
                if taken > 4_000_000:
                    break


_OPENED = ExitStack()


@cache
def _application() -> ASGIApp:
    folder = Path(tempfile.mkdtemp(prefix="tracker-fuzz-web-"))
    app = _OPENED.enter_context(open_app(Settings(data_dir=folder / "archive")))
    return application(app, AllowedHosts())


def _web(text: str) -> None:
    path, _, query = text.partition("?")
    encoded = path.encode("utf-8", "surrogatepass")
    scope: Scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": encoded.decode("utf-8", "replace"),
        "root_path": "",
        "raw_path": quote(encoded).encode(),
        "server": ("127.0.0.1", 8321),
        "client": ("::1", 9),
        "query_string": query.encode("latin-1", "replace"),
        "headers": [
            (b"host", b"127.0.0.1"),
            (b"origin", b"http://" + query.encode("latin-1", "replace")[:200]),
            (b"accept", encoded[:200]),
        ],
    }
    status, body = asyncio.run(_asked(scope))
    assert status < 500 or status in {502, 503}, f"answered {status}"
    assert b"Traceback" not in body


async def _asked(scope: Scope) -> tuple[int, bytes]:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await _application()(scope, receive, send)
    body = b"".join(message.get("body", b"") for message in sent)
    return int(sent[0]["status"]), body


def name_parsers() -> tuple[Parser, ...]:
    """Return the parsers of short texts."""
    urls = texts(ADDRESSES, (*PIECES, *ADDRESSES))
    zipped = tuple(kind.encode() + b"\n" + body for kind in HEADERS for body in _PACKED)
    return (
        Parser(
            "address",
            urls,
            _url,
            grow=lambda p, n: "https://a.example/" + repeated(p, n),
            pieces=(*PIECES, "a/", "../", "%2e/", "?a=b&", "&utm_source=a", "https%3A%2F%2F"),
        ),
        Parser(
            "addresses in a text",
            urls,
            _found_urls,
            grow=repeated,
            pieces=(*PIECES, *ADDRESSES, "https://a.b", "http://a)", "https://a.b)))", "(https://"),
        ),
        Parser("id to time", texts((*IDS, *DATES)), _id),
        Parser("date", texts(DATES), _date, grow=repeated, pieces=("1", "1 ", "Mon ", "0" * 9)),
        Parser(
            "config file",
            bodies((CONFIG.encode(),)),
            _config,  # not grown: its owner wrote it, and tomllib is slow with endless dotted keys
        ),
        Parser(
            "environment", texts(('{"allow_private": true}', "[]", "4", *ADDRESSES)), _environment
        ),
        Parser(
            "text to show",
            texts(SHOWN),
            _cleaned,
            grow=repeated,
            pieces=(
                *PIECES,
                *SHOWN,
                "\x1b",
                "\x1b[",
                "\x1b]",
                "\x9b",
                "\n \n",
                "\u0301",
                "a\u0301",
            ),
        ),
        Parser(
            "HTTP body and charset",
            bodies(zipped),
            _header,
            grow=_grown_header,
            pieces=("<meta charset=", "charset=", "a", "\x00", "<?xml encoding="),
        ),
        Parser(
            "web query",
            st.one_of(texts(QUERIES), texts(ADDRESSES).map("/search?q={}".format)),
            _web,
        ),
    )


_PACKED = (
    b"",
    b"<meta charset=utf-8><p>a",
    bytes.fromhex("1f8b0800000000000203cb48cdc9c90700 86a6103605000000".replace(" ", "")),
    bytes.fromhex("789ccb48cdc9c907000 62c0215".replace(" ", "")),
)


def _grown_header(piece: str, size: int) -> bytes:
    return b"text/html\n" + repeated_bytes(piece, size)
