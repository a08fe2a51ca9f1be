"""Keyframes: small pictures of a video, as they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from tracker.errors import DamagedVideo
from tracker.media.frames import pictures_at
from tracker.media.probe import MediaLimits
from tracker.model.keyframe import Keyframe

KEYFRAME_SIDE = 512
KEYFRAME_JPEG_QUALITY = 70


def keyframes_at(
    path: Path, moments_ms: Sequence[int], reach_ms: int, limits: MediaLimits
) -> tuple[Keyframe, ...]:
    """Return the frames nearest to the moments as keyframes, in order of time.

    Moments within ``reach_ms`` of which the video shows none are left out. Raises what
    :class:`tracker.media.frames.FrameReader` raises for a file that it cannot read. Uses nothing
    but the file and its arguments, so it may run in a worker process.
    """
    pictures = pictures_at(path, moments_ms, reach_ms, KEYFRAME_SIDE, limits)
    return tuple(Keyframe(pts_ms, jpeg(picture)) for pts_ms, picture in pictures.items())


def jpeg(picture: npt.NDArray[np.uint8]) -> bytes:
    """Return ``picture`` (grey or BGR) as JPEG."""
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, KEYFRAME_JPEG_QUALITY])
    if not done:
        raise DamagedVideo("a frame of the video cannot be stored as a picture")
    return data.tobytes()
