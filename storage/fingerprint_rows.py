"""Fingerprint ↔ row. Apart from the other rows: who asks for no fingerprint needs no arrays."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from storage.feature_bytes import packed, unpacked
from storage.sound_bytes import sound_packed, sound_unpacked
from storage.tables import AlgorithmRow, FingerprintRow
from storage.thumbnail_bytes import packed as thumbnails_packed
from storage.thumbnail_bytes import unpacked as thumbnails_unpacked
from tracker.model.algorithm import Algorithm
from tracker.model.fingerprint import Fingerprint


def fingerprint_columns(fingerprint: Fingerprint) -> dict[str, Any]:
    """Return the columns that hold ``fingerprint``, every array in a stated byte order."""
    return {
        "hashes": len(fingerprint.codes),
        "frames": len(np.unique(fingerprint.pts_ms)),
        "duration_ms": fingerprint.duration_ms,
        "codes": np.ascontiguousarray(fingerprint.codes, dtype=np.uint8).tobytes(),
        "pts_ms": np.ascontiguousarray(fingerprint.pts_ms, dtype="<i4").tobytes(),
        "views": np.ascontiguousarray(fingerprint.views, dtype=np.uint8).tobytes(),
        "quality": np.ascontiguousarray(fingerprint.quality, dtype=np.uint8).tobytes(),
        "features": packed(fingerprint.features),
        "sound": sound_packed(fingerprint.sound),
        "thumbnails": thumbnails_packed(fingerprint.thumbnails),
        "boxes": fingerprint.boxes.astype("|u1").tobytes() or None,
    }


def fingerprint_from(row: FingerprintRow, algorithm: AlgorithmRow) -> Fingerprint:
    """Return the fingerprint in ``row``; raises ``ValueError`` if its parts do not fit."""
    code_bytes = len(row.codes) // row.hashes if row.hashes else 0
    return Fingerprint(
        algorithm=algorithm_from(algorithm),
        codes=np.frombuffer(row.codes, dtype=np.uint8).reshape(row.hashes, code_bytes),
        pts_ms=np.frombuffer(row.pts_ms, dtype="<i4").astype(np.int32, copy=False),
        views=np.frombuffer(row.views, dtype=np.uint8),
        quality=np.frombuffer(row.quality, dtype=np.uint8),
        duration_ms=row.duration_ms,
        features=unpacked(row.features),
        sound=sound_unpacked(row.sound),
        thumbnails=thumbnails_unpacked(row.thumbnails),
        boxes=np.frombuffer(row.boxes or b"", dtype=np.uint8).reshape(-1, 4),
    )


def algorithm_from(row: AlgorithmRow) -> Algorithm:
    """Return the algorithm in ``row``."""
    name = row.name if row.name is not None else row.key
    return Algorithm(name, tuple(json.loads(row.parameters)), tuple(json.loads(row.versions)))
