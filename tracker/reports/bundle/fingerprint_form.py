"""A fingerprint as JSON: the form in which bundles hold it.

Arrays are ``{"dtype", "shape", "base64"}``: row by row, little-endian, ``dtype`` as numpy names it
(``numpy.frombuffer(base64.b64decode(a["base64"]), a["dtype"]).reshape(a["shape"])``).
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from tracker.errors import IntegrityError
from tracker.model.algorithm import Algorithm
from tracker.model.features import Features
from tracker.model.fingerprint import Fingerprint
from tracker.model.ids import VideoId
from tracker.model.sound import SoundPrint
from tracker.model.thumbnails import Thumbnails

SCHEMA = "tracker/fingerprint/1"

Document = Mapping[str, object]


def fingerprint_json(video: VideoId, fingerprint: Fingerprint) -> bytes:
    """Return the fingerprint of ``video`` as ``tracker/fingerprint/1``, UTF-8 JSON."""
    algorithm, features = fingerprint.algorithm, fingerprint.features
    document = {
        "schema": SCHEMA,
        "video": video,
        "algorithm": {
            "name": algorithm.name,
            "parameters": list(algorithm.parameters),
            "versions": list(algorithm.versions),
        },
        "duration_ms": int(fingerprint.duration_ms),
        "codes": _array(fingerprint.codes, "|u1"),
        "pts_ms": _array(fingerprint.pts_ms, "<i4"),
        "views": _array(fingerprint.views, "|u1"),
        "quality": _array(fingerprint.quality, "|u1"),
        "boxes": _array(fingerprint.boxes, "|u1"),
        "features": {
            "pts_ms": _array(features.pts_ms, "<i4"),
            "counts": _array(features.counts, "|u1"),
            "codes": _array(features.codes, "|u1"),
            "places": _array(features.places, "|u1"),
        },
        "thumbnails": {
            "pts_ms": _array(fingerprint.thumbnails.pts_ms, "<i4"),
            "pictures": _array(fingerprint.thumbnails.pictures, "|u1"),
        },
        "sound": None if fingerprint.sound is None else _sound(fingerprint.sound),
    }
    return (json.dumps(document, indent=1) + "\n").encode()


def fingerprint_from_json(body: bytes) -> tuple[str, Fingerprint]:
    """Return the video's id and the fingerprint; raise ``IntegrityError`` for any other bytes."""
    try:
        document = json.loads(body)
        algorithm = document["algorithm"]
        features, thumbnails = document["features"], document["thumbnails"]
        return str(document["video"]), Fingerprint(
            algorithm=Algorithm(
                str(algorithm["name"]),
                tuple(map(str, algorithm["parameters"])),
                tuple(map(str, algorithm["versions"])),
            ),
            codes=_values(document["codes"], "|u1"),
            pts_ms=_values(document["pts_ms"], "<i4"),
            views=_values(document["views"], "|u1"),
            quality=_values(document["quality"], "|u1"),
            duration_ms=int(document["duration_ms"]),
            boxes=_values(document["boxes"], "|u1"),
            features=Features(
                _values(features["pts_ms"], "<i4"),
                _values(features["counts"], "|u1"),
                _values(features["codes"], "|u1"),
                _values(features["places"], "|u1"),
            ),
            thumbnails=Thumbnails(
                _values(thumbnails["pts_ms"], "<i4"), _values(thumbnails["pictures"], "|u1")
            ),
            sound=_sound_from(document["sound"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError) as exc:
        raise IntegrityError(f"no fingerprint: {exc}") from exc


def _sound(sound: SoundPrint) -> dict[str, object]:
    return {
        "algorithm": sound.algorithm,
        "version": sound.version,
        "item_period_ms": sound.item_period_ms,
        "item_window_ms": sound.item_window_ms,
        "items": _array(sound.items, "<u4"),
    }


def _sound_from(document: Mapping[str, object] | None) -> SoundPrint | None:
    if document is None:
        return None
    return SoundPrint(
        algorithm=str(document["algorithm"]),
        version=str(document["version"]),
        items=_values(document["items"], "<u4"),
        item_period_ms=float(str(document["item_period_ms"])),
        item_window_ms=float(str(document["item_window_ms"])),
    )


def _array(values: npt.NDArray[np.generic], dtype: str) -> dict[str, object]:
    body = values.astype(dtype).tobytes()
    return {
        "dtype": dtype,
        "shape": [int(n) for n in values.shape],
        "base64": b64encode(body).decode("ascii"),
    }


def _values(array: object, dtype: str) -> npt.NDArray[Any]:
    """Return the array; ``ValueError`` unless it is of that type and fits its shape."""
    if not isinstance(array, dict) or array["dtype"] != dtype:
        raise ValueError(f"not an array of {dtype}")
    body = b64decode(str(array["base64"]), validate=True)
    shape = [int(n) for n in array["shape"]]
    native = np.dtype(dtype)
    if len(shape) > 3 or min(shape, default=0) < 0 or prod(shape) * native.itemsize != len(body):
        raise ValueError(f"{len(body)} bytes do not fit the shape {shape}")
    return np.frombuffer(body, native).reshape(shape).astype(native.newbyteorder("="))
