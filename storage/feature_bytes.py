"""Local features as one run of bytes: number of frames, times, counts, codes, places."""

from __future__ import annotations

import struct

import numpy as np

from tracker.model.features import CODE_BYTES, PLACE_BYTES, Features

_HEADER = struct.Struct("<I")  # number of frames


def packed(features: Features) -> bytes | None:
    """Return the features as bytes, ``None`` for a video that shows none."""
    if not len(features.pts_ms):
        return None
    return b"".join(
        (
            _HEADER.pack(len(features.pts_ms)),
            features.pts_ms.astype("<i4").tobytes(),
            features.counts.astype("|u1").tobytes(),
            features.codes.astype("|u1").tobytes(),
            features.places.astype("|u1").tobytes(),
        )
    )


def unpacked(body: bytes | None) -> Features:
    """Return what ``packed`` was given; raises ``ValueError`` for any other bytes."""
    if body is None:
        return Features.none()
    try:
        (frames,) = _HEADER.unpack_from(body)
    except struct.error as exc:
        raise ValueError("feature bytes are cut off") from exc
    at = _HEADER.size
    pts_ms = np.frombuffer(body, "<i4", frames, at)
    at += 4 * frames
    counts = np.frombuffer(body, "|u1", frames, at)
    at += frames
    features = int(counts.sum(dtype=np.int64))
    if len(body) != at + features * (CODE_BYTES + PLACE_BYTES):
        raise ValueError("feature bytes do not fit their counts")
    codes = np.frombuffer(body, "|u1", features * CODE_BYTES, at)
    places = np.frombuffer(body, "|u1", features * PLACE_BYTES, at + codes.size)
    return Features(
        pts_ms.astype(np.int32),
        counts.copy(),
        codes.reshape(features, CODE_BYTES).copy(),
        places.reshape(features, PLACE_BYTES).copy(),
    )
