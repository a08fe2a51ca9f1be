"""A sound print as one run of bytes: period, window, lengths of the two names, names, items."""

from __future__ import annotations

import struct

import numpy as np

from tracker.model.sound import SoundPrint

_HEADER = struct.Struct("<ddHH")  # item period and window in milliseconds, lengths of the names


def sound_packed(sound: SoundPrint | None) -> bytes | None:
    """Return the sound print as bytes, ``None`` for a video without one."""
    if sound is None:
        return None
    names = [sound.algorithm.encode(), sound.version.encode()]
    header = _HEADER.pack(sound.item_period_ms, sound.item_window_ms, *map(len, names))
    return b"".join((header, *names, sound.items.astype("<u4").tobytes()))


def sound_unpacked(body: bytes | None) -> SoundPrint | None:
    """Return what ``sound_packed`` was given; raises ``ValueError`` for any other bytes."""
    if body is None:
        return None
    try:
        period_ms, window_ms, *lengths = _HEADER.unpack_from(body)
    except struct.error as exc:
        raise ValueError("sound bytes are cut off") from exc
    middle = _HEADER.size + lengths[0]
    at = middle + lengths[1]
    if len(body) < at or (len(body) - at) % 4:
        raise ValueError("sound bytes do not fit their lengths")
    return SoundPrint(
        algorithm=body[_HEADER.size : middle].decode(),
        version=body[middle:at].decode(),
        items=np.frombuffer(body, "<u4", offset=at).astype(np.uint32),
        item_period_ms=period_ms,
        item_window_ms=window_ms,
    )
