"""Bodies of HTTP answers, unpacked in small pieces so that no archive bomb can grow."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from tracker.errors import NetworkError

_PIECE_BYTES = 256 * 1024
_EMPTY_BYTES = 1024 * 1024
_GZIP_BITS = 16 + zlib.MAX_WBITS


def decoded_chunks(raw: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Yield the body behind ``Content-Encoding`` in pieces of at most 256 KiB (or as received).

    Knows gzip and deflate, the only ones the client asks for. Raises ``NetworkError`` for any
    other, for damaged data and for data that breaks off. Source: RFC 9110 §8.4.1.
    """
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        yield from raw
    elif name in {"gzip", "x-gzip", "deflate"}:
        yield from _inflated(raw, name)
    else:
        raise NetworkError(f"the answer is packed in a way nobody asked for: {name[:40]}")


def _inflated(raw: Iterable[bytes], name: str) -> Iterator[bytes]:
    unpacker = None
    taken = given = 0
    for chunk in raw:
        if unpacker is None and chunk:
            unpacker = zlib.decompressobj(_window_bits(name, chunk))
        if unpacker is None:
            continue
        taken += len(chunk)
        for piece in _pieces(unpacker, chunk):
            given += len(piece)
            yield piece
        if unpacker.eof:  # what follows is no part of the answer, and may have no end
            break
        if taken > 2 * given + _EMPTY_BYTES:
            raise NetworkError("the packed answer goes on and holds nothing")
    if unpacker is not None and not unpacker.eof:
        raise NetworkError("the packed answer breaks off")


def _window_bits(name: str, first: bytes) -> int:
    """Servers send "deflate" with and without the zlib header (0x78)."""
    if name != "deflate":
        return _GZIP_BITS
    return zlib.MAX_WBITS if first[0] & 0x0F == 8 else -zlib.MAX_WBITS


def _pieces(unpacker: zlib._Decompress, chunk: bytes) -> Iterator[bytes]:
    data = chunk
    while data and not unpacker.eof:
        try:
            piece = unpacker.decompress(data, _PIECE_BYTES)
        except zlib.error as exc:
            raise NetworkError("the packed answer is damaged") from exc
        if piece:
            yield piece
        data = unpacker.unconsumed_tail
