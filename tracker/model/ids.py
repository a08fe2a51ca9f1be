"""Small types for the names of things, so that a URL is never taken for a digest."""

from __future__ import annotations

import re
from typing import NewType

VideoId = NewType("VideoId", str)
"""SHA-256 of the original bytes, 64 lower-case hex digits."""

PostKey = NewType("PostKey", str)
"""Canonical URL of a post (see ``tracker.net.urls.canonical_url``)."""

ClipId = NewType("ClipId", str)
"""``clip-`` and 16 hex digits; given once, never changed."""

AppearanceId = NewType("AppearanceId", str)
"""``app-`` and 16 hex digits, derived from clip, video and post."""

Platform = NewType("Platform", str)
"""Lower-case name of where a post lives: ``x``, ``youtube``, ``web`` (an article page), …"""

SHA256_HEX = re.compile(r"[0-9a-f]{64}\Z")


def video_id(text: str) -> VideoId:
    """Return ``text`` as a video id; raise ``ValueError`` unless it is a lower-case SHA-256."""
    if not SHA256_HEX.match(text):
        raise ValueError(f"not a SHA-256 in lower-case hex: {text!r}")
    return VideoId(text)
