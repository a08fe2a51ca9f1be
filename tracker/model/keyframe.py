"""A picture that is kept of a video."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Keyframe:
    """A small picture kept for verification and reports: JPEG bytes, at most 512 px a side."""

    pts_ms: int
    jpeg: bytes
