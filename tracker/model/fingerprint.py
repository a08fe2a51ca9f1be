"""The sampled, hashed frames of a video."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tracker.model.algorithm import Algorithm
from tracker.model.features import Features
from tracker.model.keyframe import Keyframe
from tracker.model.sound import SoundPrint
from tracker.model.thumbnails import Thumbnails
from tracker.model.video import MediaInfo


@dataclass(frozen=True, slots=True, eq=False)
class Fingerprint:
    """Hashes of every sampled frame under every view.

    Shapes, with n hashes of b bits: ``codes`` uint8 (n, b/8); ``pts_ms`` int32 (n,), the
    presentation time of the frame, ascending; ``views`` uint8 (n,), which view of the frame was
    hashed (numbering is the algorithm's own); ``quality`` uint8 (n,), 0 for a frame too flat
    to say anything, 255 for a richly structured one. ``boxes`` uint8 (n, 4), or empty where they
    are not known: left, top, right and bottom of the hashed part, in 255ths of the frame.
    ``features`` are the second way to find a copy, for parts of a picture and turned ones.
    ``thumbnails`` are not searched: they tell copies of one moment from other moments at the
    same place. ``sound`` is that of the first sound track, ``None`` without one.
    """

    algorithm: Algorithm
    codes: npt.NDArray[np.uint8]
    pts_ms: npt.NDArray[np.int32]
    views: npt.NDArray[np.uint8]
    quality: npt.NDArray[np.uint8]
    duration_ms: int
    boxes: npt.NDArray[np.uint8] = field(default_factory=lambda: np.zeros((0, 4), np.uint8))
    features: Features = field(default_factory=Features.none)
    thumbnails: Thumbnails = field(default_factory=Thumbnails.none)
    sound: SoundPrint | None = None

    def __post_init__(self) -> None:
        n = len(self.codes)
        if not (len(self.pts_ms) == len(self.views) == len(self.quality) == n):
            raise ValueError("codes, pts_ms, views and quality differ in length")
        if self.boxes.shape not in ((n, 4), (0, 4)):
            raise ValueError("boxes do not fit codes")


@dataclass(frozen=True, slots=True, eq=False)
class Examined:
    """All that one decode of a file yields."""

    info: MediaInfo
    fingerprint: Fingerprint
    keyframes: tuple[Keyframe, ...]
    decode_cpu_ms: int = 0
