from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.errors import NetworkError
from tracker.net.http_body import decoded_chunks
from tracker.net.http_headers import decode_text, named_wait, retry_at

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


@given(st.binary(max_size=5000), st.integers(1, 700), st.sampled_from(["gzip", "zlib", "raw", ""]))
def test_packed_bodies_come_out_as_they_went_in(data: bytes, step: int, how: str) -> None:
    packers: dict[str, Callable[[bytes], bytes]] = {
        "gzip": gzip.compress,
        "zlib": zlib.compress,
        "raw": raw_deflate,
        "": bytes,
    }
    name = {"gzip": "gzip", "zlib": "deflate", "raw": "deflate", "": ""}[how]
    packed = packers[how](data)
    pieces = [packed[start : start + step] for start in range(0, len(packed), step)]
    assert b"".join(decoded_chunks(pieces, name)) == data


def test_an_archive_bomb_comes_out_in_small_pieces() -> None:
    bomb = gzip.compress(b"\0" * 30_000_000)
    first = next(iter(decoded_chunks([bomb], "gzip")))
    assert len(first) <= 256 * 1024


@pytest.mark.parametrize(
    ("pieces", "encoding"),
    [
        ([gzip.compress(b"a" * 9999)[:-12]], "gzip"),
        ([b"this is not packed"], "gzip"),
        ([b"x"], "br"),
    ],
)
def test_damaged_or_unknown_packing_is_a_network_error(pieces: list[bytes], encoding: str) -> None:
    with pytest.raises(NetworkError):
        list(decoded_chunks(pieces, encoding))


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ("grün".encode(), "text/html", "grün"),
        ("grün".encode("latin-1"), "text/html; charset=ISO-8859-1", "grün"),
        ("“x”".encode("cp1252"), "text/html; charset=latin1", "“x”"),
        (
            b'<meta charset="windows-1251">' + "да".encode("cp1251"),
            None,
            '<meta charset="windows-1251">да',
        ),
        ("\ufeffa".encode("utf-16"), "text/html; charset=utf-8", "\ufeffa"),
        ("a".encode("utf-16-le"), "text/plain; charset=utf-16le", "a"),
        (
            b'<?xml version="1.0" encoding="koi8-r"?>',
            None,
            '<?xml version="1.0" encoding="koi8-r"?>',
        ),
        (b"a\xff", "text/html; charset=no-such-thing", "a�"),
        (b"a\xff", "text/html; charset=punycode", "a�"),
        (b"YQ==", "text/html; charset=base64", "YQ=="),
    ],
)
def test_text_is_read_by_its_charset(body: bytes, content_type: str | None, text: str) -> None:
    assert decode_text(body, content_type) == text


@given(st.binary(max_size=300), st.text(max_size=40))
def test_any_bytes_and_any_charset_give_text(body: bytes, charset: str) -> None:
    assert isinstance(decode_text(body, f"text/html; charset={charset}"), str)


@pytest.mark.parametrize(
    ("value", "at"),
    [
        (None, None),
        ("120", NOW + timedelta(seconds=120)),
        ("Fri, 02 Jan 2026 03:05:05 GMT", NOW + timedelta(minutes=1)),
        ("Fri, 02 Jan 2025 03:05:05 GMT", NOW),
        ("9" * 400, NOW + timedelta(days=30)),
        ("soon", None),
        ("-5", None),
        ("²", None),
    ],
)
def test_retry_after(value: str | None, at: datetime | None) -> None:
    assert retry_at(value, NOW) == at


@pytest.mark.parametrize(
    "headers",
    [
        {"retry-after": "Fri, 31 Dec 9999 23:00:00 -1400"},
        {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "0001-01-01T00:00:00+14:00"},
        {"ratelimit-remaining": "0", "ratelimit-reset": "99999999999"},
        {"x-rate-limit-remaining": "0", "x-rate-limit-reset": "soon"},
        {"ratelimit": "r=0;t=" + "9" * 400},
    ],
)
def test_a_wait_that_cannot_be_meant_names_no_time(headers: dict[str, str]) -> None:
    assert named_wait(headers, NOW)[0] is None


@given(st.dictionaries(st.sampled_from(["retry-after", "ratelimit", "ratelimit-reset"]), st.text()))
def test_no_header_breaks_the_reading_of_waits(headers: dict[str, str]) -> None:
    at, _ = named_wait(headers, NOW)
    assert at is None or NOW <= at <= NOW + timedelta(days=30)
