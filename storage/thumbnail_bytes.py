"""Thumbnails as one run of bytes: shape, times, and each picture's change from the one before."""

from __future__ import annotations

import struct
import zlib

import numpy as np

from tracker.model.thumbnails import Thumbnails

_HEADER = struct.Struct("<IHH")  # pictures, height, width
_LARGEST_SIDE = 256
_LEVEL = 6


def packed(thumbnails: Thumbnails) -> bytes | None:
    """Return the thumbnails as bytes, ``None`` if there are none."""
    if not len(thumbnails):
        return None
    count, height, width = thumbnails.pictures.shape
    changes = thumbnails.pictures.copy()
    changes[1:] -= thumbnails.pictures[:-1]  # modulo 256: undone by a running sum
    body = thumbnails.pts_ms.astype("<i4").tobytes() + changes.tobytes()
    return _HEADER.pack(count, height, width) + zlib.compress(body, _LEVEL)


def unpacked(body: bytes | None) -> Thumbnails:
    """Return what ``packed`` was given; raises ``ValueError`` for any other bytes."""
    if body is None:
        return Thumbnails.none()
    try:
        count, height, width = _HEADER.unpack_from(body)
        size = 4 * count + count * height * width
        if max(height, width) > _LARGEST_SIDE:
            raise ValueError("thumbnails are too large")
        reader = zlib.decompressobj()
        plain = reader.decompress(body[_HEADER.size :], size + 1)
    except (struct.error, zlib.error) as exc:
        raise ValueError("thumbnail bytes are damaged") from exc
    if len(plain) != size or not reader.eof or reader.unused_data:
        raise ValueError("thumbnail bytes do not fit their number")
    pts_ms = np.frombuffer(plain, "<i4", count).astype(np.int32)
    changes = np.frombuffer(plain, "|u1", offset=4 * count).reshape(count, height, width)
    return Thumbnails(pts_ms, np.cumsum(changes, axis=0, dtype=np.uint8))
