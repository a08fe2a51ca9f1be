"""What may become of a media file on its way: bits, lengths, boxes, elements and packets.

Every edit takes the bytes, a random source and other files, and returns other bytes. Those that
know a container (MP4 boxes, EBML elements, transport packets) leave a file that still looks like
one, so that a parser goes further into it than it does into noise.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Edit = Callable[[bytes, random.Random, Sequence[bytes]], bytes]

EXTREMES = (0, 1, 2, 7, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
MAX_FILE_BYTES = 8_000_000
TS_PACKET = 188


@dataclass(frozen=True, slots=True)
class Box:
    """One box of an ISO media file: ``[start, end)`` with its eight bytes of head."""

    start: int
    end: int
    kind: bytes


_PARENTS = frozenset(
    {
        b"moov",
        b"trak",
        b"mdia",
        b"minf",
        b"stbl",
        b"edts",
        b"dinf",
        b"udta",
        b"moof",
        b"traf",
        b"mvex",
    }
)
_KINDS = (
    *(b"moov", b"trak", b"mdia", b"stbl", b"stsd", b"stts", b"ctts", b"stsc", b"stsz", b"stco"),
    *(b"co64", b"elst", b"mdat", b"free", b"uuid", b"moof", b"tfhd", b"trun", b"meta", b"dref"),
)  # fmt: skip


def boxes(data: bytes, start: int = 0, end: int | None = None, depth: int = 0) -> list[Box]:
    """Return the boxes of a file, those inside others included, at most a few thousand."""
    end = len(data) if end is None else end
    found: list[Box] = []
    while start + 8 <= end and len(found) < 4000:
        size, kind = struct.unpack_from(">I4s", data, start)
        size = end - start if size == 0 else size
        if size < 8 or start + size > end:
            break
        found.append(Box(start, start + size, kind))
        if kind in _PARENTS and depth < 8:
            found.extend(boxes(data, start + 8, start + size, depth + 1))
        start += size
    return found


def flip_bits(data: bytes, rng: random.Random, _others: Sequence[bytes]) -> bytes:
    """Flip one to two hundred bits, often near the head or the index."""
    changed = bytearray(data)
    first, last = _stretch(data, rng)
    for _ in range(rng.choice((1, 1, 2, 5, 20, 200))):
        changed[rng.randrange(first, last)] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _stretch(data: bytes, rng: random.Random) -> tuple[int, int]:
    index = next((box for box in boxes(data) if box.kind == b"moov"), None)
    choices = [(0, len(data)), (0, min(len(data), 4096))]
    if index is not None:
        choices += [(index.start, index.end)] * 2
    return rng.choice(choices)


def cut(data: bytes, rng: random.Random, _others: Sequence[bytes]) -> bytes:
    """Cut the file off, at its end or its beginning."""
    at = rng.randrange(1, len(data))
    return rng.choice((data[:at], data[:at], data[at:], data[:at] + bytes(len(data) - at)))


def splice(data: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    """Go on with the bytes of another file, or put a piece of it inside."""
    other = rng.choice(others)
    at, there = rng.randrange(len(data)), rng.randrange(len(other))
    piece = other[there : there + rng.choice((16, 188, 1024, 65536))]
    return rng.choice((data[:at] + other[there:], data[:at] + piece + data[at:]))


def repeat(data: bytes, rng: random.Random, _others: Sequence[bytes]) -> bytes:
    """Repeat a stretch of bytes, or blank it."""
    at = rng.randrange(len(data))
    piece = data[at : at + rng.choice((4, 64, 1024, 16384))]
    times = rng.choice((2, 10, 200))
    blank = bytes(len(piece))
    return rng.choice(
        (data[:at] + piece * times + data[at:], data[:at] + blank + data[at + len(piece) :])
    )


def box_size(data: bytes, rng: random.Random, _others: Sequence[bytes]) -> bytes:
    """Let a box say another size or be of another kind."""
    found = boxes(data)
    if not found:
        return flip_bits(data, rng, ())
    box, changed = rng.choice(found), bytearray(data)
    if rng.random() < 0.6:
        near = (box.end - box.start + rng.choice((-8, -1, 1, 8, 100))) & 0xFFFFFFFF
        struct.pack_into(">I", changed, box.start, rng.choice((*EXTREMES, 8, near, near)))
    else:
        changed[box.start + 4 : box.start + 8] = rng.choice(_KINDS)
    return bytes(changed)


def box_field(data: bytes, rng: random.Random, _others: Sequence[bytes]) -> bytes:
    """Put extremes into numbers of a box: counts, durations, sizes, offsets, scales."""
    leaves = [box for box in boxes(data) if box.kind not in _PARENTS and box.kind != b"mdat"]
    if not leaves:
        return flip_bits(data, rng, ())
    box, changed = rng.choice(leaves), bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 6))):
        at = box.start + 8 + 4 * rng.randrange(max(1, min(24, (box.end - box.start - 8) // 4)))
        if at + 4 <= box.end:
            struct.pack_into(">I", changed, at, rng.choice((*EXTREMES, rng.getrandbits(32))))
    return bytes(changed)


def box_order(data: bytes, rng: random.Random, _others: Sequence[bytes]) -> bytes:
    """Repeat a box, take it out, or swap it with another; the boxes around keep their sizes."""
    found = [box for box in boxes(data) if box.kind != b"mdat"]
    if len(found) < 2:
        return repeat(data, rng, ())
    one, other = sorted(rng.sample(found, 2), key=lambda box: box.start)
    body = data[one.start : one.end]
    if rng.random() < 0.5:
        copies = rng.choice((2, 20, 2000))
        longer = data[: one.start] + body * copies + data[one.end :]
        return _with_sizes(longer, data, one, len(body) * (copies - 1))
    if one.end > other.start:
        return _with_sizes(data[: one.start] + data[one.end :], data, one, -len(body))
    swapped = data[other.start : other.end] + data[one.end : other.start] + body
    return data[: one.start] + swapped + data[other.end :]


def _with_sizes(changed: bytes, data: bytes, box: Box, grown: int) -> bytes:
    """Tell the boxes around ``box`` that they grew."""
    whole = bytearray(changed[:MAX_FILE_BYTES])
    for outer in boxes(data):
        if outer.start < box.start and outer.end >= box.end and outer.kind in _PARENTS:
            size = (outer.end - outer.start + grown) & 0xFFFFFFFF
            struct.pack_into(">I", whole, outer.start, size)
    return bytes(whole)


_ELEMENTS = (
    bytes.fromhex("1a45dfa3"), bytes.fromhex("18538067"), bytes.fromhex("1549a966"),
    bytes.fromhex("1654ae6b"), bytes.fromhex("1f43b675"), bytes.fromhex("2ad7b1"),
    bytes.fromhex("4489"), bytes.fromhex("b0"), bytes.fromhex("ba"), bytes.fromhex("a3"),
    bytes.fromhex("63a2"), bytes.fromhex("e7"), bytes.fromhex("23e383"), bytes.fromhex("55b0"),
)  # fmt: skip


def element(data: bytes, rng: random.Random, _others: Sequence[bytes]) -> bytes:
    """Overwrite the length or the first bytes of an EBML element (Matroska, WebM)."""
    name = rng.choice(_ELEMENTS)
    places = list(_finds(data, name))
    if not places:
        return flip_bits(data, rng, ())
    at, changed = rng.choice(places) + len(name), bytearray(data)
    value = rng.choice((b"\x01" + b"\xff" * 7, b"\xff" * 4, bytes(4), b"\x80", rng.randbytes(8)))
    changed[at : at + len(value)] = value
    return bytes(changed)


def _finds(data: bytes, name: bytes) -> list[int]:
    found: list[int] = []
    at = data.find(name)
    while at >= 0 and len(found) < 500:
        found.append(at)
        at = data.find(name, at + 1)
    return found


def packets(data: bytes, rng: random.Random, _others: Sequence[bytes]) -> bytes:
    """Drop, repeat, shuffle or relabel packets of a transport stream."""
    parts = [data[at : at + TS_PACKET] for at in range(0, len(data), TS_PACKET)]
    start = rng.randrange(len(parts))
    some = parts[start : start + rng.choice((1, 5, 50))]
    match rng.randrange(4):
        case 0:
            del parts[start : start + len(some)]
        case 1:
            parts[start:start] = some * rng.choice((1, 20))
        case 2:
            rng.shuffle(some)
            parts[start : start + len(some)] = some
        case _:
            parts[start] = parts[start][:1] + rng.randbytes(3) + parts[start][4:]
    return b"".join(parts)


GENERAL: tuple[Edit, ...] = (flip_bits, flip_bits, cut, splice, repeat)
OF_BOXES: tuple[Edit, ...] = (box_size, box_field, box_field, box_field, box_order)


def edits_for(data: bytes) -> tuple[Edit, ...]:
    """Return the edits that suit the container of ``data``."""
    if boxes(data):
        return (*GENERAL, *OF_BOXES)
    if data.startswith(bytes.fromhex("1a45dfa3")):
        return (*GENERAL, element, element, element)
    if data[:1] == b"G" and data[TS_PACKET : TS_PACKET + 1] == b"G":
        return (*GENERAL, packets, packets)
    return GENERAL


def mutated(seeds: Sequence[bytes], number: int, seed: int) -> tuple[bytes, str]:
    """Return the file of this number, and the names of the edits that made it."""
    rng = random.Random(f"{seed}:{number}")  # noqa: S311 - to be repeated, not to be secret
    data = rng.choice(seeds)
    done = []
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        edit = rng.choice(edits_for(data))
        data = edit(data, rng, seeds)[:MAX_FILE_BYTES] or b"\0"
        done.append(edit.__name__)
    return data, "+".join(done)
