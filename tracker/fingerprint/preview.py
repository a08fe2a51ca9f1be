"""Hashes of a still picture from outside, comparable with those of a video's frames."""

from __future__ import annotations

import io
import warnings

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from tracker.fingerprint.algorithm import CODE_BYTES, GRAY_SIDE, HASH_SIZE
from tracker.fingerprint.content_box import whole, without_bars
from tracker.fingerprint.phash import phash, shrink
from tracker.fingerprint.quality import quality
from tracker.fingerprint.views import SAME_BOX

Codes = npt.NDArray[np.uint8]
Gray = npt.NDArray[np.uint8]

MAX_PIXELS = 8192 * 4320
LEAST_SIDE = 16
_FORMATS = ("JPEG", "PNG", "WEBP")


def preview_codes(body: bytes) -> Codes:
    """Return the hashes of the picture in ``body``, whole and without bars: uint8 (n, 32).

    None (n = 0) for what is no JPEG, PNG or WebP, is broken, has more than ``MAX_PIXELS``, or is
    too flat to say anything. Never raises for the content of ``body``.
    """
    gray = _decoded(body)
    if gray is None:
        return np.zeros((0, CODE_BYTES), np.uint8)
    frames = gray[None]
    boxes = [whole(frames)]
    if not (box := without_bars(frames)).nearly(boxes[0], SAME_BOX):
        boxes.append(box)
    parts = [frames[:, b.top : b.bottom, b.left : b.right] for b in boxes]
    small = np.concatenate([shrink(np.ascontiguousarray(part), HASH_SIZE) for part in parts])
    codes: Codes = phash(small, HASH_SIZE)[quality(small) > 0]
    return codes


def _decoded(body: bytes) -> Gray | None:
    """The grey picture, at most ``GRAY_SIDE`` a side: its size is read before any of it is."""
    if not _fits(body):
        return None
    try:
        gray = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_GRAYSCALE)
    except cv2.error:
        return None
    if gray is None or min(gray.shape) < LEAST_SIDE:
        return None
    scale = GRAY_SIDE / max(gray.shape)
    if scale < 1:
        size = [max(LEAST_SIDE, round(side * scale)) for side in gray.shape[::-1]]
        gray = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
    return np.asarray(gray, np.uint8)


def _fits(body: bytes) -> bool:
    """Read the size from the picture's head; Pillow decodes nothing for that."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(body), formats=_FORMATS) as picture:
                return 0 < picture.width * picture.height <= MAX_PIXELS
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError):
        return False
