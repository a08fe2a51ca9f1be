"""Made films: textured places in which blobs move, in grey, as functions of time, and edits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

from tracker.fingerprint.algorithm import (
    FEATURE_INTERVAL_MS,
    FEATURE_SIDE,
    GRAY_SIDE,
    SAMPLE_INTERVAL_MS,
)
from tracker.fingerprint.builder import THUMBNAIL_SIDE, FingerprintBuilder
from tracker.model.fingerprint import Fingerprint
from tracker.model.thumbnails import Thumbnails

Picture = npt.NDArray[np.uint8]
Film = Callable[[float], Picture]
"""What is seen at a time in ms, uint8 (``HEIGHT``, ``WIDTH``)."""

Edit = Callable[[Picture], Picture]

WIDTH, HEIGHT = 288, 162


@dataclass(frozen=True)
class Take:
    """A film of ``blobs`` that move before the background of a ``place``, taken as ``subject``.

    Two takes of one place differ in what moves alone: a fixed camera at two times. ``pan`` is
    by how many widths a second the camera moves.
    """

    place: int
    subject: int
    blobs: int = 7
    pan: float = 0.0

    def __call__(self, at_ms: float) -> Picture:
        moved = round(self.pan * at_ms / 1000 * WIDTH)
        picture = np.roll(self._background, moved, axis=1)[:, :WIDTH].copy()
        for number, (start, step, swing, tempo) in enumerate(self._ways):
            turn = tempo * at_ms / 1000
            x, y = (start + step * at_ms / 1000 + swing * np.sin(turn)) % 1.0
            centre = (int(x * WIDTH * 16), int(y * HEIGHT * 16))
            radius = 16 * (14 + 4 * (number % 4))
            cv2.circle(picture, centre, radius, self._levels[number], -1, cv2.LINE_AA, 4)
        return picture

    @cached_property
    def _background(self) -> Picture:
        rng = np.random.default_rng(self.place)
        widths = 8 if self.pan else 1
        cells = rng.integers(40, 216, (6, 10 * widths)).astype(np.uint8)
        scene = cv2.resize(cells, (widths * WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
        for _ in range(90 * widths):
            x, y = int(rng.integers(widths * WIDTH)), int(rng.integers(HEIGHT))
            size = int(rng.integers(18))
            cv2.rectangle(scene, (x, y), (x + size, y + size), int(rng.integers(256)), -1)
        return np.asarray(cv2.GaussianBlur(scene, (0, 0), 0.8), np.uint8)

    @cached_property
    def _ways(self) -> list[tuple[npt.NDArray[np.float64], ...]]:
        rng = np.random.default_rng([self.place, self.subject])
        return [
            (
                rng.random(2),
                rng.uniform(-0.08, 0.08, 2),
                rng.uniform(0.05, 0.2, 2),
                rng.uniform(0.5, 2.2, 2),
            )
            for _ in range(self.blobs)
        ]

    @cached_property
    def _levels(self) -> list[int]:
        rng = np.random.default_rng([self.place, self.subject, 1])
        return [int(level) for level in rng.choice([20, 60, 200, 240], self.blobs)]


def later(film: Film, offset_ms: float, speed: float = 1.0) -> Film:
    """Return the film that shows at ``t`` what ``film`` shows at ``speed * t + offset_ms``."""
    return lambda at_ms: film(speed * at_ms + offset_ms)


def edited(film: Film, edit: Edit) -> Film:
    return lambda at_ms: edit(film(at_ms))


def joined(*parts: tuple[Film, float]) -> Film:
    """Return films one after the other, each for so many ms and from its beginning."""

    def film(at_ms: float) -> Picture:
        for part, length_ms in parts[:-1]:
            if at_ms < length_ms:
                return part(at_ms)
            at_ms -= length_ms
        return parts[-1][0](at_ms)

    return film


def recoded(picture: Picture) -> Picture:
    """Return the picture a little blurred, brighter, flatter, and with noise on it."""
    noise = np.random.default_rng(int(picture[::7, ::7].sum())).normal(0, 3, picture.shape)
    blurred = cv2.GaussianBlur(picture, (0, 0), 1.0).astype(np.float64)
    return np.clip(0.9 * blurred + 18 + noise, 0, 255).astype(np.uint8)


def cropped(left: float, top: float, width: float, height: float) -> Edit:
    """Return the edit that enlarges a part of the picture to the whole."""

    def edit(picture: Picture) -> Picture:
        x, y = round(left * WIDTH), round(top * HEIGHT)
        part = picture[y : y + round(height * HEIGHT), x : x + round(width * WIDTH)]
        return np.asarray(cv2.resize(part, (WIDTH, HEIGHT)), np.uint8)

    return edit


def flipped(picture: Picture) -> Picture:
    return np.ascontiguousarray(picture[:, ::-1])


def fingerprint(film: Film, duration_ms: int, first_ms: int = 0) -> Fingerprint:
    """Return the fingerprint of the film, sampled as a file's frames are."""
    builder = FingerprintBuilder()
    for at_ms in range(first_ms, duration_ms, SAMPLE_INTERVAL_MS):
        picture = film(at_ms)
        builder.add(at_ms, scaled(picture, GRAY_SIDE))
        if (at_ms - first_ms) % FEATURE_INTERVAL_MS == 0:
            builder.add_detail(at_ms, scaled(picture, FEATURE_SIDE))
    return builder.finish(duration_ms)


def thumbnails(film: Film, duration_ms: int) -> Thumbnails:
    """Return the film's thumbnails alone."""
    times = np.arange(0, duration_ms, SAMPLE_INTERVAL_MS, dtype=np.int32)
    return Thumbnails(times, np.stack([scaled(film(float(t)), THUMBNAIL_SIDE) for t in times]))


def scaled(picture: Picture, side: int) -> Picture:
    size = (side, round(side * picture.shape[0] / picture.shape[1]))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
