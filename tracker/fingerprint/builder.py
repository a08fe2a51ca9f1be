"""Makes a fingerprint from sampled frames as they come, in bounded memory."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from tracker.fingerprint.algorithm import CODE_BYTES, HASH_SIZE, current_algorithm
from tracker.fingerprint.local_features import FeatureCollector, motion_between
from tracker.fingerprint.phash import phash, shrink
from tracker.fingerprint.quality import quality
from tracker.fingerprint.shots import shots
from tracker.fingerprint.views import view_boxes
from tracker.model.fingerprint import Fingerprint
from tracker.model.thumbnails import Thumbnails

Gray = npt.NDArray[np.uint8]

THUMBNAIL_SIDE = 32
"""Longer side of the thumbnails: enough for what moves where, 2 kB a second before packing."""

CHUNK_FRAMES = 240
"""Frames kept at a time (one minute): shots are not followed across this border."""


class FingerprintBuilder:
    """Takes sampled frames in order and returns their fingerprint at the end."""

    def __init__(self) -> None:
        self._frames: list[Gray] = []
        self._times: list[int] = []
        self._parts: list[_Rows] = []
        self._features = FeatureCollector()
        self._thumbnails: list[Gray] = []
        self._thumbnail_times: list[int] = []
        self._thumbnail_size: tuple[int, ...] = (1, 1)

    def add(self, pts_ms: int, gray: Gray) -> None:
        """Take the next frame, uint8 (h, w), shown at ``pts_ms``."""
        if self._frames and self._frames[-1].shape != gray.shape:
            self._flush()
        self._frames.append(gray)
        self._times.append(pts_ms)
        self._add_thumbnail(pts_ms, gray)
        if len(self._frames) >= CHUNK_FRAMES:
            self._flush()

    def add_detail(self, pts_ms: int, picture: Gray) -> None:
        """Take the picture, uint8 (h, w), that local features of ``pts_ms`` are taken from."""
        last = self._frames[-2:]
        moving = motion_between(*last) if len(last) == 2 else None
        self._features.add(pts_ms, picture, moving)

    def finish(self, duration_ms: int) -> Fingerprint:
        """Return the fingerprint of all frames taken."""
        self._flush()
        parts = self._parts or [_Rows.empty()]
        codes = np.concatenate([p.codes for p in parts])
        pts_ms = np.concatenate([p.pts_ms for p in parts])
        views = np.concatenate([p.views for p in parts])
        order = np.lexsort((views, pts_ms))
        return Fingerprint(
            algorithm=current_algorithm(),
            codes=codes[order],
            pts_ms=pts_ms[order],
            views=views[order],
            quality=np.concatenate([p.quality for p in parts])[order],
            boxes=np.concatenate([p.boxes for p in parts])[order],
            duration_ms=duration_ms,
            features=self._features.finish(),
            thumbnails=self._finished_thumbnails(),
        )

    def _add_thumbnail(self, pts_ms: int, gray: Gray) -> None:
        if not self._thumbnails:
            scale = THUMBNAIL_SIDE / max(gray.shape)
            self._thumbnail_size = tuple(max(1, round(side * scale)) for side in gray.shape[::-1])
        small = cv2.resize(gray, self._thumbnail_size, interpolation=cv2.INTER_AREA)
        self._thumbnails.append(np.asarray(small, np.uint8))
        self._thumbnail_times.append(pts_ms)

    def _finished_thumbnails(self) -> Thumbnails:
        if not self._thumbnails:
            return Thumbnails.none()
        return Thumbnails(np.array(self._thumbnail_times, np.int32), np.stack(self._thumbnails))

    def _flush(self) -> None:
        if not self._frames:
            return
        frames = np.stack(self._frames)
        times = np.array(self._times, np.int32)
        self._parts.extend(
            rows for shot in shots(frames) for rows in _shot_rows(frames[shot], times[shot])
        )
        self._frames.clear()
        self._times.clear()


class _Rows:
    """Hashes of one view of one shot."""

    __slots__ = ("boxes", "codes", "pts_ms", "quality", "views")

    def __init__(
        self,
        pts_ms: npt.NDArray[np.int32],
        view: int,
        small: Gray,
        sides: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0),
    ) -> None:
        self.codes = phash(small, HASH_SIZE)
        self.pts_ms = pts_ms
        self.views = np.full(len(pts_ms), view, np.uint8)
        self.quality = quality(small)
        self.boxes = np.tile(np.round(np.array(sides) * 255).astype(np.uint8), (len(pts_ms), 1))

    @classmethod
    def empty(cls) -> _Rows:
        side = int(np.sqrt(CODE_BYTES * 8)) * 4
        return cls(np.zeros(0, np.int32), 0, np.zeros((0, side, side), np.uint8))


def _shot_rows(frames: Gray, pts_ms: npt.NDArray[np.int32]) -> list[_Rows]:
    rows = []
    for view, box in view_boxes(frames).items():
        cut = frames[:, box.top : box.bottom, box.left : box.right]
        small = shrink(cut, HASH_SIZE)
        height, width = frames.shape[1:]
        sides = (box.left / width, box.top / height, box.right / width, box.bottom / height)
        rows.append(_Rows(pts_ms, view, small, sides))
    return rows
