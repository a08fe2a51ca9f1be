"""Does a post's still picture show a clip? Asked before anything larger is fetched."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor

import numpy as np
import numpy.typing as npt

from tracker.errors import TrackerError
from tracker.fingerprint.algorithm import CODE_BYTES
from tracker.fingerprint.preview import preview_codes
from tracker.matching.candidates import SEARCH_RADIUS_BITS
from tracker.matching.view_pairs import mirrored
from tracker.model.clip import Clip
from tracker.model.fingerprint import Fingerprint
from tracker.net.http import HttpClient

Codes = npt.NDArray[np.uint8]

MAX_PREVIEW_BYTES = 4 * 1024**2
PREVIEW_RADIUS_BITS = SEARCH_RADIUS_BITS
"""A picture this near to a frame is likely: what copies themselves are searched by, for the
pictures are frames. Source: the measurement at ``SEARCH_RADIUS_BITS``."""

NO_CODES: Codes = np.zeros((0, CODE_BYTES), np.uint8)

_ROWS_AT_ONCE = 4096


class Previews:
    """Fetches still pictures and compares them with the frames of a clip.

    ``http`` is a client that refuses what is larger than ``MAX_PREVIEW_BYTES``; pictures are
    decoded by ``executor``, in a child process with limits.
    """

    def __init__(self, http: HttpClient, executor: Executor) -> None:
        self._http = http
        self._executor = executor

    def alike(self, urls: Sequence[str], clip_codes: Codes) -> bool | None:
        """Tell whether one of the pictures shows the clip; ``None`` if none says anything.

        What cannot be fetched, is no picture or is too flat says nothing.
        """
        found = [codes for url in urls if len(codes := self._codes(url))]
        if not found or not len(clip_codes):
            return None
        return distance_bits(np.concatenate(found), clip_codes) <= PREVIEW_RADIUS_BITS

    def _codes(self, url: str) -> Codes:
        try:
            body = self._http.get(url).exchange.body
            codes: Codes = self._executor.submit(preview_codes, body).result()
        except TrackerError:
            return NO_CODES
        return codes


def codes_of(clip: Clip, fingerprint: Fingerprint) -> Codes:
    """Return the hashes of the clip's frames that say something, of every view."""
    inside = (fingerprint.pts_ms >= clip.start_ms) & (fingerprint.pts_ms < clip.end_ms)
    codes: Codes = fingerprint.codes[inside & (fingerprint.quality > 0)]
    return codes


def distance_bits(pictures: Codes, frames: Codes) -> int:
    """Return how many bits the nearest pair differs by, mirrored pictures included."""
    nearest: int = frames.shape[1] * 8
    for picture in np.concatenate([pictures, mirrored(pictures)]):
        for start in range(0, len(frames), _ROWS_AT_ONCE):
            bits = np.bitwise_count(frames[start : start + _ROWS_AT_ONCE] ^ picture)
            nearest = min(nearest, int(bits.sum(axis=1, dtype=np.int64).min()))
    return nearest
