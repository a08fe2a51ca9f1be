"""Searches for earlier uploads of a clip, and what they came to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tracker.model.ids import ClipId, Platform


@dataclass(frozen=True, slots=True)
class Discovery:
    """One search of a platform for uploads of ``clip`` before ``until_at``.

    Of ``hits`` posts listed, ``earlier`` show a video, may have been published before
    ``until_at`` and were not held yet. Each of these had a picture that was ``compared`` with the
    clip or is counted in ``without_preview``. ``likely`` resembled it; ``fetched`` were handed on
    to be fetched. ``error`` says what kept the search from being done, or from being done in full.
    An empty ``target`` means that nothing could be searched for.
    """

    clip: ClipId
    platform: Platform
    query: str
    target: str  # the address that was searched
    until_at: datetime
    searched_at: datetime
    hits: int = 0
    earlier: int = 0
    without_preview: int = 0
    compared: int = 0
    likely: int = 0
    fetched: int = 0
    error: str | None = None
