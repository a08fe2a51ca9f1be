"""Answers that break or abuse HTTP, for whichever door asks: each is a route of ``WebServer``."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Mapping

from tests.support.callback_server import Call, Route, redirect

_PIECE = b"x" * 50_000


def _started(call: Call, **headers: str) -> None:
    call.send_response(200)
    for name, value in {"Content-Type": "application/json", **headers}.items():
        call.send_header(name.replace("_", "-"), value)
    call.end_headers()


def _endless(call: Call) -> None:
    _started(call)
    call.server.drip(call, _PIECE, 0)


def _drip(call: Call) -> None:
    _started(call)
    call.server.drip(call, b"x", 0.1)


def _drip_of_headers(call: Call) -> None:
    call.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    call.server.drip(call, b"x", 0.1)


def _flood_of_headers(call: Call) -> None:
    call.wfile.write(b"HTTP/1.1 200 OK\r\n")
    call.server.drip(call, b"X-Flood: " + b"y" * 1000 + b"\r\n", 0)


def _endless_header(call: Call) -> None:
    call.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    call.server.drip(call, _PIECE, 0)


def _endless_interim(call: Call) -> None:
    call.server.drip(call, b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", 0)


def _endless_chunk_extension(call: Call) -> None:
    _started(call, Transfer_Encoding="chunked")
    call.wfile.write(b"5;a=")
    call.server.drip(call, _PIECE, 0)


def _endless_trailers(call: Call) -> None:
    _started(call, Transfer_Encoding="chunked")
    call.wfile.write(b"2\r\n{}\r\n0\r\n")
    call.server.drip(call, b"X-Trailer: " + b"y" * 1000 + b"\r\n", 0)


def _packed(packer: zlib._Compress, encoding: str) -> Route:
    """Zeros without end, packed a thousandfold."""

    def route(call: Call) -> None:
        _started(call, Content_Encoding=encoding)
        zeros = packer.copy().compress(bytes(50_000_000))
        call.server.drip(call, zeros, 0)

    return route


def _packed_nothing(call: Call) -> None:
    """A packed stream of empty blocks: it goes on for ever and holds nothing."""
    _started(call, Content_Encoding="deflate")
    call.server.drip(call, b"\x00\x00\x00\xff\xff" * 10_000, 0)


def _more_after_the_end(call: Call) -> None:
    _started(call, Content_Encoding="gzip")
    call.wfile.write(gzip.compress(b"{}" * 100))
    call.server.drip(call, _PIECE, 0)


def _body(body: bytes, **headers: str) -> Route:
    def route(call: Call) -> None:
        _started(call, **headers)
        call.wfile.write(body)
        call.close_connection = True

    return route


def _raw(head: bytes) -> Route:
    def route(call: Call) -> None:
        call.wfile.write(head)
        call.close_connection = True

    return route


_TWICE = gzip.compress(gzip.compress(bytes(5_000_000)))
HOSTILE: Mapping[str, Route] = {
    "endless body": _endless,
    "body drop by drop": _drip,
    "headers drop by drop": _drip_of_headers,
    "flood of headers": _flood_of_headers,
    "one endless header": _endless_header,
    "endless interim answers": _endless_interim,
    "endless chunk extension": _endless_chunk_extension,
    "endless trailers": _endless_trailers,
    "gzip bomb": _packed(zlib.compressobj(9, wbits=31), "gzip"),
    "deflate bomb": _packed(zlib.compressobj(9), "deflate"),
    "packed nothing": _packed_nothing,
    "packed twice": _body(_TWICE, Content_Encoding="gzip, gzip"),
    "brotli": _body(b"\x5b\xff\xff" * 1000, Content_Encoding="br"),
    "zstd": _body(b"\x28\xb5\x2f\xfd" * 1000, Content_Encoding="zstd"),
    "damaged gzip": _body(gzip.compress(b"{}" * 999)[:-9] + b"z" * 9, Content_Encoding="gzip"),
    "shorter than said": _body(b"{}", Content_Length="1000"),
    "length below zero": _body(b"{}", Content_Length="-5"),
    "two lengths": _raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 90\r\n\r\n{}"),
    "length of a hundred digits": _body(b"{}", Content_Length="9" * 100),
    "chunk of impossible size": _raw(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}"
    ),
    "no HTTP": _raw(b"this is no HTTP\r\n\r\n"),
    "status of no number": _raw(b"HTTP/1.1 abc OK\r\n\r\n"),
    "nothing at all": _raw(b""),
    "redirect in circles": redirect("/hostile"),
}
"""Every one of these must end as one error of ours, soon, in bounded memory."""

ENDLESS_BUT_WHOLE: Mapping[str, Route] = {"more after the end": _more_after_the_end}
"""Whole answers with something behind them that has no end: they are read, and no more."""
